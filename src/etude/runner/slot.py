"""A place for a worker process: its start, what it says, and how it died."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, TypeAlias, final

from ..assignment import Assignment, Halt
from ..errors import RunError
from ..event import Event
from .messages import Judge, Prepare, Train, Verdict
from .starter import STARTER
from .time_limits import TimeLimits

# Heuristic: once may be chance, of memory above all; three times in a row the next will die too.
MAX_DEATHS = 3
# Of what a worker said that could not start, the end: an exception stands there.
_SAID_BYTES = 16_384
_BY_THE_SYSTEM = "SIGKILL (often the system, when memory runs out)"

Hello: TypeAlias = tuple[str, Path, list[str]]


@final
class Slot:
    """A place for a worker: its process, and the trials that it trains.

    A worker starts until it has imported the user's module. One that dies meanwhile has touched no
    trial: another one takes its place.

    Attributes:
        process: The worker; None where there is none.
        line: The socket to it.
        assignments: What it trains, by trial.
        limits: Until when, once the user's module is imported.
        is_loaded: Whether the user's module is imported.
    """

    def __init__(self, environment: dict[str, str], hello: Hello) -> None:
        """Starts nothing."""
        self.process: subprocess.Popen[bytes] | None = None
        self.line: Connection
        self.assignments: dict[int, Assignment] = {}
        self.limits = TimeLimits()
        self.is_loaded = False
        self._environment = environment
        self._hello = hello
        self._is_ready = False
        self._deaths = 0
        self._said: IO[bytes] | None = None
        self._sending = threading.Lock()  # a halt may come from another thread

    @property
    def is_starting(self) -> bool:
        """Whether its worker has trained nothing yet, and could not have."""
        return not self.is_loaded

    def ensure_worker(self) -> None:
        """Has a worker begin to start where none is; nobody waits until it is ready.

        One that died while it trained stays, until somebody has heard which trials it lost.
        """
        if self.process is not None and not self.assignments and self.process.poll() is not None:
            if self.is_starting:
                self.start_again()
            else:
                self.discard()
        if self.process is None:
            self._start()

    def start_again(self) -> None:
        """Starts another worker in the place of one that died while it started.

        Raises:
            RunError: where too many in a row died so.
        """
        assignments, said = dict(self.assignments), self._last_words()
        where = "" if not self._is_ready else self._hello[0].rpartition(":")[0]
        how = self.discard()
        self._deaths += 1
        if self._deaths >= MAX_DEATHS:
            raise RunError(_start_message(how, said, where))
        self._start()
        self.assignments.update(assignments)

    def send(self, message: Train | Prepare | Judge | Halt) -> None:
        """Sends it; a worker that just died does not hear it, and whoever listens finds it dead."""
        with suppress(OSError), self._sending:
            self.line.send(message)

    def receive(self) -> list[Event] | Verdict:
        """What the worker sent next; nothing where it only said how far it is.

        Raises:
            EOFError, OSError: where it hung up.
        """
        message: list[Event] | Verdict | str = self.line.recv()
        if not isinstance(message, str):
            return message
        if message == "ready":
            self._is_ready = True
            self._close_said()
        else:
            self.is_loaded, self._deaths = True, 0
        return []

    def is_readable(self) -> bool:
        """Whether there is something to receive; a tenth of the time that `poll()` takes."""
        poller = select.poll()
        poller.register(self.line, select.POLLIN)
        return bool(poller.poll(0))

    def end(self, trial_id: int) -> None:
        """Frees the place of a trial that is over."""
        self.assignments.pop(trial_id, None)
        self.limits.end(trial_id)

    def discard(self) -> str:
        """Kills a worker that is not dead yet and frees its place; returns how it died."""
        assert self.process is not None, "A place without a worker has no news. This is a bug."
        self.process.kill()
        how = exit_description(self.process.wait())
        self.line.close()
        self._close_said()
        self.process = None
        self._is_ready = self.is_loaded = False
        self.assignments.clear()
        self.limits.clear()
        return how

    def _start(self) -> None:
        try:
            STARTER.call(self._start_process)
        except OSError as error:
            raise RunError(
                f"A worker process could not be started ({error.strerror or error}). Start fewer "
                "with --workers N, or raise the system's limit; type the same command again."
            ) from error
        with suppress(OSError):  # as in `send`; it is read as soon as the worker is ready
            self.line.send(self._hello)

    def _start_process(self) -> None:
        parent_socket, child_socket = socket.socketpair()
        with child_socket:
            try:
                self._said = unnamed_file()  # closed when it is ready
                self.process = subprocess.Popen(
                    _command(child_socket.fileno()),
                    env={**os.environ, **self._environment},
                    pass_fds=[child_socket.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._said,
                )
            except BaseException:
                parent_socket.close()
                self._close_said()
                raise
        self.line = Connection(parent_socket.detach())

    def _last_words(self) -> str:
        """The end of what it said: before it was ready here, then in the log of its first trial."""
        if self._said is not None:
            return _tail(self._said.fileno())
        try:
            first = next(iter(self.assignments.values()))
            with (first.folder / "log.txt").open("rb") as log:
                return _tail(log.fileno())
        except (StopIteration, OSError):
            return ""

    def _close_said(self) -> None:
        if self._said is not None:
            self._said.close()
            self._said = None


def _command(descriptor: int) -> list[str]:
    """-P: a file of the user's called like one of Python's must not be imported in its place."""
    program = [sys.executable, "-P", "-m", "etude.runner.child"]
    return [*program, str(descriptor), str(os.getpid())]


def _tail(file: int) -> str:
    begin = max(os.fstat(file).st_size - _SAID_BYTES, 0)
    return os.pread(file, _SAID_BYTES, begin).decode(errors="replace").strip()


def _start_message(how: str, said: str, where: str) -> str:
    """Why workers do not start, and the way out: another one where the system ended them.

    `where` is the user's file that they came to import; empty where they came to none.
    """
    output = f" The last one said:\n{said}" if said else ""
    if how == _BY_THE_SYSTEM:
        way_out = "Start fewer with --workers N, or free some memory, and type the same command"
    elif where:
        way_out = f"Mend what `{where}` does while it is imported, and type the same command"
    elif said:
        return f"A worker process could not start. It said:\n{said}"
    else:
        way_out = f"See that `{sys.executable} -m etude` runs, and type the same command"
    return (
        f"{MAX_DEATHS} worker processes in a row died while they started; the last time: {how}. "
        f"{way_out} again: what was finished is kept.{output}"
    )


def exit_description(code: int) -> str:
    """How a process ended, by its code: a signal by its name."""
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return _BY_THE_SYSTEM if name == "SIGKILL" else name


def unnamed_file() -> IO[bytes]:
    """A file that no folder ever names: nothing of it is left, whenever this process is killed."""
    if hasattr(os, "memfd_create"):  # Linux
        return os.fdopen(os.memfd_create("etude-worker"), "r+b")
    return tempfile.TemporaryFile()
