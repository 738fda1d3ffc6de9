from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etude.analyze.statistics.rank_quadratic import rank_quadratic
from etude.search.quasi_random import points

NO_MARKS = np.zeros((60, 0))


def bowl(bottom: list[float], seed: int = 0, count: int = 60):
    unit_TxD = points(len(bottom), seed, count)
    return unit_TxD, ((unit_TxD - np.array(bottom)) ** 2).sum(axis=1)


@pytest.mark.parametrize(
    ("bottom", "falls"), [(0.3, False), (0.6, False), (1.2, True), (2.0, True)]
)
def test_it_falls_at_the_upper_bound_where_the_lowest_point_lies_beyond(bottom, falls):
    units_TxD, losses_T = bowl([bottom, 0.5])

    assert (rank_quadratic(units_TxD, losses_T, NO_MARKS).p_decreasing(0, 1.0) > 0.9) == falls


def test_it_rises_at_the_lower_bound_where_the_lowest_point_lies_below():
    units_TxD, losses_T = bowl([-0.3, 0.5])

    assert rank_quadratic(units_TxD, losses_T, NO_MARKS).p_increasing(0, 0.0) > 0.9


@pytest.mark.parametrize("bottom", [0.3, 0.8, 1.3])
def test_a_mirrored_axis_has_the_mirrored_answer(bottom):
    units_TxD, losses_T = bowl([bottom, 0.5], count=20)
    noisy_T = losses_T + np.random.default_rng(0).normal(0, 0.2, 20)

    plain = rank_quadratic(units_TxD, noisy_T, NO_MARKS[:20])
    mirrored = rank_quadratic(units_TxD * [-1, 1] + [1, 0], noisy_T, NO_MARKS[:20])

    assert mirrored.p_increasing(0, 0.2) == pytest.approx(plain.p_decreasing(0, 0.8))


@given(power=st.floats(0.2, 5), scale=st.floats(1e-6, 1e6))
def test_only_ranks_count(power, scale):
    units_TxD, losses_T = bowl([0.8, 0.4, 0.1])
    plain = rank_quadratic(units_TxD, losses_T, NO_MARKS)

    warped = rank_quadratic(units_TxD, scale * losses_T**power, NO_MARKS)

    assert warped.p_decreasing(0, 0.9) == pytest.approx(plain.p_decreasing(0, 0.9))


def test_an_axis_that_does_not_matter_seldom_falls_as_likely_as_not():
    drawn = [np.random.default_rng(seed).random((60, 3)) for seed in range(40)]

    falls = [
        rank_quadratic(
            each_Tx3[:, :2], (each_Tx3[:, 0] - 0.4) ** 2 + 0.2 * each_Tx3[:, 2], NO_MARKS
        ).p_decreasing(1, 1.0)
        for each_Tx3 in drawn
    ]

    assert np.mean(np.array(falls) > 0.5) <= 0.05


def test_what_a_choice_brings_is_not_taken_for_a_slope():
    units_TxD, losses_T = bowl([1.3, 0.5])
    mark_T = (np.arange(60) % 2).astype(float)

    marked = rank_quadratic(units_TxD, losses_T + 5 * mark_T, np.column_stack([mark_T, 1 - mark_T]))

    assert marked.p_decreasing(0, 1.0) > 0.9
    assert max(marked.p_decreasing(1, 1.0), marked.p_increasing(1, 0.0)) < 0.5


def test_more_trials_make_it_surer():
    found = [
        rank_quadratic(units_TxD, losses_T, np.zeros((len(losses_T), 0))).p_decreasing(0, 1.0)
        for units_TxD, losses_T in (bowl([1.1] + [0.5] * 5, 0, count) for count in (10, 40, 160))
    ]

    assert found == sorted(found)
    assert found[0] < 0.9 < 0.95 < found[-1]


def test_trials_that_broke_as_the_worst_show_the_way_too():
    units_TxD, losses_T = bowl([-0.3, 0.5], count=24)
    lost_T = units_TxD[:, 0] > 0.3
    kept = rank_quadratic(units_TxD[~lost_T], losses_T[~lost_T], NO_MARKS[: int((~lost_T).sum())])

    whole = rank_quadratic(units_TxD, np.where(lost_T, np.inf, losses_T), NO_MARKS[:24])

    assert whole.p_increasing(0, 0.0) > kept.p_increasing(0, 0.0)


@pytest.mark.parametrize("count", [3, 10, 250])
@pytest.mark.parametrize("axes", [1, 8, 14])
def test_any_number_of_trials_and_axes_has_an_answer(count, axes):
    units_TxD, losses_T = bowl([0.5] * axes, 1, count)

    found = rank_quadratic(units_TxD, losses_T, np.zeros((count, 0)))

    assert found.chance_DxP.sum(axis=1) == pytest.approx(np.ones(axes))


def test_an_axis_with_one_value_says_nothing():
    units_TxD, losses_T = bowl([0.5, 0.5])
    flat_TxD = np.column_stack([units_TxD[:, 0], np.full(60, 0.25)])

    found = rank_quadratic(flat_TxD, losses_T, NO_MARKS)

    assert max(found.p_decreasing(1, 1.0), found.p_increasing(1, 0.0)) < 0.2
