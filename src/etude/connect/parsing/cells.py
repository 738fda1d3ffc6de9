"""Cells of a table, which are text, become values; their whole column decides the type."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...space import Scalar
from . import files

# What tables write into an empty cell; `None` may be the name of something.
_EMPTY = frozenset(("", "nan", "NaN", "NA", "N/A", "null"))
_TRUTHS = {"true": True, "false": False}
_ANSWERS = frozenset(("yes", "no", "on", "off"))
# The store's whole numbers have 64 bits.
_LARGEST = 2**63 - 1


def column_values(cells: Sequence[str]) -> list[Scalar | None]:
    """The values of a column: all truths, all whole numbers, all numbers, or else all text.

    An empty cell is None. `Yes` and `yes`, of people who filled in a form, are one value.

    >>> column_values(["1", "", "0.5"]), column_values(["1.0", ""]), column_values(["1", "auto"])
    ([1.0, None, 0.5], [1, None], ['1', 'auto'])
    """
    stripped = [cell.strip() for cell in cells]
    filled = [cell for cell in stripped if cell not in _EMPTY]
    if all(cell.casefold() in _TRUTHS for cell in filled):
        return [_TRUTHS.get(cell.casefold()) for cell in stripped]
    numbers = [_number(cell) for cell in filled]
    if filled and all(cell.casefold() in _ANSWERS for cell in filled):
        return [None if cell in _EMPTY else cell.casefold() for cell in stripped]
    if any(number is None for number in numbers):
        return [None if cell.strip() in _EMPTY else files.clean(cell) for cell in cells]
    if len(filled) < len(stripped) and all(number == int(number or 0) for number in numbers):
        numbers = [int(number or 0) for number in numbers]  # where cells are empty, pandas adds .0
    values = iter(numbers)
    if all(isinstance(number, int) for number in numbers):
        return [None if cell in _EMPTY else next(values) for cell in stripped]
    return [None if cell in _EMPTY else float(next(values) or 0) for cell in stripped]


def whole_number(cell: str) -> int | None:
    """The whole number of a cell, `2735018057.0` too; None for anything else.

    >>> whole_number("7"), whole_number("7.0"), whole_number("7.5"), whole_number("seven")
    (7, 7, None, None)
    """
    try:
        number = int(cell)
    except ValueError:  # a float, or nothing
        real = _number(cell.strip())
        if real is None or real != int(real):
            return None
        number = int(real)
    return number if abs(number) <= _LARGEST else None


def seconds(cell: str) -> float:
    """The seconds of a cell; 0 where it holds none."""
    number = _number(cell.strip())
    return float(number) if number is not None and number > 0 else 0.0


def _number(cell: str) -> int | float | None:
    """A finite number; None for any other text, and for `1_000`, which only Python reads."""
    if "_" in cell:
        return None
    try:
        number = int(cell)
        return number if abs(number) <= _LARGEST else float(number)
    except (ValueError, OverflowError):
        pass
    try:
        real = float(cell)
    except ValueError:
        return None
    return real if math.isfinite(real) else None
