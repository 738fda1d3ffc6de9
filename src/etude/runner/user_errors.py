"""User errors: the user's own traceback without our frames, and what an exception comes from."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import traceback
from pathlib import Path

from ..errors import RunError
from ..playbook.error_kinds import CODE_KINDS
from ..text.signs import text_of

_HOME = f"{Path(__file__).parent.parent}{os.sep}"
# What stands between the user's line and the reason, when a module is imported.
_MACHINERY = ("<frozen importlib", str(importlib.__file__), str(argparse.__file__))
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
# CUDA and most others, XLA, and PyTorch on a processor.
_NO_MEMORY = ("out of memory", "resource_exhausted", "allocate memory")


def user_traceback(error: BaseException) -> str:
    """The traceback as the user's code made it, without our frames."""
    try:
        trace = traceback.TracebackException.from_exception(error)
        _leave_out_ours(trace)
        return "".join(trace.format() if trace.stack else trace.format_exception_only()).rstrip()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  # of attributes that an exception's own class computes
        return _plain_traceback(error)


def _plain_traceback(error: BaseException) -> str:
    """The traceback of an exception that Python's own writer cannot read: its place and kind."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)
    ]
    head = ["Traceback (most recent call last):\n"] if frames else []
    lines = traceback.StackSummary.from_list(frames).format()
    return "".join([*head, *lines, f"{type(error).__qualname__}: {text_of(error)}"])


def base_note(error: BaseException) -> str:
    """What an exception of the user's own is by its kind, where its name does not tell."""
    names = [kind.__name__ for kind in type(error).__mro__]
    known = next((name for name in names[1:] if name in CODE_KINDS), "")
    if not known or names[0] in CODE_KINDS:
        return ""
    return f"\n({names[0]} is {'an' if known[0] in 'AEIOU' else 'a'} {known}.)"


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
    text = text_of(error).lower()
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
    return filename.startswith((_HOME, *_MACHINERY))
