"""Attempt: calls the user's train function for one trial, and sends what happens as events."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import TypeAlias, final

from ..assignment import Assignment, Moment
from ..code import Code
from ..errors import Halted, Infeasible, Leave, Misused, Suspended, Torn, WorkloadError
from ..event import (
    Began,
    Coded,
    Ended,
    Event,
    Logged,
    Paused,
    Refused,
    Rehearsed,
    Saved,
    Unrestored,
)
from ..playbook.error_kinds import error_site
from ..playbook.metrics import DATA
from ..text.signs import text_of
from ..trial import QUICK_S, TrainFunction, Trial, trained_now
from . import imported
from .batches import Ticker, is_old
from .home import Home, call
from .outliving import module_states, unrepeated
from .returned import NO_NUMBER, returned
from .running_clock import RUNNING
from .user_errors import base_note, is_disk, is_out_of_memory, user_traceback

Send = Callable[[list[Event]], None]
# What becomes of a trial's loop.
End: TypeAlias = Ended | Paused | Refused | Unrestored


def attempt(
    assignment: Assignment,
    train: TrainFunction,
    send: Send,
    halted: Callable[[], str] = lambda: "",
    *,
    ticker: Ticker | None = None,
    told: set[str] | None = None,
) -> None:
    """Trains one trial and sends its events.

    `halted` is asked at every step; it gives the reason once the trial is to stop. With a ticker
    points are sent in batches, and by the ticker where the loop is busy; else each at once. What
    was returned and does not count is printed; to a terminal, where `told` is kept, once a run.
    """
    if assignment.rehearsal:
        send([rehearsal(assignment, train)])
        return
    every_s = EventChannel.EVERY_S if ticker else 0.0
    channel = EventChannel(assignment.id, send, study=assignment.study, every_s=every_s)
    trial = Trial(assignment, channel, halted, now_s=RUNNING.now_s)
    begin = time.monotonic()
    with ticker.watching(channel.flush_old) if ticker else nullcontext():
        ended, note = _outcome(trial, train)
    if note and not told:
        sys.stderr.write(f"{note}\n")  # its log keeps it
    if told is not None:
        told |= {note} - {""}
    elif isinstance(ended, Ended):
        ended = replace(ended, returned=note)
    channel.end(with_reads(trial, ended), time.monotonic() - begin)


@final
class EventChannel:
    """The channel of a trial: sends points twice a second, or with what is urgent.

    Points are added to one list and taken from its front, so that another thread may send.
    """

    # Heuristic: often enough to watch a curve grow, seldom enough to cost nothing.
    EVERY_S = 0.5

    def __init__(
        self, trial_id: int, send: Send, *, study: str = "", every_s: float = EVERY_S
    ) -> None:
        """Sends through `send`, points at least so many seconds apart."""
        self._study = study
        self._every_s = every_s
        self._trial_id = trial_id
        self._home = Home()
        self._send = send
        self._events: list[Event] = []
        self._rows: list[tuple[int, str, float]] = []
        self._sent_at = time.monotonic()
        self._from_step = 0
        self._code: Code | None = None
        self._lock = threading.RLock()

    def marked(self, moment: Moment, step: int) -> None:
        """Only the beginning is an event, with the code that trains from there on."""
        self._home.end_elsewhere()
        if moment == "began":
            self._from_step = step
            self._events.append(Began(self._trial_id, step, self._study))
            self._note_code()

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Gathers the values."""
        self._home.end_elsewhere()
        self._rows.extend([(step, name, value) for name, value in values.items()])
        if time.monotonic() - self._sent_at >= self._every_s:
            self.flush()

    def saved(self, step: int, value: float | None, contents: str) -> None:
        """Sends the checkpoint with all points before it: what is restored from it has its past."""
        self.flush(Saved(self._trial_id, step, value, contents))

    def end(self, outcome: End, wall_s: float) -> None:
        """Sends the end with the time it took."""
        if not isinstance(outcome, Unrestored):  # which trained nothing
            self._note_code()
        if isinstance(outcome, Ended | Paused):
            outcome = replace(outcome, wall_s=wall_s)
        self.flush(outcome)

    def flush(self, urgent: Event | None = None) -> None:
        """Sends all that is held, and then what is urgent."""
        self._home.end_elsewhere()
        with self._lock:
            count = len(self._rows)
            rows = tuple(self._rows[:count])
            del self._rows[:count]
            events = self._events[:]
            del self._events[: len(events)]
            if rows:
                events.append(Logged(self._trial_id, rows))
            self._sent_at = time.monotonic()
            if urgent is not None:
                events.append(urgent)
            if events:
                self._send(events)

    def flush_old(self) -> None:
        """Sends what is held where it may have been for long."""
        if self._rows and is_old(self._sent_at):
            self.flush()

    def _note_code(self) -> None:
        """Tells the code where it is news: a loop may import as it trains."""
        code = imported.code()
        if code is not None and code is not self._code:
            self._code = code
            self._events.append(Coded(self._trial_id, self._from_step, code))


