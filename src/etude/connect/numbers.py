"""Numbers as JSON and SQLite hold them."""

from __future__ import annotations


def real(value: object) -> float | None:
    """A number as a float; None for what is no number, or is beyond all floats.

    >>> real(3), real(True), real("3"), real(10**400)
    (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
