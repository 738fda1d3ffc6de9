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

from ..errors import RunError
from ..event import Ended, Event, Lost, Paused, Refused, Rehearsed
from ..trial import Assignment, Halt
from .base import Deliver
from .devices import environments


@dataclass
class _Slot:
    """One place for a worker, and who sits there."""

    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    parent_end: Connection = field(init=False)
    assignment: Assignment | None = None
    overdue: float = math.inf


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
        self._slots = [_Slot(environment) for environment in environments(workers)]

    @property
    def slots(self) -> int:
        """How many workers there may be."""
        return len(self._slots)

    @property
    def free(self) -> int:
        """How many workers have nothing to do."""
        return sum(slot.assignment is None for slot in self._slots)

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        """Hands each trial to a worker, started if need be, and passes on who is to stop."""
        assignments = [order for order in orders if isinstance(order, Assignment)]
        self._halt([order for order in orders if isinstance(order, Halt)])
        idle = [slot for slot in self._slots if slot.assignment is None]
        chosen = list(zip(idle, assignments, strict=False))
        for slot, _ in chosen:
            if slot.process is None or slot.process.poll() is not None:
                self._start(slot)
        for slot, assignment in chosen:
            slot.assignment = assignment
            limit = math.inf if assignment.max_wall_s is None else assignment.max_wall_s
            slot.overdue = time.monotonic() + limit + self._grace_s
            try:
                slot.parent_end.send(assignment)
            except OSError:  # it just died: `wait` finds the line dead and says so
                continue

    def wait(self, deliver: Deliver) -> bool:
        """Waits up to a second for news of any worker."""
        busy = {slot.parent_end: slot for slot in self._slots if slot.assignment is not None}
        if not busy:
            return False
        events: list[Event] = []
        wait(list(busy), timeout=1.0)
        for slot in busy.values():
            events += self._news(slot)
        for slot in self._slots:
            if slot.assignment is not None and time.monotonic() > slot.overdue:
                events.append(self._killed(slot))
        if events:
            deliver(events)
        return True

    def close(self) -> None:
        """Kills the workers: what they did not send is done again when the run goes on."""
        for slot in self._slots:
            if slot.process is not None:
                self._bury(slot)

    def _halt(self, halts: Sequence[Halt]) -> None:
        busy = {slot.assignment.id: slot for slot in self._slots if slot.assignment is not None}
        for halt in halts:
            if halt.trial_id in busy:
                with suppress(OSError):  # it just died: `wait` finds the line dead and says so
                    busy[halt.trial_id].parent_end.send(halt)

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
        assignment = slot.assignment
        if any(isinstance(event, Ended | Paused | Refused | Rehearsed) for event in events):
            slot.assignment = assignment = None
        if gone:
            detail = self._bury(slot)
            events += [Lost(assignment.id, detail)] if assignment else []
        return events

    def _bury(self, slot: _Slot) -> str:
        """Frees the place of a worker that is dead or must be; says how it died."""
        assert slot.process is not None, "A place without a worker has no news. This is a bug."
        slot.process.kill()
        detail = _how_it_died(slot.process.wait())
        slot.parent_end.close()
        slot.process = slot.assignment = None
        return detail

    def _killed(self, slot: _Slot) -> Ended:
        assignment = slot.assignment
        assert assignment is not None, "Only what trains can be late. This is a bug."
        self._bury(slot)
        return Ended(
            assignment.id,
            "stopped",
            "time_limit",
            f"Its worker did not come back {self._grace_s:g} s after the limit and was killed.",
            wall_s=(assignment.max_wall_s or 0.0) + self._grace_s,
        )


def _how_it_died(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (often the system, when memory runs out)" if name == "SIGKILL" else ""
    return f"{name}{hint}"
