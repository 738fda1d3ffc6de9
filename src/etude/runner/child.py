"""The program of a worker process: `python -m etude.runner.child FILE_DESCRIPTOR PARENT`.

It imports the user's module once, trains what it is sent, and ends when its parent does.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial, wraps
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias, final

from ..assignment import Assignment, Halt
from ..disk.rights import open_log
from ..errors import InputError
from ..event import Ended, Event, Paused, Refused, Unrestored
from ..text.signs import text_of
from ..trial import TrainFunction, Trial
from . import imported, messages
from .attempt import attempt
from .base import Runner
from .home import Home
from .home import flush_streams as _flush
from .parent_death import end_with
from .process_state import ProcessState
from .stacking import prepare, vectorized, verdict
from .user_code import train_function
from .user_errors import user_traceback


def main(descriptor: int, parent_process: int) -> None:
    """Serves the parent at the other end of a socket until it hangs up."""
    end_with(parent_process)
    # Ctrl-C and a closed terminal reach the whole group; what to do is the parent's to say.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    parent: Connection = Connection(descriptor)
    parent.send("ready")
    # A process that the user's code starts must not hold the line when this one is gone.
    os.set_inheritable(descriptor, False)  # noqa: FBT003  # as os has it
    reference, folder, sys.path[:] = parent.recv()
    _hold_any_text()
    sys.argv = [str(folder / reference.rpartition(":")[0])]  # what the user's code may parse
    imported.watch()
    inbox: SimpleQueue[Message] = SimpleQueue()
    halts: dict[int, str] = {}
    threading.Thread(target=_listen, args=(parent, inbox, halts), daemon=True).start()
    _Worker(parent, inbox, halts, train=(reference, folder)).serve()


# The log that this process prints to, where it is some trial's.
_logs: list[Path] = []
Message: TypeAlias = messages.Train | messages.Judge | messages.Prepare


@final
class _Worker:
    """Trains what comes in: one trial after another, or many at once."""

    def __init__(
        self,
        parent: Connection,
        inbox: SimpleQueue[Message],
        halts: Mapping[int, str],
        *,
        train: tuple[str, Path],
    ) -> None:
        self._parent = parent
        self._inbox = inbox
        self._halts = halts
        self._reference, self._folder = train
        self._train: TrainFunction | None = None
        self._stacks: Runner | None = None
        self._home = Home()
        self._state: ProcessState | None = None

    def serve(self) -> None:
        while True:
            self._handle(self._inbox.get())
            while self._stacks is not None and self._stacks.wait(self._send):
                self._stacks.submit([Halt(*halt) for halt in dict(self._halts).items()])
                while not self._inbox.empty():
                    self._handle(self._inbox.get())
                _flush()

    def _handle(self, message: Message) -> None:
        first = message.assignments[0]
        try:
            _print_to(first.folder / "log.txt")
        except OSError as error:
            self._parent.send([Refused(first.id, "disk", text_of(error))])
            return
        train = self._load(first)
        if train is None:
            return
        state = self._state = self._state or ProcessState()
        if isinstance(message, messages.Judge):
            with state.restored(first.stream_seed):
                answer = verdict(train, message.assignments, message.workers)
                self._home.end_elsewhere()
            self._parent.send(answer)
        elif isinstance(message, messages.Prepare):
            with state.restored(first.stream_seed):
                prepare(train, message.assignments)
                self._home.end_elsewhere()
        elif message.width == 1 or first.rehearsal:
            for assignment in message.assignments:
                isolated = _uninterrupted(state.isolated(train, assignment.stream_seed))
                attempt(assignment, isolated, self._send, partial(self._reason, assignment.id))
        else:
            self._state = None  # stacks set the number of threads, and keep their own
            self._stacks = self._stacks or vectorized(
                lambda: train, message.width, _print_to, message.threads
            )
            self._stacks.submit(message.assignments)
        _flush()

    def _send(self, events: Sequence[Event]) -> None:
        """Flushes what was printed first: who hears of an end may let this worker go at once."""
        self._home.end_elsewhere()
        _open_closed()
        _flush()
        if any(isinstance(event, Ended | Paused | Refused | Unrestored) for event in events):
            _leave_log()  # before: the parent may let this process go as soon as it hears of it
        # As `send` does, but for the pickler that it makes each time: once a report is often.
        self._parent.send_bytes(pickle.dumps(list(events), pickle.HIGHEST_PROTOCOL))

    def _reason(self, trial_id: int) -> str:
        return self._halts.get(trial_id, "")

    def _load(self, assignment: Assignment) -> TrainFunction | None:
        if self._train is not None:
            return self._train
        try:
            self._train = train_function(self._reference, self._folder)
            self._home.end_elsewhere()
            self._parent.send("loaded")  # from here on trials take their time
        except InputError as error:
            self._home.end_elsewhere(error)
            self._parent.send([Refused(assignment.id, "input", text_of(error))])
        except BaseException as error:  # noqa: BLE001  # a user's module may raise anything
            self._home.end_elsewhere(error)
            self._parent.send([Refused(assignment.id, "import", user_traceback(error))])
        return self._train


def _uninterrupted(train: TrainFunction) -> TrainFunction:
    """The same but for a KeyboardInterrupt, an error here: Ctrl-C does not reach this process."""

    @wraps(train)
    def trained(trial: Trial) -> object:
        try:
            return train(trial)
        except KeyboardInterrupt as error:
            text = "The code raised KeyboardInterrupt itself: nobody pressed Ctrl-C."
            raise RuntimeError(text).with_traceback(error.__traceback__) from None

    return trained


def _sort(message: Message | Halt, inbox: SimpleQueue[Message], halts: dict[int, str]) -> None:
    if isinstance(message, Halt):
        halts[message.trial_id] = message.reason
        return
    for assignment in message.assignments:
        halts.pop(assignment.id, None)  # what was halted and goes on again runs anew
    inbox.put(message)


def _listen(parent: Connection, inbox: SimpleQueue[Message], halts: dict[int, str]) -> None:
    try:
        while True:
            _sort(parent.recv(), inbox, halts)
    except (EOFError, OSError):
        # The parent is gone, however it went: nobody is left to train for.
        os._exit(1)


def _print_to(log: Path) -> None:
    """Sends all that this process prints from now on, libraries in C included, to a trial's log."""
    _open_closed()  # else the log itself would take such a number
    _flush()
    _leave_log()
    _redirect(open_log(log))
    _logs.append(log)


def _leave_log() -> None:
    """Removes the log that this process printed to where nothing was printed: flush before."""
    if not _logs or os.fstat(1).st_size:
        return
    _redirect(os.open(os.devnull, os.O_WRONLY))
    with suppress(OSError):
        log = _logs.pop()
        if log.stat().st_size == 0:
            log.unlink()
            log.parent.rmdir()  # where the trial has no files of its own


def _open_closed() -> None:
    """Opens standard streams that the user's code closed, to nowhere: it wants to print no more."""
    for stream in (1, 2):
        try:
            os.fstat(stream)
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            if nowhere != stream:
                os.dup2(nowhere, stream)
                os.close(nowhere)


def _hold_any_text() -> None:
    """Lets a trial print every text, whatever the alphabet here: its log is UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _redirect(file: int) -> None:
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
