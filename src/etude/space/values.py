"""Values of a setting: what they may be, and how they are written."""

from __future__ import annotations

import sys
from numbers import Integral
from numbers import Real as AnyReal
from typing import Any, TypeAlias, TypeGuard

Scalar: TypeAlias = bool | int | float | str


def value_text(value: Scalar) -> str:
    """A value as TOML writes it, but texts without quotes: what conditions compare and names show.

    >>> value_text(True), value_text("adam"), value_text(0.1)
    ('true', 'adam', '0.1')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(plain(value))


def plain(value: Any) -> Any:
    """The value in Python's own type where its type only derives from it, as NumPy's float64 does.

    >>> class Width(int): ...
    >>> plain(Width(8))
    8
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, AnyReal):
        return float(value)
    return str.__str__(value) if isinstance(value, str) else value


def is_number(value: object) -> TypeGuard[float]:
    """Whether `value` is a finite number; booleans are not numbers here."""
    if isinstance(value, bool) or not isinstance(value, AnyReal):
        return False
    return bool(abs(plain(value)) <= sys.float_info.max)


def is_scalar(value: object) -> TypeGuard[Scalar]:
    """Whether `value` is a text, a boolean or a finite number: what a setting may hold."""
    return isinstance(value, bool | str) or is_number(value)
