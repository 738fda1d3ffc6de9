"""Probes in processes that have their libraries, forked off a nursery that never trained."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any, final

from .fresh_process import Child, probed, probed_by, started
from .messages import Probe, Probed

# A few steps are enough to have loaded what a training loads.
_REHEARSED_S = 0.1


@final
class Prober:
    """Plays probes, each in a process of its own.

    A rehearsal tells which libraries the training loads. A nursery imports them, and each probe is
    a fork of it. Where it may not be forked, for its threads or for a GPU, where a fork has died,
    and where there is no such thing as a fork, each is a fresh process that imports them itself.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Starts nothing before the first probe."""
        self._environment = {"PYTHONIOENCODING": "utf-8:backslashreplace", **environment}
        self._nursery: _Nursery | None = None
        self._is_rehearsed = False

    def __enter__(self) -> Prober:
        """Begins nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the nursery."""
        self._end()

    def probed(self, probe: Probe) -> Probed:
        """What a probe shows.

        Raises:
            RunError: where the system starts no more processes.
        """
        if not self._is_rehearsed:
            self._is_rehearsed = True
            answer = self._rehearsed(probe)
            if answer.outcome != "measured":  # once is enough to see why
                return replace(answer, libraries=())
        nursery = self._nursery
        if nursery is not None:
            with suppress(EOFError):
                answer = probed_by(nursery.fork, probe)
                if nursery.is_alive and not answer.has_died:
                    return answer
            # It died, and its probe with it: that says nothing of the probe. Nor does a fork that
            # died, for not every library can be forked.
            self._end()
        return probed(probe, self._environment)

    def _rehearsed(self, probe: Probe) -> Probed:
        short = replace(
            probe, warm_s=0.0, timed_s=_REHEARSED_S, watched_s=0.0, lists_libraries=True
        )
        answer = probed(short, self._environment)
        if answer.device == "cpu" and answer.libraries and hasattr(os, "fork"):
            self._begin(probe.path, answer.libraries)
        return answer

    def _begin(self, path: tuple[str, ...], libraries: tuple[str, ...]) -> None:
        with suppress(OSError, EOFError):
            self._nursery = _Nursery(self._environment)
            if self._nursery.can_fork_with(path, libraries):
                return
        self._end()

    def _end(self) -> None:
        if self._nursery is not None:
            self._nursery.end()
        self._nursery = None


@final
class _Nursery:
    """The process that probes are forked off."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        own, other = socket.socketpair()
        with other:
            self._process = started("nursery", other, environment, subprocess.DEVNULL)
        self._line = Connection(own.detach())

    def can_fork_with(self, path: tuple[str, ...], libraries: tuple[str, ...]) -> bool:
        """Whether it can be forked after it has imported these."""
        self._line.send((path, libraries))
        return bool(self._line.recv())

    def fork(self, line: socket.socket, said: int) -> Child:
        """A fork of it that answers the probe that comes through a socket.

        Raises:
            EOFError: where it has died.
        """
        try:
            self._line.send("fork")
            with socket.fromfd(self._line.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as own:
                socket.send_fds(own, [b"!"], [line.fileno(), said])
            return _Fork(self._line.recv(), self._line)
        except OSError as error:
            raise EOFError from error

    @property
    def is_alive(self) -> bool:
        """Whether it can be forked still."""
        return self._process.poll() is None

    def end(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()
        self._line.close()


@final
class _Fork:
    """A process that a nursery forked off, which alone can wait for it."""

    def __init__(self, pid: Any, line: Connection) -> None:
        self.pid = int(pid)
        self._line = line
        self._code: int | None = None

    def kill(self) -> None:
        """Ends it, where it has not ended yet."""
        if self._code is None and self._has_ended():  # who was waited for has no number any more
            self.wait()
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _has_ended(self) -> bool:
        try:
            return self._line.poll()
        except OSError:
            return True

    def wait(self) -> int:
        """Waits for its end; killed, where the nursery has died, which takes its forks along."""
        if self._code is None:
            try:
                self._code = int(self._line.recv())
            # Nothing is raised: an interruption that ends both is not to be lost for it.
            except (EOFError, OSError):
                self._code = -signal.SIGKILL
        return self._code
