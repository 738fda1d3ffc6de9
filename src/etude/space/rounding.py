"""Numbers of few decimal digits: what a domain gives out, so that the unit cube gives it back.

A coordinate of the unit cube is a float, and so is a value, but the way between them is rounded at
each step. Rounded to a grid that is coarser than those errors, a value finds itself again.
"""

from __future__ import annotations

from bisect import bisect_right

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

    Made of operations that IEEE 754 rounds exactly, so that NumPy's give the same on columns.

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
