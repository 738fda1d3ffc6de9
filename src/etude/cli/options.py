"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

StoreOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="The store's path. [default: ETUDE_STORE, else etude.db]",
        show_default=False,
    ),
]
NameArgument: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]", help="The experiment; the one run last if left out.", show_default=False
    ),
]
FileArgument: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", help="The experiment file.", show_default=False)
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
BaselineOption: TypeAlias = Annotated[
    Path,
    typer.Option(metavar="FILE", help="The launched configuration."),
]
