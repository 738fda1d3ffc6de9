"""Inline: this process, no pickling, the user's own traceback and debugger."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO, final

from ..assignment import Assignment, Halt
from ..disk.rights import open_log
from ..event import Event
from ..trial import TrainFunction
from . import imported
from .attempt import attempt
from .base import Deliver
from .batches import Ticker
from .home import Home
from .process_state import ProcessState
from .tee import copied
from .user_code import as_script


@final
class Inline:
    """Trains one trial at a time in this thread; what it prints is shown, and kept in its log."""

    slots = 1

    def __init__(self, load: Callable[[], TrainFunction], *, script: Path | None = None) -> None:
        """Takes what loads the train function, called before the first trial.

        `script` is the file that it is loaded from: the command line that its code sees.
        """
        self._load = load
        self._script = script
        self._train: TrainFunction | None = None
        self._assignment: Assignment | None = None
        self._halts: dict[int, str] = {}
        self._state: ProcessState | None = None
        self._ticker = Ticker()
        self._told: set[str] = set()

    @property
    def free(self) -> int:
        """1 between trials."""
        return 0 if self._assignment else 1

    def submit(self, orders: Sequence[Assignment | Halt]) -> None:
        """Takes one trial, or word that the one that runs is to stop, sent while it delivers."""
        for order in orders:
            if isinstance(order, Halt):
                self._halts[order.trial_id] = order.reason
            else:
                self._assignment = order
                self._halts.pop(order.id, None)

    def wait(self, deliver: Deliver) -> bool:
        """Trains the submitted trial to its end, handing on its events while it runs."""
        if self._assignment is None:
            return False
        assignment, self._assignment = self._assignment, None
        if self._train is None:
            imported.forget()
            home = Home()
            self._train = self._load()
            home.end_elsewhere()
        if self._state is None:
            self._state = ProcessState()
        train = self._state.isolated(self._train, assignment.stream_seed)
        failures: list[BaseException] = []

        def send(events: list[Event]) -> None:
            # What the store could not take, the trial's end included, is not the trial's fault.
            if failures:
                raise failures[0]
            try:
                streams.open_closed()
                deliver(events)
            except BaseException as error:
                failures.append(error)
                raise

        with _printing_to(assignment.folder / "log.txt") as streams, as_script(self._script):
            attempt(
                assignment,
                train,
                send,
                lambda: self._halts.get(assignment.id, ""),
                ticker=self._ticker,
                told=self._told,
            )
        if failures:  # a user's `except Exception` may have swallowed it
            raise failures[0]
        return True

    def close(self) -> None:
        """Nothing runs on; the generators of this process go on as if nothing had been trained."""
        self._ticker.close()
        if self._state is not None:
            self._state.close()
            self._state = None


@final
class _Log:
    """The log of a trial, opened with its first word."""

    def __init__(self, path: Path, streams: _Streams) -> None:
        self._path = path
        self._streams = streams
        self._file: TextIO | None = None

    def write(self, text: str) -> None:
        """Writes; nothing makes no log."""
        if self._file is None and text:
            self._streams.open_closed()  # else the log would take such a number
            self._file = os.fdopen(open_log(self._path), "a", 1, "utf-8", "backslashreplace")
        if self._file is not None:
            self._file.write(text)

    def flush(self) -> None:
        """Flushes what there is."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """On a full disk its last words are lost, and nothing else."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


@final
class _Streams:
    """Where the standard streams went when a trial began: the run prints there, whatever it did."""

    def __init__(self) -> None:
        self._copies: dict[int, int] = {}
        for stream in (1, 2):
            with suppress(OSError):  # closed before the run began
                self._copies[stream] = os.dup(stream)

    def open_closed(self) -> None:
        """Opens again what the user's code closed, as a library does that makes a daemon."""
        for stream, copy in self._copies.items():
            try:
                os.fstat(stream)
            except OSError:
                with suppress(OSError):  # it closed the copy too
                    os.dup2(copy, stream)

    def close(self) -> None:
        """Opens again what is closed, and lets go of the copies."""
        self.open_closed()
        for copy in self._copies.values():
            with suppress(OSError):
                os.close(copy)


@contextmanager
def _printing_to(path: Path) -> Iterator[_Streams]:
    streams = _Streams()
    log = _Log(path, streams)
    try:
        with copied("stdout", log), copied("stderr", log):
            yield streams
    finally:
        log.close()
        streams.close()
