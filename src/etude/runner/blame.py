"""Whose fault an exception is, and how to show it: the user's own traceback, without our frames."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

_HOME = str(Path(__file__).parent.parent)
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def user_traceback(error: BaseException) -> str:
    """The traceback as the user's code made it, without our frames."""
    told = traceback.TracebackException.from_exception(error)
    theirs = [frame for frame in told.stack if not _ours(frame.filename)]
    if theirs:
        told.stack = traceback.StackSummary.from_list(theirs)
    return "".join(told.format()).rstrip()


def fault(error: BaseException) -> str:
    """The exception's kind and place, `ValueError at train.py:12`: equal for the same mistake."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not _ours(frame.filename)] or frames
    place = f"{Path(theirs[-1].filename).name}:{theirs[-1].lineno}" if theirs else "?"
    return f"{type(error).__name__} at {place}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the host or on a device, whichever library says so."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and (
        "out of memory" in said.lower() or "RESOURCE_EXHAUSTED" in said
    )


def is_disk(error: BaseException) -> bool:
    """Whether the disk could not be written: the machine's fault, no setting's."""
    return isinstance(error, OSError) and error.errno in _DISK


def _ours(filename: str) -> bool:
    return filename.startswith((_HOME, "<frozen importlib"))
