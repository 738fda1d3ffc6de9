"""Processes: long-lived workers that import the user's module once."""

from __future__ import annotations

import math
import os
import select
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
from ..event import Ended, Event, Lost, Paused, Refused, Rehearsed, Unrestored
from .base import Deliver
from .batches import HOLD_S, is_urgent, merged
from .devices import environments
from .messages import Judge, Prepare, Train, Verdict

# Between two readings of reports that come in a stream.
_WAKE_S = 0.001


@dataclass
class _Slot:
    """A place for a worker: its process, and the trials that it trains."""

    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    parent_end: Connection = field(init=False)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    kill_at: dict[int, float] = field(default_factory=dict)


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
        self._ensure_worker(slot)
        slot.parent_end.send(Judge(tuple(assignments), len(self._slots)))
        # The others' seconds of loading pass meanwhile; each prints to the log of another trial.
        for other, first in zip(others, assignments[1:], strict=False):
            self._ensure_worker(other)
            with suppress(OSError):  # it just died: it is replaced when there is a trial for it
                other.parent_end.send(Prepare((first,)))
        try:
            answer = slot.parent_end.recv()
        except (EOFError, OSError):
            return Verdict(1, f"the worker that tried it died: {self._discard_worker(slot)}.")
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
                    self._discard_worker(slot)
            self._slots = self._slots[:1]

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        """Hands each trial to the worker that has the fewest, and passes on who is to stop."""
        self._halt([order for order in orders if isinstance(order, Halt)])
        by_place: dict[int, list[Assignment]] = {}
        for assignment in orders:
            if isinstance(assignment, Halt):
                continue
            place, slot = min(enumerate(self._slots), key=lambda pair: len(pair[1].assignments))
            slot.assignments[assignment.id] = assignment
            by_place.setdefault(place, []).append(assignment)
        for place in by_place:
            self._ensure_worker(self._slots[place])
        for place, assignments in by_place.items():
            self._send(self._slots[place], assignments)

    def wait(self, deliver: Deliver) -> bool:
        """Waits for what is urgent, or for as long as reports may be held."""
        if not any(slot.assignments for slot in self._slots):
            return False
        events: list[Event] = []
        until_s = time.monotonic() + HOLD_S
        while not is_urgent(events) and (left_s := until_s - time.monotonic()) > 0:
            if events:
                time.sleep(min(_WAKE_S, left_s))  # many reports are read at once
            events += self._news(left_s)
        if events:
            deliver(merged(events))
        return True

    def _news(self, timeout_s: float) -> list[Event]:
        """What workers sent, and what became of those that died or are late."""
        busy = {slot.parent_end: slot for slot in self._slots if slot.assignments}
        events: list[Event] = []
        wait(list(busy), timeout=timeout_s)
        for slot in busy.values():
            events += self._poll(slot)
        for slot in self._slots:
            late = [
                trial_id
                for trial_id in slot.assignments
                if time.monotonic() > slot.kill_at[trial_id]
            ]
            events += self._kill_late(slot, late) if late else []
        return events

    def close(self) -> None:
        """Kills the workers: what they did not send is done again when the run goes on."""
        for slot in self._slots:
            if slot.process is not None:
                self._discard_worker(slot)

    def _send(self, slot: _Slot, assignments: Sequence[Assignment]) -> None:
        """Sends a worker its trials at once: one that came alone would begin in a stack of one."""
        for assignment in assignments:
            limit = math.inf if assignment.max_wall_s is None else assignment.max_wall_s
            slot.kill_at[assignment.id] = time.monotonic() + limit + self._grace_s
        with suppress(OSError):  # it just died: `wait` finds the line dead and says so
            slot.parent_end.send(Train(tuple(assignments), self._width, self._threads))

    def _halt(self, halts: Sequence[Halt]) -> None:
        busy = {trial_id: slot for slot in self._slots for trial_id in slot.assignments}
        for halt in halts:
            if halt.trial_id in busy:
                with suppress(OSError):  # it just died: `wait` finds the line dead and says so
                    busy[halt.trial_id].parent_end.send(halt)

    def _ensure_worker(self, slot: _Slot) -> None:
        if slot.process is None or slot.process.poll() is not None:
            self._start(slot)

    def _start(self, slot: _Slot) -> None:
        parent_socket, child_socket = socket.socketpair()
        # -P: a file of the user's called like one of Python's must not be imported in its place.
        command = [sys.executable, "-P", "-m", "etude.runner.child", str(child_socket.fileno())]
        slot.process = subprocess.Popen(
            command,
            env={**os.environ, **slot.environment},
            pass_fds=[child_socket.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        child_socket.close()
        slot.parent_end = Connection(parent_socket.detach())
        try:
            slot.parent_end.recv()
            slot.parent_end.send((self._reference, self._folder, sys.path))
            slot.process.stderr.close()  # type: ignore[union-attr]  # a pipe, as asked for above
        except (EOFError, OSError) as error:
            output = slot.process.communicate()[1].decode(errors="replace").strip()
            raise RunError(f"A worker process could not start. It said:\n{output}") from error

    def _poll(self, slot: _Slot) -> list[Event]:
        """The events that a worker sent since; that it is lost where it died."""
        events: list[Event] = []
        # Asked first: what a dead worker sent is all there. The line alone does not tell, for a
        # process that the user's code forked may hold it on.
        is_gone = slot.process is None or slot.process.poll() is not None
        try:
            while _is_readable(slot.parent_end):
                events += slot.parent_end.recv()
        except (EOFError, OSError):
            is_gone = True
        for event in events:
            if isinstance(event, Ended | Paused | Refused | Rehearsed | Unrestored):
                slot.assignments.pop(event.trial_id, None)
        if is_gone:
            lost = list(slot.assignments)
            detail = self._discard_worker(slot)
            events += [Lost(trial_id, detail) for trial_id in lost]
        return events

    def _discard_worker(self, slot: _Slot) -> str:
        """Kills a worker that is not dead yet and frees its place; returns how it died."""
        assert slot.process is not None, "A place without a worker has no news. This is a bug."
        slot.process.kill()
        detail = _exit_description(slot.process.wait())
        slot.parent_end.close()
        slot.process = None
        slot.assignments.clear()
        return detail

    def _kill_late(self, slot: _Slot, late: Sequence[int]) -> list[Event]:
        """Kills a worker that is late; the trials that it trained beside are lost, not blamed."""
        assignments = dict(slot.assignments)
        self._discard_worker(slot)
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
            else Lost(trial_id, "its worker was killed for another trial's sake")
            for trial_id, assignment in assignments.items()
        ]


def _is_readable(line: Connection) -> bool:
    """Whether there is something to receive; a tenth of the time that `line.poll()` takes."""
    poller = select.poll()
    poller.register(line, select.POLLIN)
    return bool(poller.poll(0))


def _exit_description(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (often the system, when memory runs out)" if name == "SIGKILL" else ""
    return f"{name}{hint}"
