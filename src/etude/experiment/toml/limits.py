"""Limits of a text that TOML allows and no experiment needs; nothing behind has to survive it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .scan import most_steps

# Twenty conditions, one on the other, and room to spare.
MAX_DEPTH = 64
# The parser takes the square of their number in time.
MAX_STEPS = 200
_MESSAGE = 1000


def is_too_deep(data: Any) -> bool:
    """Whether tables and lists are nested deeper than `MAX_DEPTH`."""
    level = [data]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _inner(outer)]
    return bool(level)


def has_endless_key(text: str) -> bool:
    """Whether a key has hundreds of steps, so that it is not worth to parse."""
    return most_steps(text) > MAX_STEPS


def shortened(message: str) -> str:
    """The message without the middle, where what was found is longer than anyone reads."""
    half = _MESSAGE // 2
    return message if len(message) <= _MESSAGE else f"{message[:half]} ... {message[-half:]}"


def deepest_line(text: str) -> int:
    """The line with the most signs that nest."""
    depths = [sum(line.count(sign) for sign in "[{.") for line in text.split("\n")]
    return 1 + depths.index(max(depths))


def _inner(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
