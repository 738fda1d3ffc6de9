"""Attempt: calls the user's train function for one trial, and sends what happens as events."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import final

from ..assignment import Assignment, Moment
from ..errors import Halted, Infeasible, Leave, Suspended, WorkloadError
from ..event import Began, Ended, Event, Logged, Paused, Refused, Rehearsed, Saved
from ..trial import TrainFunction, Trial
from .user_errors import error_site, is_disk, is_out_of_memory, user_traceback

Send = Callable[[list[Event]], None]


def attempt(
    assignment: Assignment, train: TrainFunction, send: Send, halted: Callable[[], str] = lambda: ""
) -> None:
    """Trains one trial and sends its events: points in batches, checkpoints and the end at once.

    `halted` is asked at every step; it gives the reason once the trial is to stop.
    """
    if assignment.rehearsal:
        send([rehearsal(assignment, train)])
        return
    channel = EventChannel(assignment.id, send, study=assignment.study)
    trial = Trial(assignment, channel, halted)
    begin = time.monotonic()
    ended = with_reads(trial, _outcome(trial, train, assignment.metric))
    channel.end(ended, time.monotonic() - begin)


@final
class EventChannel:
    """The channel of a trial: sends points twice a second, or with what is urgent."""

    # Heuristic: often enough to watch a curve grow, seldom enough to cost nothing.
    EVERY_S = 0.5

    def __init__(
        self, trial_id: int, send: Send, *, study: str = "", every_s: float = EVERY_S
    ) -> None:
        """Sends through `send`, points at least so many seconds apart."""
        self._study = study
        self._every_s = every_s
        self._trial_id = trial_id
        self._send = send
        self._events: list[Event] = []
        self._rows: list[tuple[int, str, float]] = []
        self._sent_at = time.monotonic()

    def marked(self, moment: Moment, step: int) -> None:
        """Only the beginning is an event."""
        if moment == "began":
            self._events.append(Began(self._trial_id, step, self._study))

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Gathers the values."""
        self._rows += [(step, name, value) for name, value in values.items()]
        if time.monotonic() - self._sent_at >= self._every_s:
            self._flush()

    def saved(self, step: int, value: float | None) -> None:
        """Sends the checkpoint with all points before it: what is restored from it has its past."""
        self._gather()
        self._events.append(Saved(self._trial_id, step, value))
        self._flush()

    def end(self, outcome: Ended | Paused | Refused, wall_s: float) -> None:
        """Sends the end with the time it took."""
        self._gather()
        if isinstance(outcome, Ended | Paused):
            outcome = replace(outcome, wall_s=wall_s)
        self._events.append(outcome)
        self._flush()

    def _gather(self) -> None:
        if self._rows:
            self._events.append(Logged(self._trial_id, tuple(self._rows)))
            self._rows = []

    def _flush(self) -> None:
        self._gather()
        events, self._events = self._events, []
        self._sent_at = time.monotonic()
        if events:
            self._send(events)


