"""The program of a nursery: `python -m etude.runner.probe.nursery FILE_DESCRIPTOR PARENT`.

It has imported the libraries of a training and never trained, and forks off a process a probe: none
of them waits for imports, and each has a memory that nothing was trained in.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from ..parent_death import end_with
from .child import main as answer_probe

_TASKS = Path("/proc/self/task")
# Threads of allocators that begin anew in a fork by themselves.
_FORKABLE = frozenset(("jemalloc_bg_thd",))


def main(descriptor: int, parent_process: int) -> NoReturn:
    """Imports and forks as it is asked, until its parent hangs up."""
    end_with(parent_process)
    for number in (signal.SIGINT, signal.SIGHUP):  # what to do then is the parent's to say
        signal.signal(number, signal.SIG_IGN)
    os.set_inheritable(descriptor, False)  # noqa: FBT003  # as os has it
    parent: Connection = Connection(descriptor)
    with suppress(EOFError, OSError):
        while True:
            request = parent.recv()
            if request == "fork":
                _fork(parent)
            else:
                path, names = request
                parent.send(_is_forkable_with(path, names))
    os._exit(0)


def _fork(parent: Connection) -> None:
    """Forks off a process that answers one probe; says its number first, and how it ended."""
    with socket.fromfd(parent.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as line:
        _, (probe_line, said), *_ = socket.recv_fds(line, 1, 2)
    home = os.getpid()
    child = os.fork()
    if not child:
        os.dup2(said, 1)
        os.dup2(said, 2)
        parent.close()
        answer_probe(probe_line, home)
    os.close(probe_line)
    os.close(said)
    parent.send(child)
    parent.send(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _is_forkable_with(path: Sequence[str], names: Sequence[str]) -> bool:
    """Imports modules; whether this process can be forked with them: its only thread is this."""
    sys.path[:] = path
    for name in names:
        with suppress(Exception, SystemExit):  # what is missing then, a probe imports
            importlib.import_module(name)
    return _is_alone()


def _is_alone() -> bool:
    names = []
    try:
        for task in os.listdir(_TASKS):
            names.append((_TASKS / task / "comm").read_text().strip())
    except OSError:  # a system that does not say
        return False
    return len([name for name in names if name not in _FORKABLE]) == 1


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
