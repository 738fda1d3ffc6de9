"""Cells of a table, which are text, as the values that a whole column of them means."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...space import Scalar
from . import files

# What tables write where there is nothing; `None` may be the name of something.
_NOTHING = frozenset(("", "nan", "NaN", "NA", "N/A", "null"))
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# The store's whole numbers have 64 bits.
_MOST = 2**63 - 1


def typed(cells: Sequence[str]) -> list[Scalar | None]:
    """The values of a column: all truths, all whole, all numbers, or else all text as it stands.

    A cell that says nothing is None.

    >>> typed(["1", "", "0.5"]), typed(["1.0", ""]), typed(["1", "auto"])
    ([1.0, None, 0.5], [1, None], ['1', 'auto'])
    """
    bare = [cell.strip() for cell in cells]
    said = [cell for cell in bare if cell not in _NOTHING]
    if all(cell in _TRUTHS for cell in said):
        return [_TRUTHS.get(cell) for cell in bare]
    numbers = [_number(cell) for cell in said]
    if any(number is None for number in numbers):
        return [None if cell.strip() in _NOTHING else files.clean(cell) for cell in cells]
    if len(said) < len(bare) and all(number == int(number or 0) for number in numbers):
        numbers = [int(number or 0) for number in numbers]  # where cells are empty, pandas adds .0
    kept = iter(numbers)
    if all(isinstance(number, int) for number in numbers):
        return [None if cell in _NOTHING else next(kept) for cell in bare]
    return [None if cell in _NOTHING else float(next(kept) or 0) for cell in bare]


def whole(cell: str) -> int | None:
    """The whole number of a cell, `2735018057.0` too; None for anything else.

    >>> whole("7"), whole("7.0"), whole("7.5"), whole("seven")
    (7, 7, None, None)
    """
    try:
        number = int(cell)
    except ValueError:  # a float, or nothing
        real = _number(cell.strip())
        if real is None or real != int(real):
            return None
        number = int(real)
    return number if abs(number) <= _MOST else None


def duration(cell: str) -> float:
    """Seconds; 0 where none are said."""
    seconds = _number(cell.strip())
    return float(seconds) if seconds is not None and seconds > 0 else 0.0


def _number(cell: str) -> int | float | None:
    """A finite number; None for what is none, and for `1_000`, which is one to Python alone."""
    if "_" in cell:
        return None
    try:
        number = int(cell)
        return number if abs(number) <= _MOST else float(number)
    except (ValueError, OverflowError):
        pass
    try:
        real = float(cell)
    except ValueError:
        return None
    return real if math.isfinite(real) else None
