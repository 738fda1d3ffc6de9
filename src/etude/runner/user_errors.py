"""User errors: the user's own traceback without our frames, and what an exception comes from."""

from __future__ import annotations

import errno
import os
import re
import traceback
from pathlib import Path

from ..errors import RunError

_HOME = f"{Path(__file__).parent.parent}{os.sep}"
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
# CUDA and most others, XLA, and PyTorch on a processor.
_NO_MEMORY = ("out of memory", "resource_exhausted", "allocate memory")
_PLACE = re.compile(r'^ *File "(.+)", line (\d+)', re.MULTILINE)
_KIND = re.compile(r"^([A-Za-z_][\w.]*)(?=:|$)", re.MULTILINE)


def user_traceback(error: BaseException) -> str:
    """The traceback as the user's code made it, without our frames."""
    trace = traceback.TracebackException.from_exception(error)
    _leave_out_ours(trace)
    return "".join(trace.format() if trace.stack else trace.format_exception_only()).rstrip()


def error_site(text: str) -> str:
    r"""The kind and place of an error by its traceback, equal for the same mistake.

    >>> error_site('Traceback:\n  File "/a/train.py", line 12, in train\nValueError: no width 3')
    'ValueError at train.py:12'
    >>> error_site("ValueError: `batch_size` is 0")
    'ValueError'
    """
    if not text.startswith("Traceback"):
        kind = _KIND.match(text)  # raised below no frame of the user's
        return kind[1] if kind else "without an exception"
    places = list(_PLACE.finditer(text))
    kind = _KIND.search(text, places[-1].end() if places else 0)
    place = f"{Path(places[-1][1]).name}:{places[-1][2]}" if places else "an unknown place"
    return f"{kind[1] if kind else 'An exception'} at {place}"


def misuse(text: str) -> str:
    r"""Why a call to the trial cannot be, by the traceback that it ended; empty for other errors.

    >>> misuse('Traceback:\n  File "/a/train.py", line 12\netude.errors.RunError: Call it once.')
    'Call it once.'
    >>> misuse("ValueError: no width 3")
    ''
    """
    _, found, message = text.rpartition(f"{RunError.__module__}.{RunError.__qualname__}: ")
    return message if found and "\n" not in message else ""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the host or on a device, whichever library says so."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _NO_MEMORY)


def is_disk(error: BaseException) -> bool:
    """Whether the disk could not be written: the machine's fault, no setting's."""
    return isinstance(error, OSError) and error.errno in _DISK


def _leave_out_ours(trace: traceback.TracebackException) -> None:
    frames = [frame for frame in trace.stack if not _is_ours(frame.filename)]
    trace.stack = traceback.StackSummary.from_list(frames)
    for cause in (trace.__cause__, trace.__context__, *(trace.exceptions or ())):
        if cause is not None:
            _leave_out_ours(cause)


def _is_ours(filename: str) -> bool:
    return filename.startswith((_HOME, "<frozen importlib"))
