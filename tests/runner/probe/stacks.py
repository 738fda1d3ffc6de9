"""The frames of a test, as a look at its thread would see them."""

from __future__ import annotations

import sys
from types import FrameType

from etude.runner.probe.frames import Stack


def here() -> Stack:
    """The frames of the caller's file alone, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    assert frame is not None
    file, stack = frame.f_code.co_filename, []
    while frame is not None and frame.f_code.co_filename == file:
        stack.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return stack
