"""A probe's process, from its start to its end, and why it died where it did."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import IO, Protocol, TypeAlias, final

from ...errors import RunError
from ...event import Event
from ..batches import WAKE_S
from ..slot import exit_description, unnamed_file
from ..starter import STARTER
from . import memory
from .messages import Outcome, Probe, Probed

# Heuristic: often enough to see memory grow, seldom enough to cost nothing.
_LOOK_S = 0.05
# Heuristic: who has done no step by then waits for something that will not come.
MOST_START_S = 300.0
# Heuristic: a step that takes longer is no batch to tune with, and larger ones take longer yet.
MOST_STEP_S = 60.0
_SAID_BYTES = 16_384
_NO_MEMORY = ("bad_alloc", "out of memory", "cannot allocate memory", "resource_exhausted")
# What the system ends a process by that has filled the memory, and what an allocator ends it by.
_MEMORY_SIGNALS = (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGBUS)
# Heuristic: so near to its limit, memory is what it died of.
_NEAR = 0.9


class Child(Protocol):
    """A process that answers one probe."""

    @property
    def pid(self) -> int:
        """Its number."""

    def kill(self) -> object:
        """Ends it, where it has not ended yet."""

    def wait(self) -> int:
        """Waits for its end: how it ended, as `subprocess` has it."""


# Starts one, with what is to be its end of a socket and its output.
Start: TypeAlias = Callable[[socket.socket, int], Child]


def probed(probe: Probe, environment: Mapping[str, str]) -> Probed:
    """What a fresh process shows that trains a few steps.

    It is ended here, with whatever it started, also where this is interrupted.

    Raises:
        RunError: where the system starts no more processes.
    """
    return probed_by(
        lambda line, said: started(
            "child", line, {"PYTHONIOENCODING": "utf-8:backslashreplace", **environment}, said
        ),
        probe,
    )


def probed_by(start: Start, probe: Probe) -> Probed:
    """The same of a process that is started as one likes.

    Raises:
        RunError: where the system starts no more processes.
    """
    begin_s = time.monotonic()
    process = _Process(start)
    try:
        answer = process.answer(probe)
    finally:
        process.end()
    return replace(answer, wall_s=time.monotonic() - begin_s)


def started(
    program: str, line: socket.socket, environment: Mapping[str, str], said: int
) -> subprocess.Popen[bytes]:
    """A program of this folder, with an end of a socket, which dies with this process.

    Raises:
        OSError: where the system starts no more processes.
    """
    return STARTER.call(
        lambda: subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", f"etude.runner.probe.{program}"),
                *(str(line.fileno()), str(os.getpid())),
            ],
            env={**os.environ, **environment},
            pass_fds=[line.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    )


@final
class _Process:
    """The process of one probe."""

    def __init__(self, start: Start) -> None:
        self._peak = 0
        self._said: IO[bytes] = unnamed_file()
        own, other = socket.socketpair()
        try:
            with other:
                self._process = start(other, self._said.fileno())
        except BaseException as error:
            own.close()
            self._said.close()
            if not isinstance(error, OSError):
                raise
            raise RunError(
                f"A process could not be started ({error.strerror or error}). Free some memory or "
                "raise the system's limit, and type the same command again."
            ) from error
        self._line = Connection(own.detach())

    def answer(self, probe: Probe) -> Probed:
        """What it answers; why there is none where it dies, holds too much, or takes too long."""
        with suppress(OSError):
            self._line.send(probe)
        has_stepped, heard_s = False, time.monotonic()
        while True:
            try:
                message = self._news()
            except (EOFError, OSError):
                return self._death(probe)
            if isinstance(message, Probed):
                return self._whole(message, probe)
            if message is not None:
                has_stepped, heard_s = message == "stepped", time.monotonic()
            if self._is_full(probe):
                return Probed(outcome="out_of_memory", memory_bytes=self._peak)
            waited_s = time.monotonic() - heard_s
            if waited_s > (_patience_s(probe) if has_stepped else MOST_START_S):
                return self._late(has_stepped=has_stepped)

    def _news(self) -> Probed | str | None:
        """What it sends next; None where that takes long. Values of its steps are for nobody.

        They are read as a run reads a worker's, all that are there at once: who sends them waits
        where they are not taken.
        """
        until_s = time.monotonic() + _LOOK_S
        while (left_s := until_s - time.monotonic()) > 0 and self._line.poll(left_s):
            # Who tells without a pause keeps nobody from looking at the memory.
            while time.monotonic() < until_s and self._line.poll(0):
                message: Probed | str | list[Event] = self._line.recv()
                if not isinstance(message, list):
                    return message
            time.sleep(WAKE_S)
        return None

    def end(self) -> None:
        """Ends it, and what it started."""
        family = memory.descendants(self._process.pid)
        self._process.kill()
        for pid in family:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._line.close()
        self._said.close()

    def _is_full(self, probe: Probe) -> bool:
        self._peak = max(self._peak, memory.tree_bytes(self._process.pid))
        return self._peak > (probe.memory_bytes or self._peak)

    def _whole(self, message: Probed, probe: Probe) -> Probed:
        if message.device != "cpu":
            return message
        peak = max(self._peak, message.memory_bytes or 0) or None
        is_over = message.outcome == "measured" and (peak or 0) > (probe.memory_bytes or peak or 0)
        outcome: Outcome = "out_of_memory" if is_over else message.outcome
        return replace(message, memory_bytes=peak, outcome=outcome)

    def _death(self, probe: Probe) -> Probed:
        """Why it died without an answer: of memory only where something says so."""
        code, said = self._process.wait(), self._last_words()
        is_near = self._peak > _NEAR * (probe.memory_bytes or float("inf"))
        names_memory = any(sign in said.lower() for sign in _NO_MEMORY)
        if code in _MEMORY_SIGNALS and (names_memory or is_near or self._was_ended_by_system(code)):
            return Probed(outcome="out_of_memory", memory_bytes=self._peak, detail=said)
        how = f"The process died: {exit_description(code)}."
        return Probed(outcome="failed", detail=f"{said}\n{how}".strip(), has_died=True)

    def _was_ended_by_system(self, code: int) -> bool:
        """Whether it was killed while little memory was left: the system takes the largest."""
        free = memory.free_bytes()
        return code == -signal.SIGKILL and free is not None and self._peak > free

    def _late(self, *, has_stepped: bool) -> Probed:
        if has_stepped:
            return Probed(outcome="slow", detail=f"A step takes more than {MOST_STEP_S:.0f} s.")
        said = self._last_words()
        why = f"It did no step within {MOST_START_S:.0f} s."
        return Probed(outcome="failed", detail=f"{said}\n{why}".strip())

    def _last_words(self) -> str:
        file = self._said.fileno()
        begin = max(os.fstat(file).st_size - _SAID_BYTES, 0)
        return os.pread(file, _SAID_BYTES, begin).decode(errors="replace").strip()


def _patience_s(probe: Probe) -> float:
    """How long its steps are waited for: some, each of the slowest kind, and what is watched."""
    return 4 * MOST_STEP_S + 20 * (probe.timed_s + probe.watched_s)
