"""Stores: opened for reading, never in the way of a run, or kept beyond a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ..errors import RunError
from ..round.result import Result, load
from ..store import open_store


@contextmanager
def opened(name: str | None, store: str | None) -> Iterator[Result]:
    """The result of an experiment as it stands; the store is closed after."""
    with closing(open_store(store, create=False)) as held:
        yield load(held, name)


def kept(place: str) -> str:
    """The store's place, refused where it would be forgotten with this command."""
    if place == "memory":
        raise RunError(
            "A store in memory is forgotten when this command ends. Name a file: --store etude.db."
        )
    return place


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
