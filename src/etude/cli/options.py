"""Options and arguments that several commands share, and the stores and results they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from ..round.result import Result

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
SameOption: TypeAlias = Annotated[
    bool,
    typer.Option("--same", help="It is the file that the store knows by its name, moved."),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
CsvOption: TypeAlias = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write CSV; `-` prints it.")
]
BaselineOption: TypeAlias = Annotated[
    Path,
    typer.Option(metavar="FILE", help="The launched configuration."),
]


@contextmanager
def stored_result(name: str | None, store: str | None) -> Iterator[Result]:
    """The result of an experiment as it stands; the store is closed after."""
    from ..round.result import load
    from ..store import open_store

    with closing(open_store(store, create=False)) as database:
        yield load(database, name)


def lasting_location(store: str | None) -> str:
    """The store's location, for a command that writes to it.

    Raises:
        RunError: for a store in memory, which would be forgotten with this command.
    """
    from ..errors import RunError
    from ..store import location

    place = location(store)
    if place == "memory":
        raise RunError(
            "A store in memory is forgotten when this command ends. Name a file: --store etude.db."
        )
    return place
