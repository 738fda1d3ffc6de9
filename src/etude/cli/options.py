"""Options and arguments that several commands share, and the stores and results they name."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, final

import typer

from .completion import experiment_files, experiment_names

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
        metavar="[NAME]",
        help="The experiment; the one run last if left out.",
        show_default=False,
        autocompletion=experiment_names,
    ),
]
FileArgument: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="The experiment file.",
        show_default=False,
        autocompletion=experiment_files,
    ),
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


MetricOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--metric",
        metavar="M",
        help="Judge by another recorded metric; nothing is trained again.",
        show_default=False,
    ),
]
MaximizeOption: TypeAlias = Annotated[
    bool, typer.Option("--maximize", help="Higher is better, of --metric.")
]
TestOption: TypeAlias = Annotated[
    bool, typer.Option("--test", help="Show values on test data; the look is written down.")
]


@final
@dataclass(frozen=True)
class Judge:
    """What judges the trials in place of the experiment's metric; None for that one.

    Raises:
        RunError: for a direction without a metric.
    """

    metric: str | None = None
    maximize: bool = False

    def __post_init__(self) -> None:
        """Refuses a direction of nothing."""
        from ..errors import RunError

        if self.maximize and self.metric is None:
            raise RunError(
                "--maximize says in which direction --metric is better. Name it: --metric M."
            )

    @property
    def option(self) -> str:
        """The options to type for the same, with a space before them."""
        if self.metric is None:
            return ""
        return f" --metric {shlex.quote(self.metric)}{' --maximize' * self.maximize}"

    def of(self, result: Result) -> Result:
        """The result as it is judged."""
        if self.metric is None:
            return result
        return result.judged_by(self.metric, maximize=self.maximize)


@contextmanager
def stored_result(
    name: str | None, store: str | None, judge: Judge | None = None, *, test: bool = False
) -> Iterator[Result]:
    """The result of an experiment as it stands; the store is closed after."""
    from ..analyze.analysis import uncollected
    from ..round.result import load
    from ..store import open_store

    # A command looks at what it loaded until it ends.
    with closing(open_store(store, create=False)) as database, uncollected():
        yield (judge or Judge()).of(load(database, name, test=test))


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
