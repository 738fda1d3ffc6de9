"""Values as a space names them: 16.0 is its 16, "1" its 1, and 3 may lie outside of it."""

from __future__ import annotations

from ...space import Choice, Domain, Integer, Scalar, is_number, value_text


def matched(domain: Domain, value: Scalar) -> Scalar | None:
    """The value of the domain that this one is; None where the domain does not hold it.

    >>> matched(Integer(1, 32), 16.0), matched(Choice(["1", "2"]), 1), matched(Integer(1, 32), 40)
    (16, '1', None)
    """
    if isinstance(domain, Choice):
        return next((one for one in domain.values if is_same(one, value)), None)
    if not is_number(value) or not domain.low <= value <= domain.high:
        return None
    if isinstance(domain, Integer):
        return int(value) if value == int(value) else None
    return float(value)


def is_same(left: Scalar, right: Scalar) -> bool:
    """Whether two values mean the same where only their text may be known."""
    if value_text(left) == value_text(right):
        return True
    return is_number(left) and is_number(right) and left == right
