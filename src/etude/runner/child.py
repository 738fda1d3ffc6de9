"""The program of a worker process: `python -m etude.runner.child FILE_DESCRIPTOR`.

It imports the user's module once, trains what it is sent, and ends when its parent does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from ..errors import InputError
from ..event import Refused
from ..trial import Assignment
from .attempt import attempt
from .blame import user_traceback
from .load import Train, train_function


def main(descriptor: int) -> None:
    """Serves the parent at the other end of a socket until it hangs up."""
    # Ctrl-C reaches the whole group; what to do about it is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent: Connection = Connection(descriptor)
    parent.send("ready")
    # A process that the user's code starts must not hold the line when this one is gone.
    os.set_inheritable(descriptor, False)  # noqa: FBT003  # as os has it
    reference, folder, sys.path[:] = parent.recv()
    inbox: SimpleQueue[Assignment] = SimpleQueue()
    threading.Thread(target=_listen, args=(parent, inbox), daemon=True).start()
    train: Train | None = None
    while True:
        assignment = inbox.get()
        try:
            _print_to(assignment.folder / "log.txt")
        except OSError as error:
            parent.send([Refused(assignment.id, "disk", str(error))])
            continue
        train = train or _loaded(reference, folder, assignment, parent)
        if train is not None:
            attempt(assignment, train, parent.send)
        _flush()


def _listen(parent: Connection, inbox: SimpleQueue[Assignment]) -> None:
    try:
        while True:
            inbox.put(parent.recv())
    except (EOFError, OSError):
        # The parent is gone, however it went: nobody is left to train for.
        os._exit(1)


def _loaded(
    reference: str, folder: Path, assignment: Assignment, parent: Connection
) -> Train | None:
    try:
        return train_function(reference, folder)
    except InputError as error:
        parent.send([Refused(assignment.id, "input", str(error))])
    except BaseException as error:  # noqa: BLE001  # a user's module may raise anything
        parent.send([Refused(assignment.id, "import", user_traceback(error))])
    return None


def _print_to(log: Path) -> None:
    """Sends all that this process prints from now on, libraries in C included, to a trial's log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a full disk, or a stream that the user's code closed
            stream.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