@final
class TimingChannel:
    """The channel of a rehearsal: keeps when each moment passed, and nothing else."""

    def __init__(self, metric: str = "") -> None:
        """Starts the watch."""
        self._metric = metric
        self.begin = time.monotonic()
        self.home = Home()
        self.saves = False
        self.metrics: set[str] = set()
        self.data: dict[str, float] = {}
        self.losses: dict[int, float] = {}  # of the metric, by step
        self.times: dict[tuple[str, int], float] = {}

    def marked(self, moment: Moment, step: int) -> None:
        """Notes the time; the first one of a step that is passed, for it ends what was tried."""
        self.home.end_elsewhere()
        if moment != "passed" or (moment, step) not in self.times:
            self.times[moment, step] = time.monotonic()

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Notes the time, the last one at a step ends its evaluation; and the names."""
        self.home.end_elsewhere()
        self.metrics |= values.keys()
        if self._metric in values:
            self.losses[step] = values[self._metric]
        self.data |= {name: values[name] for name in values if name.startswith(DATA)}
        self.times["logged", step] = time.monotonic()

    def saved(self, step: int, value: float | None, contents: str) -> None:
        """Notes the time: a checkpoint belongs to the cost of its evaluation."""
        del value, contents
        self.saves = True
        self.times["logged", step] = time.monotonic()


def rehearsal(assignment: Assignment, train: TrainFunction) -> Rehearsed | Refused:
    """Tries two steps and one evaluation, twice where that is quick: the first time warms up."""
    is_function = getattr(train, "workload", None) is None
    tried = _rehearsal(assignment, train, module_states() if is_function else {})
    if isinstance(tried, Refused):
        return tried
    return replace(tried, is_function=is_function, unrepeated=tried.unrepeated * is_function)


def _rehearsal(
    assignment: Assignment, train: TrainFunction, before: Mapping[str, tuple[bool, object]]
) -> Rehearsed | Refused:
    begin = time.monotonic()
    watches = [TimingChannel(assignment.metric), TimingChannel(assignment.metric)]
    trial, first = _rehearse(assignment, train, watches[0])
    if isinstance(first, Refused) or first.problem:
        return first
    if trial.left is None and trial.passed_step == assignment.max_steps:
        # It ended one step beyond what was tried. Where it does so in another length too, the end
        # of its own is one beyond the trial's; where it does not, it has a length of its own.
        steps = assignment.max_steps + 1
        again = replace(assignment, max_steps=steps, whole_steps=steps)
        _, second = _rehearse(again, train, TimingChannel())
        return second if isinstance(second, Rehearsed) and second.problem else first
    is_quick = time.monotonic() - begin < QUICK_S
    # What tells no pace and was not tried whole has nothing to tell a second time either.
    tells = not first.own_loop or first.step_s > 0.0 or first.whole_s > 0.0
    if not (is_quick and tells):
        return first
    _, warm = _rehearse(assignment, train, watches[1])
    if isinstance(warm, Refused):
        return warm
    why = unrepeated(assignment.metric, watches[0].losses, watches[1].losses, before)
    return replace(warm, unrepeated=why)


def _rehearse(
    assignment: Assignment, train: TrainFunction, watch: TimingChannel
) -> tuple[Trial, Rehearsed | Refused]:
    trial = Trial(assignment, watch, now_s=RUNNING.now_s)
    ended, note = _outcome(trial, train)
    if isinstance(ended, Refused):
        return trial, ended
    assert isinstance(ended, Ended), "A rehearsal is not paused. This is a bug."
    is_silent = is_silence(ended.detail, assignment.metric)
    if ended.status == "infeasible" and (trial.is_whole or not is_silent):
        has_stepped = ("stepped", 0) in watch.times
        if ended.error_site or not has_stepped:
            return trial, Rehearsed(assignment.id, problem=ended.detail)
    is_cut = isinstance(trial.left, Halted)  # what would have come after nobody knows
    # What asks for no length and is not left early was trained whole.
    whole_s = 0.0 if trial.asks_length or is_cut else time.monotonic() - watch.begin
    timed = _own_pace if ("stepped", 0) not in watch.times else _pace
    return trial, replace(
        timed(assignment, watch),
        whole_s=whole_s,
        resumes=None if is_cut else _resumes(trial, watch),
        unread=() if is_cut else trial.unread or (),
        metrics=tuple(sorted(watch.metrics)),
        returned=note,
        data=tuple(watch.data.items()),
    )


def _resumes(trial: Trial, watch: TimingChannel) -> bool | None:
    """Whether it saves checkpoints and asks for them; None where no report came from its loop."""
    resumes = watch.saves and trial.restores
    is_known = trial.reported and ("stepped", 0) in watch.times
    return resumes if resumes or is_known else None


def _pace(assignment: Assignment, watch: TimingChannel) -> Rehearsed:
    """The times of a loop over `trial.steps()`: of its second step, which is warm."""
    end = time.monotonic()
    began = watch.times.get(("began", 0), watch.begin)
    evaluating = watch.times.get(("evaluating", 1), end)
    return Rehearsed(
        assignment.id,
        setup_s=began - watch.begin,
        step_s=max(evaluating - watch.times["stepped", 0], 0.0),
        evaluation_s=max(watch.times.get(("logged", 1), evaluating) - evaluating, 0.0),
    )


def _own_pace(assignment: Assignment, watch: TimingChannel) -> Rehearsed:
    """The times of a loop of its own, by what it logged: nothing where one step alone was named."""
    named = sorted(
        (step, moment_s)
        for (moment, step), moment_s in watch.times.items()
        if moment in ("logged", "passed")
    )
    if not named or named[0][0] == named[-1][0]:
        return Rehearsed(assignment.id, own_loop=True)
    (first, first_s), (last, last_s) = named[0], named[-1]
    step_s = max(last_s - first_s, 0.0) / (last - first)
    setup_s = max(first_s - watch.begin - (first + 1) * step_s, 0.0)
    return Rehearsed(assignment.id, setup_s=setup_s, step_s=step_s, own_loop=True)


def _outcome(trial: Trial, train: TrainFunction) -> tuple[End, str]:
    """What became of the trial, and what was returned that does not count, as a sentence.

    Whatever the user's code raises is caught here, and only here.
    """
    note = ""
    try:
        with trained_now(trial):
            value = call(train, trial)
        if value is not None and trial.left is None:
            number, note = returned(trial, value)
            if number is not None:
                trial.report(trial.final_step, {trial.metric: number})
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # a user's code may raise anything
        return outcome(trial, error), note
    return outcome(trial), note


def outcome(trial: Trial, error: BaseException | None = None) -> End:
    """How a trial ends whose loop is over, with what it raised, if anything.

    Why it had to leave is kept by the trial, for a loop may have swallowed it.
    """
    if trial.left is not None:
        return parted(trial, trial.left)
    if error is not None and not isinstance(error, Leave) and not _is_plain_exit(error):
        return _unrestored(trial, error) or _failure(trial, error)
    if not trial.reported:
        return _error(trial, silence_message(trial.metric, is_logged=trial.has_logged_metric))
    return Ended(trial.id, "completed", steps=trial.updates)


def with_reads(trial: Trial, ended: End) -> End:
    """The same end, with what nobody read of the trial's setting."""
    if isinstance(ended, Refused | Unrestored):
        return ended
    return replace(ended, unread=trial.unread, taken=trial.taken)


def parted(trial: Trial, why: Leave) -> End:
    """What it means for a trial that its loop had to be left."""
    if isinstance(why, Infeasible):
        return Ended(trial.id, "infeasible", why.reason, str(why), trial.updates)
    if isinstance(why, Suspended):
        return Paused(trial.id, trial.updates)
    if isinstance(why, Halted):
        return Ended(trial.id, "stopped", why.reason, "", trial.updates)
    if isinstance(why, Torn):
        return Unrestored(trial.id, why.step)
    if isinstance(why, Misused):
        return _failure(trial, why.error)
    return Refused(trial.id, "metric", str(why))


def _is_plain_exit(error: BaseException) -> bool:
    """Whether a script said that it is done: `sys.exit()` or `sys.exit(0)`."""
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _unrestored(trial: Trial, error: BaseException) -> Unrestored | None:
    """That it could not go on from its checkpoint, where it has not trained since; else None.

    Where what was written is noted, it is there, so that the code or its surroundings failed.
    """
    if trial.resuming is None or is_disk(error) or isinstance(error, WorkloadError):
        return None
    detail = f"{user_traceback(error)}{base_note(error)}" if trial.is_checked else ""
    return Unrestored(trial.id, trial.resuming, detail)


def _failure(trial: Trial, error: BaseException) -> Ended | Refused:
    text = user_traceback(error)
    if is_disk(error):
        return Refused(trial.id, "disk", text_of(error))
    if isinstance(error, WorkloadError):
        return Refused(trial.id, "input", text_of(error))
    if is_out_of_memory(error):
        return Ended(trial.id, "infeasible", "out_of_memory", text, trial.updates)
    return replace(_error(trial, f"{text}{base_note(error)}"), cause=error)


def _error(trial: Trial, text: str) -> Ended:
    return Ended(trial.id, "infeasible", "error", text, trial.updates, error_site=error_site(text))


def returns_no_number(text: str) -> bool:
    """Whether a trial ended for what was returned in place of reports, which is no number."""
    return text.startswith(NO_NUMBER)


def silence_message(metric: str, *, is_logged: bool = False) -> str:
    """What a function is told that reported nothing."""
    logged = " `trial.log` is for what comes beside it." if is_logged else ""
    return (
        f"The train function ended without reporting the experiment's metric `{metric}`.{logged} "
        f'Call `trial.report(step, {{"{metric}": ...}})`, or return its final value.'
    )


def is_silence(text: str, metric: str) -> bool:
    """Whether a trial ended so."""
    return text in (silence_message(metric), silence_message(metric, is_logged=True))
