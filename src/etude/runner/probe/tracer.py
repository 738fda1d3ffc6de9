"""The tracer: which of a dozen steps wait for a device, and how large what they hold is."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, final

from .accelerator import is_asynchronous
from .frames import is_users, waits_by_name, waits_by_text
from .messages import Shapes

# Heuristic: variables of a step are few; who has more is looked at in part.
_MOST_SHAPES = 400
# What has a length that says how many examples a step holds.
_SIZED = (list, tuple, range)


@final
class Tracer:
    """Follows the thread that it is started in, line by line in the user's own code."""

    def __init__(self) -> None:
        """Follows nothing yet."""
        self._steps: list[bool] = []
        self._waits = False
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._users: dict[CodeType, bool] = {}

    @property
    def steps(self) -> int:
        """How many were followed."""
        return len(self._steps)

    @property
    def synchronized(self) -> float:
        """The share of steps that waited for a device."""
        return sum(self._steps) / len(self._steps) if self._steps else 0.0

    @property
    def shapes(self) -> Shapes:
        """Of the user's variables, by file and name."""
        return tuple(sorted(self._shapes.items()))

    def start(self, frame: FrameType | None) -> None:
        """Begins to follow, in the frames that run already too."""
        sys.settrace(self._call)
        while frame is not None:
            if self._is_users(frame.f_code):
                frame.f_trace = self._line
            frame = frame.f_back

    def step(self, frame: FrameType | None) -> None:
        """Notes that a step is done; what the frames around hold is what it worked with."""
        self._steps.append(self._waits)
        self._waits = False
        while frame is not None:
            if self._is_users(frame.f_code):
                self._look_at(frame)
            frame = frame.f_back

    def stop(self, frame: FrameType | None) -> None:
        """Ends it."""
        sys.settrace(None)
        while frame is not None:
            frame.f_trace = None
            frame = frame.f_back

    def _is_users(self, code: CodeType) -> bool:
        if code not in self._users:
            self._users[code] = is_users(code)
        return self._users[code]

    def _call(self, frame: FrameType, event: str, argument: object) -> Any:
        del event, argument
        if self._is_users(frame.f_code):
            return self._line
        self._waits = self._waits or waits_by_name(frame.f_code)
        return None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        del argument
        if event == "return":
            self._look_at(frame)
        elif event == "line" and is_asynchronous():
            waits = waits_by_text(frame.f_code.co_filename, frame.f_lineno)
            self._waits = self._waits or waits
        return self._line

    def _look_at(self, frame: FrameType) -> None:
        where = f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}"
        for name, value in list(frame.f_locals.items()):
            if len(self._shapes) >= _MOST_SHAPES:
                return
            for part, shape in _parts(name, value):
                self._note(f"{where}:{part}", shape)

    def _note(self, name: str, shape: tuple[int, ...]) -> None:
        """Keeps the largest: the last batch of an epoch may be a part of one."""
        before = self._shapes.get(name, ())
        if len(before) == len(shape):
            shape = tuple(map(max, before, shape))
        self._shapes[name] = shape


def _parts(name: str, value: Any) -> list[tuple[str, tuple[int, ...]]]:
    """The size of each axis of a value, and of the parts of a batch."""
    shape = _shape(value)
    if shape is not None:
        return [(name, shape)]
    if isinstance(value, Mapping):
        return [(f"{name}.{key}", it) for key, part in value.items() if (it := _shape(part))]
    if not isinstance(value, _SIZED):
        return []
    inner = [(f"{name}.{at}", it) for at, part in enumerate(value[:8]) if (it := _shape(part))]
    return [(name, (len(value),)), *inner]


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of an array of any library; None for what is none."""
    try:
        shape = getattr(value, "shape", None)
        return tuple(map(int, shape)) if isinstance(shape, tuple) else None
    except Exception:  # noqa: BLE001  # an object of a user's may do anything when it is asked
        return None
