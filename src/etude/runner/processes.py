"""Processes: long-lived workers that import the user's module once."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import final

from ..assignment import Assignment, Halt
from ..errors import RunError
from ..event import Ended, Event, Lost, Paused, Refused, Rehearsed
from .base import Deliver
from .devices import environments
from .messages import Judge, Prepare, Train, Verdict


@dataclass
class _Slot:
    """One place for a worker, and who sits there."""

    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    parent_end: Connection = field(init=False)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    overdue: dict[int, float] = field(default_factory=dict)


@final
class Processes:
    """Trains in worker processes: one a visible GPU, else one a core, sharing out the threads.

    Args:
        reference: The train function, `train.py:train`.
        folder: What its path is relative to.
        workers: How many; None for as many as there are GPUs, else cores.
        grace_s: Seconds past its time limit after which a worker that does not come back is killed.
    """

    def __init__(
        self, reference: str, folder: Path, *, workers: int | None = None, grace_s: float = 30.0
    ) -> None:
        """Starts no worker before there is a trial for it."""
        self._reference = reference
        self._folder = folder.absolute()
        self._grace_s = grace_s
        self._width = 1
        self._threads: int | None = None
        self._slots = [_Slot(environment) for environment in environments(workers)]

    @property
    def slots(self) -> int:
        """How many trials the workers train at once."""
        return len(self._slots) * self._width

    @property
    def free(self) -> int:
        """How many places of workers are not taken."""
        return sum(self._width - len(slot.assignments) for slot in self._slots)

    def judge(self, assignments: Sequence[Assignment]) -> Verdict:
        """Whether a worker would train these trials in stacks; nothing is trained, nor changed."""
        slot, *others = self._slots
        self._ready(slot)
        slot.parent_end.send(Judge(tuple(assignments), len(self._slots)))
        # The others' seconds of loading pass meanwhile; each prints to the log of another trial.
        for other, first in zip(others, assignments[1:], strict=False):
            self._ready(other)
            with suppress(OSError):  # it just died: it is replaced when there is a trial for it
                other.parent_end.send(Prepare((first,)))
        try:
            answer = slot.parent_end.recv()
        except (EOFError, OSError):
            return Verdict(1, f"the worker that tried it died: {self._bury(slot)}.")
        return answer if isinstance(answer, Verdict) else Verdict(1, answer[0].detail)

    @property
    def workers(self) -> int:
        """How many processes train."""
        return len(self._slots)

    def widen(self, width: int, *, threads: int | None = None) -> None:
        """Trains so many trials at once in each worker from now on: 1 until it is called.

        With `threads` all of them in one worker, which has so many; the others are let go.
        """
        self._width = width
        self._threads = threads
        if threads is not None:
            for slot in self._slots[1:]:
                if slot.process is not None:
                    self._bury(slot)
            self._slots = self._slots[:1]

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        """Hands each trial to the worker that has the fewest, and passes on who is to stop."""
        self._halt([order for order in orders if isinstance(order, Halt)])
        chosen: dict[int, list[Assignment]] = {}
        for assignment in orders:
            if isinstance(assignment, Halt):
                continue
            place, slot = min(enumerate(self._slots), key=lambda each: len(each[1].assignments))
            slot.assignments[assignment.id] = assignment
            chosen.setdefault(place, []).append(assignment)
        for place in chosen:
            self._ready(self._slots[place])
        for place, several in chosen.items():
            self._hand(self._slots[place], several)

    def wait(self, deliver: Deliver) -> bool:
        """Waits up to a second for news of any worker."""
        busy = {slot.parent_end: slot for slot in self._slots if slot.assignments}
        if not busy:
            return False
        events: list[Event] = []
        wait(list(busy), timeout=1.0)
        for slot in busy.values():
            events += self._news(slot)
        for slot in self._slots:
            late = [each for each in slot.assignments if time.monotonic() > slot.overdue[each]]
            events += self._killed(slot, late) if late else []
        if events:
            deliver(events)
        return True

    def close(self) -> None:
        """Kills the workers: what they did not send is done again when the run goes on."""
        for slot in self._slots:
            if slot.process is not None:
                self._bury(slot)

    def _hand(self, slot: _Slot, several: Sequence[Assignment]) -> None:
        """Sends a worker its trials at once: one that came alone would begin in a stack of one."""
        for one in several:
            limit = math.inf if one.max_wall_s is None else one.max_wall_s
            slot.overdue[one.id] = time.monotonic() + limit + self._grace_s
        with suppress(OSError):  # it just died: `wait` finds the line dead and says so
            slot.parent_end.send(Train(tuple(several), self._width, self._threads))

    def _halt(self, halts: Sequence[Halt]) -> None:
        busy = {trial_id: slot for slot in self._slots for trial_id in slot.assignments}
        for halt in halts:
            if halt.trial_id in busy:
                with suppress(OSError):  # it just died: `wait` finds the line dead and says so
                    busy[halt.trial_id].parent_end.send(halt)

    def _ready(self, slot: _Slot) -> None:
        if slot.process is None or slot.process.poll() is not None:
            self._start(slot)

    def _start(self, slot: _Slot) -> None:
        ours, theirs = socket.socketpair()
        # -P: a file of the user's called like one of Python's must not be imported in its place.
        command = [sys.executable, "-P", "-m", "etude.runner.child", str(theirs.fileno())]
        slot.process = subprocess.Popen(
            command,
            env={**os.environ, **slot.environment},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        slot.parent_end = Connection(ours.detach())
        try:
            slot.parent_end.recv()
            slot.parent_end.send((self._reference, self._folder, sys.path))
            slot.process.stderr.close()  # type: ignore[union-attr]  # a pipe, as asked for above
        except (EOFError, OSError) as error:
            said = slot.process.communicate()[1].decode(errors="replace").strip()
            raise RunError(f"A worker process could not start. It said:\n{said}") from error

    def _news(self, slot: _Slot) -> list[Event]:
        events: list[Event] = []
        # Asked first: what a dead worker sent is all there. The line alone does not tell, for a
        # process that the user's code forked may hold it on.
        gone = slot.process is None or slot.process.poll() is not None
        try:
            while slot.parent_end.poll():
                events += slot.parent_end.recv()
        except (EOFError, OSError):
            gone = True
        for event in events:
            if isinstance(event, Ended | Paused | Refused | Rehearsed):
                slot.assignments.pop(event.trial_id, None)
        if gone:
            lost = list(slot.assignments)
            detail = self._bury(slot)
            events += [Lost(trial_id, detail) for trial_id in lost]
        return events

    def _bury(self, slot: _Slot) -> str:
        """Frees the place of a worker that is dead or must be; says how it died."""
        assert slot.process is not None, "A place without a worker has no news. This is a bug."
        slot.process.kill()
        detail = _how_it_died(slot.process.wait())
        slot.parent_end.close()
        slot.process = None
        slot.assignments.clear()
        return detail

    def _killed(self, slot: _Slot, late: Sequence[int]) -> list[Event]:
        """Kills a worker that is late; the trials that it trained beside are lost, not blamed."""
        held = dict(slot.assignments)
        self._bury(slot)
        told = f"Its worker did not come back {self._grace_s:g} s after the limit and was killed."
        return [
            Ended(
                trial_id,
                "stopped",
                "time_limit",
                told,
                wall_s=(assignment.max_wall_s or 0.0) + self._grace_s,
            )
            if trial_id in late
            else Lost(trial_id, "its worker was killed for another trial's sake")
            for trial_id, assignment in held.items()
        ]


def _how_it_died(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (often the system, when memory runs out)" if name == "SIGKILL" else ""
    return f"{name}{hint}"
