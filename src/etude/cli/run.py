"""`etude run`: plays a round, and says what it found and what is doubtful about it."""

from __future__ import annotations

import shlex
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ..wording import number
from .options import FileArgument, StoreOption

if TYPE_CHECKING:
    from ..record import Record
    from ..round.result import Result
    from ..store.base import Store


_Rounds: TypeAlias = Annotated[
    int, typer.Option(min=1, help="Rounds at most; each follows the advice of the one before.")
]
_Accept: TypeAlias = Annotated[
    bool, typer.Option("--accept", help="Follow that advice unseen; every file is kept.")
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
    budget_steps: _BudgetSteps = None,
) -> None:
    """Run an experiment file; typed again, it goes on where it stopped."""
    from ..store import location
    from .options import kept

    _refuse_unseen(file, rounds=rounds, accept=accept, budget_steps=budget_steps)
    place = kept(location(store))
    typer.echo(f"Store: {place}")
    play = partial(_played, workers=workers, runner=runner)
    before = signal.signal(signal.SIGTERM, _interrupt)  # a cluster's way of saying Ctrl-C
    try:
        if accept:
            from .autopilot import Asked, follow

            asked = Asked(rounds=rounds, budget_steps=budget_steps, store=store)
            follow(file, play, place, asked)
        else:
            result = play(file, store=place)
    finally:
        signal.signal(signal.SIGTERM, before)
    if not accept:
        _tell(result, store)


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


def _tell(result: Result, store: str | None) -> None:
    from .output import at_store, wrapped

    named = f"{result.experiment.name}{at_store(store)}"
    for line in summary(result):
        typer.echo(line)
    typer.echo(f"\nLook at the report:    etude report {named}")
    if result.recommendations:
        typer.echo(f"Write the next round:  etude next {named}")
        return
    typer.echo("No next round to write:")
    for sentence in result.left_to_you:
        typer.echo(wrapped(sentence, indent="  "))


def _played(file: Path, store: Store | str, *, workers: int | None, runner: str) -> Result:
    from rich.console import Console

    from ..round import run as a_round
    from .progress import Progress

    console = Console(soft_wrap=True, file=sys.stdout)  # this one, whatever a trial's log takes
    return a_round.run(
        file, store=store, runner=runner, workers=workers, observers=[Progress(console)]
    )


def summary(result: Result, *, doubts: bool = True) -> list[str]:
    """The best setting with its values and checkpoint, the verdict and its doubts."""
    from .output import verdict_lines

    verdict = result.verdict if doubts else replace(result.verdict, doubts=())
    return ["", *_best(result), "", *verdict_lines(verdict)]


def _best(result: Result) -> list[str]:
    from .output import setting_line, wrapped

    best, experiment = result.best, result.experiment
    if best is None:
        return ["No trial is feasible: there is no best setting."]
    value = best.best(experiment.metric, maximize=experiment.maximize)
    assert value is not None, "A best trial has a best value. This is a bug."
    there = {
        name: at
        for name in best.points.metrics
        if (at := _at_step(best, name, value.step)) is not None
    }
    return [
        f"Best: trial {best.id} ({best.study}), {experiment.metric} = {number(value.value)} "
        f"at step {value.step:,}",
        wrapped(setting_line(best.setting), indent="  setting: ", hanging="    "),
        wrapped(setting_line(there), indent="  values there: ", hanging="    "),
        *(f"  checkpoint: {path}" for path in result.best_checkpoint),
    ]


def _at_step(record: Record, metric: str, step: int) -> float | None:
    series = record.series(metric)
    values = series.values_P[series.steps_P == step]
    return float(values[0]) if len(values) else None


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt
