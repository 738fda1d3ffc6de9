"""Processes: long-lived workers that import the user's module once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import final

from ..assignment import Assignment, Halt
from ..errors import RunError
from ..event import Ended, Event, Lost, Paused, Refused, Rehearsed, Unrestored
from ..experiment.resources import NOTHING_SAID, Resources
from .base import Deliver
from .batches import HOLD_S, WAKE_S, is_urgent, merged
from .devices import environments, placed
from .messages import Judge, Prepare, Train, Verdict
from .slot import MAX_DEATHS, Slot
from .starter import STARTER


@final
class Processes:
    """Trains in worker processes: one a visible GPU, else one a core, sharing out the threads.

    Args:
        reference: The train function, `train.py:train`.
        folder: What its path is relative to.
        workers: How many; None for as many as there are GPUs, else cores.
        grace_s: Seconds past its time limit after which a worker that does not come back is killed.
        resources: What one trial takes.
        path: Where workers look for modules; None for where this process does.
        hold_s: Seconds that reports wait for others at most.

    Raises:
        RunError: where one trial takes more than this machine has, or so many workers do.
    """

    def __init__(  # noqa: PLR0913  # where, how many, and what may be waited for
        self,
        reference: str,
        folder: Path,
        *,
        workers: int | None = None,
        grace_s: float = 30.0,
        resources: Resources = NOTHING_SAID,
        path: Sequence[str] | None = None,
        hold_s: float = HOLD_S,
    ) -> None:
        """Starts no worker before there is a trial for it."""
        hello = (reference, folder.absolute(), sys.path if path is None else list(path))
        self._grace_s = grace_s
        self._hold_s = hold_s
        self._width = 1
        self._threads: int | None = None
        self._place = placed(workers, resources)
        self._why = self._place.why if resources.is_said else ""
        self._slots = [Slot(environment, hello) for environment in environments(self._place)]
        self._failure: RunError | None = None  # of starting a worker; `wait` raises it

    @property
    def slots(self) -> int:
        """How many trials the workers train at once."""
        return len(self._slots) * self._width

    @property
    def free(self) -> int:
        """How many places of workers are not taken; none where workers no longer start."""
        if self._failure is not None:
            return 0
        return sum(self._width - len(slot.assignments) for slot in self._slots)

    def start(self) -> None:
        """Starts the workers before there is a trial for them; nobody waits until they are ready.

        Raises:
            RunError: where they cannot be started.
        """
        for slot in self._slots:
            slot.ensure_worker()

    def judge(self, assignments: Sequence[Assignment]) -> Verdict:
        """Whether a worker would train these trials in stacks; nothing is trained, nor changed.

        One that is killed meanwhile is replaced and asked again: once is the machine's matter.
        """
        how, slot = "", self._slots[0]
        for _ in range(MAX_DEATHS):
            try:
                return self._in_memory(self._judged(assignments))
            except (EOFError, OSError):
                if slot.is_starting:
                    slot.start_again()
                    return self.judge(assignments)
                how = slot.discard()
        return Verdict(1, f"{MAX_DEATHS} workers in a row died while they tried it: {how}.")

    def _judged(self, assignments: Sequence[Assignment]) -> Verdict:
        """What the first worker answers, or raises where it hangs up."""
        slot, *others = self._slots
        slot.ensure_worker()
        slot.send(Judge(tuple(assignments), len(self._slots)))
        # The others' seconds of loading pass meanwhile; each prints to the log of another trial.
        for other, first in zip(others, assignments[1:], strict=False):
            other.ensure_worker()
            other.send(Prepare((first,)))
        while not (answer := slot.receive()):
            pass
        if isinstance(answer, Verdict):
            return answer
        return Verdict(1, next(event.detail for event in answer if isinstance(event, Refused)))

    @property
    def workers(self) -> int:
        """How many processes train."""
        return len(self._slots)

    @property
    def why(self) -> str:
        """What the number of workers follows from, in a clause; empty where no resource is said."""
        return self._why

    def _in_memory(self, verdict: Verdict) -> Verdict:
        """The same verdict, with stacks no wider than the memory of this machine allows."""
        if (most := self._place.trials_in_memory) is None:
            return verdict
        most = max(most // (1 if verdict.threads is not None else len(self._slots)), 1)
        if max(verdict.width, verdict.fastest) <= most:
            return verdict
        reason = f"`memory` of [resources] is enough for {most} in a worker."
        width, fastest = min(verdict.width, most), min(verdict.fastest, most)
        return replace(verdict, width=width, fastest=fastest, reason=reason)

    def widen(self, width: int, *, threads: int | None = None) -> None:
        """Trains so many trials at once in each worker from now on: 1 until it is called.

        With `threads` all of them in one worker, which has so many; the others are let go.
        """
        self._width = width
        self._threads = threads
        if threads is not None:
            for slot in self._slots[1:]:
                if slot.process is not None:
                    slot.discard()
            self._slots = self._slots[:1]

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        """Hands each trial to the worker that has the fewest, and passes on who is to stop.

        Where a worker does not start, `wait` says so: first it delivers what the others sent.
        """
        self._halt([order for order in orders if isinstance(order, Halt)])
        by_place: dict[int, list[Assignment]] = {}
        for assignment in orders:
            if isinstance(assignment, Halt):
                continue
            place, slot = min(enumerate(self._slots), key=lambda pair: len(pair[1].assignments))
            if not self._started(slot.ensure_worker):
                break
            slot.assignments[assignment.id] = assignment
            by_place.setdefault(place, []).append(assignment)
        for place, assignments in by_place.items():
            self._send(self._slots[place], assignments)

    def wait(self, deliver: Deliver) -> bool:
        """Waits for what is urgent, or for as long as reports may be held.

        Raises:
            RunError: where workers do not start, once what the others sent is delivered.
        """
        if self._failure is None and not any(slot.assignments for slot in self._slots):
            return False
        events = self._gathered()
        if events:
            deliver(merged(events))
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        return True

    def _gathered(self) -> list[Event]:
        """What workers send until something is urgent; what is there already after a failure."""
        events = self._news(0.0) if self._failure is not None else []
        until_s = time.monotonic() + self._hold_s
        while (left_s := until_s - time.monotonic()) > 0:
            if is_urgent(events) or self._failure is not None:
                break
            if events:
                time.sleep(min(WAKE_S, left_s))  # many reports are read at once
            events += self._news(left_s)
        return events

    def _started(self, start: Callable[[], object]) -> bool:
        """Starts a worker; whether that went well. Why not is kept until others are heard."""
        try:
            start()
        except RunError as error:
            self._failure = self._failure or error
            return False
        return True

    def _news(self, timeout_s: float) -> list[Event]:
        """What workers sent, and what became of those that died or are late."""
        busy = {slot.line: slot for slot in self._slots if slot.assignments}
        events: list[Event] = []
        wait(list(busy), timeout=timeout_s)
        for slot in busy.values():
            events += self._poll(slot)
            if slot.process is not None and (late := slot.limits.late(slot.process.pid)):
                events += self._kill_late(slot, late)
        return events

    def close(self) -> None:
        """Kills the workers: what they did not send is done again when the run goes on."""
        STARTER.finish()  # what Ctrl-C met at its start has started by then
        for slot in self._slots:
            if slot.process is not None:
                slot.discard()

    def _send(self, slot: Slot, assignments: Sequence[Assignment]) -> None:
        """Sends a worker its trials at once: one that came alone would begin in a stack of one."""
        if slot.is_loaded:
            slot.limits.begin(assignments, self._grace_s)
        slot.send(Train(tuple(assignments), self._width, self._threads))

    def _halt(self, halts: Sequence[Halt]) -> None:
        for halt in halts:
            for slot in self._slots:
                if halt.trial_id in slot.assignments:
                    slot.send(halt)

    def _poll(self, slot: Slot) -> list[Event]:
        """The events that a worker sent since; that it is lost where it died."""
        events: list[Event] = []
        # Asked first: what a dead worker sent is all there. The line alone does not tell, for a
        # process that the user's code forked may hold it on.
        is_gone = slot.process is None or slot.process.poll() is not None
        was_loaded = slot.is_loaded
        try:
            while slot.is_readable():
                received = slot.receive()
                events += [] if isinstance(received, Verdict) else received
        except (EOFError, OSError):
            is_gone = True
        for event in events:
            if isinstance(event, Ended | Paused | Refused | Rehearsed | Unrestored):
                slot.end(event.trial_id)
        if slot.is_loaded and not was_loaded:
            slot.limits.begin(slot.assignments.values(), self._grace_s)
        return events + self._replaced(slot) if is_gone else events

    def _replaced(self, slot: Slot) -> list[Event]:
        """That its trials are lost with a dead worker; not where it had not even begun to live."""
        if slot.is_starting:
            if self._started(slot.start_again):
                self._send(slot, list(slot.assignments.values()))
            return []
        lost = list(slot.assignments)
        how = slot.discard()
        return [Lost(trial_id, how) for trial_id in lost]

    def _kill_late(self, slot: Slot, late: Sequence[int]) -> list[Event]:
        """Kills a worker that is late; the trials that it trained beside are lost, not blamed."""
        assignments = dict(slot.assignments)
        slot.discard()
        detail = f"Its worker did not come back {self._grace_s:g} s after the limit and was killed."
        return [
            Ended(
                trial_id,
                "stopped",
                "time_limit",
                detail,
                wall_s=(assignment.max_wall_s or 0.0) + self._grace_s,
            )
            if trial_id in late
            else Lost(trial_id, "its worker was killed for another trial's sake", is_blamed=False)
            for trial_id, assignment in assignments.items()
        ]
