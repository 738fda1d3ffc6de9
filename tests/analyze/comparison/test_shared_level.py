"""A comparison with the best of several shares its level with the others."""

from __future__ import annotations

from etude.analyze.comparison import comparison
from etude.analyze.comparison.shared_level import decides_among, difference_among

# Apart at 3 %: alone that decides.
LOW = (0.98, 1.08, 0.88, 1.03, 0.93)
HIGH = (1.13, 1.2, 1.02, 1.22, 1.03)


def test_what_decides_alone_does_not_decide_as_the_best_of_five() -> None:
    result = comparison(HIGH, LOW)

    assert result.answer == "better"
    assert decides_among(result, 1)
    assert not decides_among(result, 5)


def test_the_interval_reaches_zero_where_it_does_not_decide() -> None:
    result = comparison(HIGH, LOW)
    alone, shared = difference_among(result, 1), difference_among(result, 5)

    assert (alone.low, alone.high) == (result.difference.low, result.difference.high)
    assert alone.high < 0.0 < shared.high
