from __future__ import annotations

import math

import numpy as np
import pytest

from etude.analyze.statistics.another_best import another_best

TEN = [0.1 * (k + 1) for k in range(10)]


def share_held(draw, trials: int, studies: int = 300) -> float:
    """How many of so many studies have the best of another one in their interval."""
    rng = np.random.default_rng(3)
    held = []
    for _ in range(studies):
        said, best = another_best(draw(rng, trials), trials), min(draw(rng, trials))
        held.append(said is not None and said.low <= best <= said.high)
    return float(np.mean(held))


@pytest.mark.parametrize("trials", [6, 20, 50])
@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, trials: rng.random(trials),
        lambda rng, trials: rng.standard_normal(trials),
        lambda rng, trials: (rng.random((trials, 4)) ** 2).sum(axis=1),
    ],
)
def test_nine_in_ten_other_studies_end_inside(draw, trials):
    assert share_held(draw, trials) >= 0.90 - 2 * (0.9 * 0.1 / 300) ** 0.5


def test_every_second_study_is_better_than_this_one():
    said = another_best(TEN, 10)

    assert said is not None
    assert said.low < said.median == min(TEN)


def test_a_much_smaller_study_is_seldom_better():
    said = another_best([0.1 * k for k in range(200)], 6)

    assert said is not None
    assert 0.0 <= said.low < said.median < said.high


def test_units_and_offsets_go_through():
    plain, moved = another_best(TEN, 10), another_best([5 * loss - 7 for loss in TEN], 10)

    assert plain is not None
    assert moved is not None
    assert (moved.low, moved.high) == pytest.approx((5 * plain.low - 7, 5 * plain.high - 7))


def test_order_changes_nothing():
    assert another_best(TEN[::-1], 10) == another_best(TEN, 10)


def test_no_end_lies_below_what_can_be():
    said = another_best(TEN, 10, floor=0.0)

    assert said is not None
    assert 0.0 <= said.low < 0.1


@pytest.mark.parametrize("finite", [0, 1, 2])
def test_two_values_have_no_tail(finite):
    assert another_best([0.1] * finite + [math.inf] * 10, 12) is None


def test_where_most_break_another_study_may_have_no_value():
    said = another_best([0.1, 0.2, 0.3] + [math.inf] * 9, 12)

    assert said is not None
    assert math.isinf(said.high)
