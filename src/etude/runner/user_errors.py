"""Whose fault an exception is, and how to show it: the user's own traceback, without our frames."""

from __future__ import annotations

import errno
import os
import re
import traceback
from pathlib import Path

_HOME = f"{Path(__file__).parent.parent}{os.sep}"
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
# CUDA and most others, XLA, and PyTorch on a processor.
_NO_MEMORY = ("out of memory", "resource_exhausted", "allocate memory")
_PLACE = re.compile(r'^ *File "(.+)", line (\d+)', re.MULTILINE)
_KIND = re.compile(r"^([A-Za-z_][\w.]*)(?=:|$)", re.MULTILINE)


def user_traceback(error: BaseException) -> str:
    """The traceback as the user's code made it, without our frames."""
    told = traceback.TracebackException.from_exception(error)
    _leave_out_ours(told)
    return "".join(told.format() if told.stack else told.format_exception_only()).rstrip()


def error_site(told: str) -> str:
    r"""The kind and place that a traceback tells, equal for the same mistake.

    >>> error_site('Traceback:\n  File "/a/train.py", line 12, in train\nValueError: no width 3')
    'ValueError at train.py:12'
    >>> error_site("ValueError: `batch_size` is 0")
    'ValueError'
    """
    if not told.startswith("Traceback"):
        kind = _KIND.match(told)  # raised below no frame of the user's
        return kind[1] if kind else "without an exception"
    places = list(_PLACE.finditer(told))
    kind = _KIND.search(told, places[-1].end() if places else 0)
    place = f"{Path(places[-1][1]).name}:{places[-1][2]}" if places else "an unknown place"
    return f"{kind[1] if kind else 'An exception'} at {place}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the host or on a device, whichever library says so."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in said for sign in _NO_MEMORY)


def is_disk(error: BaseException) -> bool:
    """Whether the disk could not be written: the machine's fault, no setting's."""
    return isinstance(error, OSError) and error.errno in _DISK


def _leave_out_ours(told: traceback.TracebackException) -> None:
    theirs = [frame for frame in told.stack if not _ours(frame.filename)]
    told.stack = traceback.StackSummary.from_list(theirs)
    for behind in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if behind is not None:
            _leave_out_ours(behind)


def _ours(filename: str) -> bool:
    return filename.startswith((_HOME, "<frozen importlib"))
