"""`etude launch`: the baseline trained again with several seeds, its test values looked at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from .options import BaselineOption, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..procedure.launch import LaunchSummary

_KeepSchedule: TypeAlias = Annotated[
    bool,
    typer.Option("--keep-schedule", help="At another length, leave every setting of the schedule."),
]

# A2's own number.
_SEEDS = 5
# What JSON says in its own way.
_TYPED = ("checkpoint", "promise")


def launch(  # noqa: PLR0913  # one parameter an option is Typer's way
    *,
    baseline: BaselineOption = Path("baseline.toml"),
    seeds: Annotated[int, typer.Option(min=1, help="Trainings, each with a seed.")] = _SEEDS,
    max_steps: Annotated[
        int | None,
        typer.Option(min=1, help="The full length. [default: as adopted]", show_default=False),
    ] = None,
    runner: Annotated[
        str, typer.Option(help="`processes`, or `inline` to debug in this process.")
    ] = "processes",
    keep_schedule: _KeepSchedule = False,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Train the baseline with several seeds at full length, and look at the test data once."""
    from ..experiment import baseline as baseline_file
    from ..experiment.toml.write import dumps
    from ..procedure.launch import experiment, summarize_launch
    from ..round.run import run
    from ..runner.workload_source import names_workload
    from .options import lasting_location
    from .output import Answer, show, write_new_file

    adopted = baseline_file.read(baseline).last
    folder = baseline.parent / adopted.folder
    retraining = experiment(
        adopted,
        seeds=seeds,
        max_steps=max_steps,
        own_loop=names_workload(adopted.train, folder),
        keep_schedule=keep_schedule,
    )
    place = folder / f"{retraining.name}-{seeds}-seeds.toml"
    write_new_file(place, dumps(retraining), named=False)
    location = lasting_location(store)
    # JSON alone goes to the standard output, whatever the training prints.
    with redirect_stdout(sys.stderr) if json else nullcontext():
        result = run(place, store=location, runner=runner)
    outcome = summarize_launch(result, looks_of(baseline), adopted, elsewhere=_looks_at(location))
    show(Answer(lines=partial(_lines, outcome, place), json=partial(_as_json, outcome)), json=json)


def looks_of(baseline: Path) -> Path:
    """The file beside a baseline that remembers when test data were looked at."""
    return baseline.with_name(f"{baseline.stem}.test-looks.toml")


def _looks_at(location: str) -> Path:
    """The file beside a store that remembers every look at test data."""
    from ..store import open_store

    with closing(open_store(location)) as store:
        return store.files.test_looks


def _as_json(outcome: LaunchSummary) -> dict[str, Any]:
    from ..procedure.launch import X4_WARNING

    return {
        **{name: value for name, value in vars(outcome).items() if name not in _TYPED},
        "checkpoint": str(outcome.checkpoint) if outcome.checkpoint else None,
        "message": outcome.message,
        "adopted": outcome.promise.as_json() if outcome.promise else None,
        "x4": X4_WARNING,
    }


def _lines(outcome: LaunchSummary, place: Path) -> Iterator[str]:
    from ..procedure.launch import launch_ending
    from .output import ending_lines

    yield from ending_lines(launch_ending(outcome, place))
