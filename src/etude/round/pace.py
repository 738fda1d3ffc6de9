"""The pace of a training before any trial is spent: two steps of one, timed and forgotten."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ..event import Rehearsed
from ..experiment import Experiment
from ..runner.base import Runner
from ..store.memory import Memory
from ..trial import TrainFunction
from .loop import pending, started
from .opening import entry_of, open_round
from .rehearsal import rehearse
from .resume import assignment
from .searches import Searches
from .source import Source, runner_of


def rehearsed_pace_s(
    experiment: Experiment,
    train: TrainFunction | None = None,
    *,
    folder: Path | None = None,
    runner: Runner | str | None = None,
) -> float | None:
    """Seconds a step of the first trial, its evaluations in it; None where that cannot be told.

    Nothing of it is stored. What keeps every trial from being trained is told here already.

    Args:
        experiment: What would be trained.
        train: A function of a Trial; None for the one that the experiment names.
        folder: Where its paths begin.
        runner: As `etude.run` takes it.

    Raises:
        InputError, TrainError: as `etude.run` does before its first trial.

    Source: R15.
    """
    rehearsed = tried(experiment, train, folder=folder, runner=runner)
    return pace_s_of(rehearsed, experiment)


def pace_s_of(rehearsed: Rehearsed, experiment: Experiment) -> float | None:
    """Seconds a step of a trial that was tried, its evaluations in it; None where nobody can tell.

    Source: R15.
    """
    if rehearsed.problem or not rehearsed.step_s:
        return None
    evaluations = experiment.evaluations / experiment.max_steps
    return rehearsed.step_s + rehearsed.evaluation_s * evaluations


def tried(
    experiment: Experiment,
    train: TrainFunction | None = None,
    *,
    folder: Path | None = None,
    runner: Runner | str | None = None,
) -> Rehearsed:
    """Two steps of the first trial, timed and forgotten; as `rehearsed_pace_s` takes and raises."""
    entry, folder = entry_of(experiment, train, folder=folder)
    # One by one, since a stack has no pace of one trial.
    name = "inline" if runner == "inline" or train is not None else "processes"
    source = Source(entry.experiment.train, folder, train)
    with (
        closing(Memory()) as store,
        closing(runner_of(name, source, 1, experiment.resources)) as timed,
        open_round(entry, store, train=train or entry.experiment.train) as this_round,
    ):
        started(this_round.plan, this_round.store, experiment.name)
        Searches(this_round.plan, this_round.store, experiment.name).started(1)
        waiting = pending(this_round.plan, this_round.store, experiment.name)
        first = assignment(experiment, this_round.store, waiting[0])
        return rehearse(timed, first, store.files.rehearsal(experiment.name))
