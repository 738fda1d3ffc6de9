"""The attempt that trains a trial now, written down beside its checkpoints.

A worker that cannot be reached may train on, on a machine of its own. What it writes must not stand
in the place of what the worker after it writes, so both look here before they put a checkpoint in
its place.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from .rights import make_folder

_NAME = "attempt"


def begin_attempt(checkpoints: Path, attempt: str) -> None:
    """Writes down that this attempt trains the trial, and no other one.

    Raises:
        OSError: where it cannot be written.
    """
    make_folder(checkpoints)
    # Not synced: after a power cut nobody trains.
    (checkpoints / _NAME).write_text(attempt, encoding="utf-8")


def end_attempt(checkpoints: Path) -> None:
    """Writes down that no attempt trains the trial; a folder without a checkpoint goes too."""
    with suppress(OSError):
        (checkpoints / _NAME).unlink()
        checkpoints.rmdir()


def is_attempt(checkpoints: Path, attempt: str) -> bool:
    """Whether this attempt is the one that is written down."""
    try:
        return (checkpoints / _NAME).read_text(encoding="utf-8") == attempt
    except OSError:
        return False


def refuse_old_attempt(checkpoints: Path, attempt: str) -> None:
    """Refuses to write for an attempt that another one has taken the place of.

    Raises:
        OSError: that says so.
    """
    if not is_attempt(checkpoints, attempt):
        reason = "another worker trains this trial by now"
        raise OSError(errno.ESTALE, reason, os.fspath(checkpoints))