@final
class TimingChannel:
    """The channel of a rehearsal: keeps when each moment passed, and nothing else."""

    def __init__(self) -> None:
        """Starts the watch."""
        self.begin = time.monotonic()
        self.saves = False
        self.metrics: set[str] = set()
        self.times: dict[tuple[str, int], float] = {}

    def marked(self, moment: Moment, step: int) -> None:
        """Notes the time."""
        self.times[moment, step] = time.monotonic()

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Notes the time, the last one at a step ends its evaluation; and the names."""
        self.metrics |= values.keys()
        self.times["logged", step] = time.monotonic()

    def saved(self, step: int, value: float | None) -> None:
        """Notes the time: a checkpoint belongs to the cost of its evaluation."""
        del value
        self.saves = True
        self.times["logged", step] = time.monotonic()


# Heuristic: what takes longer to try than this is known well enough from one try.
_QUICK_S = 5.0


def rehearsal(assignment: Assignment, train: TrainFunction) -> Rehearsed | Refused:
    """Tries two steps and one evaluation, twice where that is quick: the first time warms up."""
    begin = time.monotonic()
    first = _rehearse(assignment, train)
    is_quick = time.monotonic() - begin < _QUICK_S
    is_timed = isinstance(first, Rehearsed) and not first.problem
    return _rehearse(assignment, train) if is_quick and is_timed else first


def _rehearse(assignment: Assignment, train: TrainFunction) -> Rehearsed | Refused:
    watch = TimingChannel()
    trial = Trial(assignment, watch)
    outcome = _outcome(trial, train, assignment.metric)
    end = time.monotonic()
    if isinstance(outcome, Refused):
        return outcome
    assert isinstance(outcome, Ended), "A rehearsal is not paused. This is a bug."
    silence = _silence_message(assignment.metric)
    if outcome.error_site and outcome.detail != silence:
        return Rehearsed(assignment.id, problem=outcome.detail)
    # A loop of its own may report later than two steps, and tells no step from the next.
    if ("stepped", 0) not in watch.times:
        failed = outcome.status == "infeasible" and outcome.detail not in ("", silence)
        why = outcome.detail if failed else "its loop does not use `trial.steps()`."
        return Rehearsed(assignment.id, problem=why)
    began = watch.times.get(("began", 0), watch.begin)
    evaluating = watch.times.get(("evaluating", 1), end)
    first_step = watch.times["stepped", 0]
    return Rehearsed(
        assignment.id,
        setup_s=began - watch.begin,
        step_s=max(evaluating - first_step, 0.0),
        evaluation_s=max(watch.times.get(("logged", 1), evaluating) - evaluating, 0.0),
        resumes=watch.saves and trial.restores if trial.reported else None,
        unread=trial.unread or (),
        metrics=tuple(sorted(watch.metrics)),
    )


def _outcome(trial: Trial, train: TrainFunction, metric: str) -> Ended | Paused | Refused:
    """What became of the trial: whatever the user's code raises is caught here, and only here."""
    try:
        value = train(trial)
        if value is not None and trial.left is None:
            trial.report(trial.max_steps - 1, {metric: _number(value)})
    except (Leave, Exception, SystemExit) as error:  # noqa: BLE001  # a user's code may raise anything
        return outcome(trial, error)
    return outcome(trial)


def outcome(trial: Trial, error: BaseException | None = None) -> Ended | Paused | Refused:
    """How a trial ends whose loop is over, with what it raised, if anything.

    Why it had to leave is kept by the trial, for a loop may have swallowed it.
    """
    if trial.left is not None:
        return parted(trial, trial.left)
    if error is not None and not isinstance(error, Leave) and not _is_plain_exit(error):
        return _failure(trial, error)
    if not trial.reported:
        return _error(trial, _silence_message(trial.metric))
    return Ended(trial.id, "completed", steps=trial.updates)


def with_reads(trial: Trial, ended: Ended | Paused | Refused) -> Ended | Paused | Refused:
    """The same end, with what nobody read of the trial's setting."""
    return ended if isinstance(ended, Refused) else replace(ended, unread=trial.unread)


def parted(trial: Trial, why: Leave) -> Ended | Paused | Refused:
    """What it means for a trial that its loop had to be left."""
    if isinstance(why, Infeasible):
        return Ended(trial.id, "infeasible", why.reason, str(why), trial.updates)
    if isinstance(why, Suspended):
        return Paused(trial.id, trial.updates)
    if isinstance(why, Halted):
        return Ended(trial.id, "stopped", why.reason, "", trial.updates)
    return Refused(trial.id, "metric", str(why))


def _is_plain_exit(error: BaseException) -> bool:
    """Whether a script said that it is done: `sys.exit()` or `sys.exit(0)`."""
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # numbers of any library, or TypeError
    except TypeError:
        raise TypeError(
            f"The train function returned {type(value).__name__}. "
            "Return nothing, or the final value of the metric."
        ) from None


def _failure(trial: Trial, error: BaseException) -> Ended | Refused:
    text = user_traceback(error)
    if is_disk(error):
        return Refused(trial.id, "disk", str(error))
    if isinstance(error, WorkloadError):
        return Refused(trial.id, "input", str(error))
    if is_out_of_memory(error):
        return Ended(trial.id, "infeasible", "out_of_memory", text, trial.updates)
    return _error(trial, text)


def _error(trial: Trial, text: str) -> Ended:
    return Ended(trial.id, "infeasible", "error", text, trial.updates, error_site=error_site(text))


def _silence_message(metric: str) -> str:
    return (
        f"The train function ended without reporting the experiment's metric `{metric}`. "
        f'Call `trial.report(step, {{"{metric}": ...}})`, or return its final value.'
    )
