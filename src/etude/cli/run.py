"""`etude run`: plays a round, and says what it found and what is doubtful about it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from .options import FileArgument, StoreOption

if TYPE_CHECKING:
    from ..round.result import Result
    from ..store.base import Store


_Rounds: TypeAlias = Annotated[
    int, typer.Option(min=1, help="Rounds at most; each follows the advice of the one before.")
]
_Accept: TypeAlias = Annotated[
    bool, typer.Option("--accept", help="Follow that advice unseen; every file is kept.")
]
_RetryErrors: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--retry-errors", help="Train again what an error of the code or the machine ended."
    ),
]
_BudgetSteps: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Training steps of all rounds. [default: --rounds times those of the first]",
        show_default=False,
    ),
]


def run(  # noqa: PLR0913  # one parameter an option is Typer's way
    file: FileArgument,
    *,
    store: StoreOption = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Trials at once. [default: one a GPU, else one a core]", show_default=False
        ),
    ] = None,
    runner: Annotated[
        str,
        typer.Option(
            help="`auto`: what is measured to be faster of `processes` and, for a workload, "
            "`vectorized`. Or one of these, or `inline` to debug in this process."
        ),
    ] = "auto",
    rounds: _Rounds = 1,
    accept: _Accept = False,
    retry_errors: _RetryErrors = False,
    budget_steps: _BudgetSteps = None,
) -> None:
    """Run an experiment file; typed again, it goes on where it stopped."""
    from ..round.retry import refuse_code_failures
    from .autopilot import RoundOptions, follow
    from .interrupt import sigterm_as_ctrl_c
    from .options import lasting_location
    from .output import print_lines, store_option

    _refuse_unseen(file, rounds=rounds, accept=accept, budget_steps=budget_steps)
    location = lasting_location(store)
    typer.echo(f"Store: {location}")
    if retry_errors:
        typer.echo(_reopened(file, location))
    play = partial(_play, workers=workers, runner=runner)
    with sigterm_as_ctrl_c():
        if accept:
            follow(file, play, RoundOptions(rounds, budget_steps, store, location))
            return
        result = play(file, store=location)
    print_lines(result_lines(result, store))
    refuse_code_failures(
        result, again=f"etude run {shlex.quote(str(file))} --retry-errors{store_option(store)}"
    )


def _reopened(file: Path, location: str) -> str:
    """Makes what the code or the machine ended pending again; how many trials, as a sentence."""
    from contextlib import closing

    from ..experiment import baseline
    from ..round.retry import reopen
    from ..store import open_store
    from ..wording import quantity

    name = baseline.read_with_baseline(file)[0].name
    with closing(open_store(location)) as store:
        count = (
            reopen(store, name) if name in {one.experiment.name for one in store.entries()} else 0
        )
    if not count:
        return f"No trial of `{name}` ended by an error of the code or the machine."
    return f"{quantity(count, 'trial')} that the code or the machine ended are trained again."


def _refuse_unseen(file: Path, *, rounds: int, accept: bool, budget_steps: int | None) -> None:
    """Refuses rounds that nobody agreed to, and options that only rounds have."""
    from ..errors import RunError

    if rounds > 1 and not accept:
        raise RunError(
            f"--rounds {rounds} trains rounds whose files nobody reads before. That is done only "
            "for those who say so: add --accept. Or read each: `etude run "
            f"{shlex.quote(str(file))}`, then `etude next`."
        )
    if accept and rounds == 1:
        raise RunError("--accept follows the advice of a round: say how many with --rounds.")
    if budget_steps is not None and not accept:
        raise RunError(
            "--budget-steps is shared by several rounds: say how many with --rounds, and --accept. "
            "What one round trains, its file says: `trials` and `max_steps`."
        )


def _play(file: Path, store: Store | str, *, workers: int | None, runner: str) -> Result:
    from rich.console import Console

    from ..round import run as a_round
    from .progress import Progress

    console = Console(soft_wrap=True, file=sys.stdout)  # this one, whatever a trial's log takes
    return a_round.run(
        file, store=store, runner=runner, workers=workers, observers=[Progress(console)]
    )


def result_lines(result: Result, store: str | None) -> Iterator[str]:
    """What the round found, why that is not all, and which commands come next."""
    from dataclasses import replace

    from .output import checkpoint_lines, ending_lines, store_option

    ending = result.ending(store_option(store))
    kept = [line.strip() for line in checkpoint_lines(result)]
    yield from ending_lines(replace(ending, best=(*ending.best, *kept)))
    yield f"\nCharts and trials: etude report {result.experiment.name}{store_option(store)}"
