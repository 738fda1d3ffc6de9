"""The end of a worker with its parent, whatever it is busy with."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

# Of Linux: the signal that a process gets when the thread that started it ends.
_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Has the system kill this process when its parent is gone, where the system can (Linux).

    A thread that waits for the parent to hang up does so elsewhere, but not while code in C holds
    the interpreter.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before that
        os._exit(1)
