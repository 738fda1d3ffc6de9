"""The hypergeometric distribution: hits in a draw without replacement."""

from __future__ import annotations

import math


def upper_tail(hits: int, *, drawn: int, hit_items: int, items: int) -> float:
    """The probability of `hits` or more in a draw of `drawn` from `items`, `hit_items` hits.

    Each draw is as likely as the others: the upper tail of the hypergeometric distribution.

    Source: C1, C3, Q10.

    >>> round(upper_tail(2, drawn=2, hit_items=2, items=4), 6)
    0.166667
    """
    # At least `drawn - (items - hit_items)` are hits, as only so many have room elsewhere.
    fewest = max(hits, drawn - (items - hit_items))
    total = last = 0.0
    for count in range(fewest, min(hit_items, drawn) + 1):
        term = math.exp(
            _log_comb(hit_items, count)
            + _log_comb(items - hit_items, drawn - count)
            - _log_comb(items, drawn)
        )
        total += term
        # The terms rise to one peak and fall; beyond it, what is left soon adds nothing.
        if term < last and term < 1e-17 * total:
            break
        last = term
    return total


def _log_comb(items: int, drawn: int) -> float:
    """The logarithm of the number of ways to draw so many items."""
    return math.lgamma(items + 1) - math.lgamma(drawn + 1) - math.lgamma(items - drawn + 1)
