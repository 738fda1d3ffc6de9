"""Rounding to few decimal digits: of what a domain gives out, and of what a person reads.

A coordinate of the unit cube is a float, and so is a value, but the way between them is rounded at
each step. Rounded to decimals that are coarser than those errors, a value comes back as it was.
"""

from __future__ import annotations

from bisect import bisect_right
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

LEAST = -323
# As decimal text, so that each is the float nearest to the power of ten.
POWERS = tuple(float(f"1e{n}") for n in range(LEAST, 309))
# 10**22 is the largest that a float holds exactly: divided by it, a whole number becomes the float
# nearest to the decimal, which reads well.
EXACT = 22
MOST = EXACT + 308


def exponent(value: float) -> int:
    """The power of ten at or below a positive value, without the rounding of a logarithm.

    >>> exponent(0.001), exponent(999.0)
    (-3, 2)
    """
    return max(bisect_right(POWERS, value) - 1, 0) + LEAST


def rounded(value: float, decimals: int) -> float:
    """The value at this many decimals, fewer than none for tens and hundreds.

    Made of operations that IEEE 754 rounds exactly, so that NumPy's give the same on arrays.

    >>> rounded(0.123456, 3), rounded(123456.0, -3)
    (0.123, 123000.0)
    """
    if decimals < 0:
        return round(value / power(-decimals)) * power(-decimals)
    first, second = power(min(decimals, EXACT)), power(min(max(decimals, EXACT), MOST) - EXACT)
    return round(value * first * second) / first / second


def power(n: int) -> float:
    """Ten to the n-th; 0 below what a float holds."""
    return POWERS[n - LEAST] if n >= LEAST else 0.0


def two_digits(value: float, *, up: bool) -> float:
    """The value at two significant digits, one where that changes it by less than a twentieth.

    >>> two_digits(0.0987, up=True), two_digits(0.3162, up=True), two_digits(0.3162, up=False)
    (0.1, 0.32, 0.31)
    """
    value = ten_digits(value)
    one_digit = _significant(value, 1, up=up)
    is_near = abs(one_digit - value) < 0.05 * abs(value)
    return one_digit if is_near else _significant(value, 2, up=up)


def digits_of(value: float, digits: int, *, up: bool) -> float:
    """The value at so many significant digits, rounded up or down.

    >>> digits_of(0.43567, 3, up=True), digits_of(0.43567, 3, up=False)
    (0.436, 0.435)
    """
    return _significant(ten_digits(value), digits, up=up)


def ten_digits(value: float) -> float:
    """The value at ten significant digits.

    That is without the noise of floating point, which would push a round number to the next one.

    >>> ten_digits(0.1 + 0.2)
    0.3
    """
    return float(f"{value:.10g}")


def four_digits(value: float) -> float:
    """The value at four significant digits, as a file that a person reads has a proposed rate.

    >>> four_digits(0.009999999999), four_digits(0.123456)
    (0.01, 0.1235)
    """
    return float(f"{value:.4g}")


def _significant(value: float, digits: int, *, up: bool) -> float:
    if value == 0:
        return 0.0
    exact = Decimal(repr(value))
    unit = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    direction = ROUND_CEILING if up else ROUND_FLOOR
    return float((exact / unit).to_integral_value(direction) * unit)
