"""`etude run`: plays a round, and says what it found and what is doubtful about it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import FileArgument, StoreOption

if TYPE_CHECKING:
    from ..record import Record
    from ..result import Result


def run(
    file: FileArgument,
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
) -> None:
    """Run an experiment file; typed again, it goes on where it stopped."""
    from ..store import location
    from .messages import at_store, wrapped
    from .opened import kept

    place = kept(location(store))
    typer.echo(f"Store: {place}")
    before = signal.signal(signal.SIGTERM, _interrupt)  # a cluster's way of saying Ctrl-C
    try:
        result = _played(file, place, workers, runner)
    finally:
        signal.signal(signal.SIGTERM, before)
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


def _played(file: Path, place: str, workers: int | None, runner: str) -> Result:
    from rich.console import Console

    from .. import round as a_round
    from .progress import Progress

    console = Console(soft_wrap=True, file=sys.stdout)  # this one, whatever a trial's log takes
    return a_round.run(
        file, store=place, runner=runner, workers=workers, observers=[Progress(console)]
    )


def summary(result: Result) -> list[str]:
    """The best setting with its values and checkpoint, the verdict and its doubts."""
    from .messages import verdict_lines

    return ["", *_best(result), "", *verdict_lines(result.verdict)]


def _best(result: Result) -> list[str]:
    from .messages import setting_line, short, wrapped

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
        f"Best: trial {best.id} ({best.study}), {experiment.metric} = {short(value.value)} "
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
