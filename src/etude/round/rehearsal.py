"""The rehearsal trains two steps of one trial, before any trial is spent."""

from __future__ import annotations

import dataclasses
import shutil
from contextlib import suppress
from pathlib import Path

from ..assignment import Assignment
from ..errors import RunError
from ..event import Ended, Event, Lost, Refused, Rehearsed
from ..experiment import Experiment
from ..experiment.methods import schedule_method
from ..runner.attempt import is_silence, returns_no_number
from ..runner.base import Runner
from ..runner.user_errors import misuse
from .guard import misused, refusal

# The second is warm, and ends with the evaluation.
TRIED_STEPS = 2


def rehearse(runner: Runner, first: Assignment, folder: Path) -> Rehearsed:
    """Two steps and one evaluation of a trial, timed and forgotten, before the hours are spent.

    What it writes goes into `folder`, which is removed: here, or by whoever owns the experiment
    next.

    A loop of its own is left where it reports a step beyond these. A call to the trial that cannot
    be stops the run, for it is no matter of one setting; so does one that was tried whole and came
    to its end without a report and without a number.

    Raises:
        RunError, TrainError, StoreError: for what would keep every trial from being trained.
    """
    try:
        trial = dataclasses.replace(
            first,
            rehearsal=True,
            max_steps=min(TRIED_STEPS, first.max_steps),
            whole_steps=first.max_steps,
            evaluations=1,
            resume_step=None,
            until_step=None,
            folder=folder,
            checkpoints=folder / "checkpoints",
        )
        event = _tried(runner, trial)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # where there are trials, theirs stand in it
            folder.parent.rmdir()
            folder.parent.parent.rmdir()
    if isinstance(event, Refused):
        raise refusal(event)
    if isinstance(event, Lost):
        return Rehearsed(first.id, problem=f"The worker died: {event.detail}.")
    if isinstance(event, Ended):  # killed for not coming back in time
        return Rehearsed(first.id, problem=event.detail)
    assert isinstance(event, Rehearsed), f"A rehearsal sent {event}. This is a bug."
    is_silent = is_silence(event.problem, first.metric)
    if misuse(event.problem) or is_silent or returns_no_number(event.problem):
        raise misused(event.problem)
    return event


def _tried(runner: Runner, trial: Assignment) -> Event:
    """What became of the trial, tried again where a machine was lost that it did not bring down."""
    while True:
        events: list[Event] = []
        while not runner.free:  # a cluster that lost its workers starts others
            runner.wait(events.extend)
        runner.submit([trial])
        while not events and runner.wait(events.extend):
            pass
        (event,) = events
        if not isinstance(event, Lost) or event.is_blamed:
            return event


def refuse_without_checkpoints(experiment: Experiment, rehearsed: Rehearsed) -> None:
    """Refuses a schedule that goes on from checkpoints where the loop has none.

    Raises:
        RunError: with the two calls that are missing.

    Source: W4, K2.
    """
    needed = schedule_method(experiment.schedule).needs_checkpoints
    if needed and rehearsed.resumes is False:
        raise RunError(
            f"The schedule `{experiment.schedule}` goes on from checkpoints, and the train "
            "function writes none, or does not ask for them. Pass `checkpoint=` to `trial.report` "
            "and call `trial.restore` before the loop; or write schedule = "
            '"asha", which can do without.'
        )
