from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etude.analyze.surface import surface
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

    assert (surface(units_TxD, losses_T, NO_MARKS).falls(0, 1.0) > 2) == falls


def test_it_rises_at_the_lower_bound_where_the_lowest_point_lies_below():
    units_TxD, losses_T = bowl([-0.3, 0.5])

    assert surface(units_TxD, losses_T, NO_MARKS).falls(0, 0.0) < -2


@given(power=st.floats(0.2, 5), scale=st.floats(1e-6, 1e6))
def test_only_ranks_count(power, scale):
    units_TxD, losses_T = bowl([0.8, 0.4, 0.1])
    plain = surface(units_TxD, losses_T, NO_MARKS)

    warped = surface(units_TxD, scale * losses_T**power, NO_MARKS)

    assert warped.falls(0, 0.9) == pytest.approx(plain.falls(0, 0.9))


def test_an_axis_that_does_not_matter_leans_no_more_than_by_chance():
    drawn = [(points(2, seed, 60), np.random.default_rng(seed).random(60)) for seed in range(40)]

    leans = [
        surface(units_TxD, (units_TxD[:, 0] - 0.4) ** 2 + 0.2 * noise_T, NO_MARKS).leans(1)
        for units_TxD, noise_T in drawn
    ]

    assert np.mean(np.abs(leans) > 2) <= 0.1


def test_what_a_choice_brings_is_not_taken_for_a_slope():
    units_TxD, losses_T = bowl([1.3, 0.5])
    mark_T = (np.arange(60) % 2).astype(float)
    plain = surface(units_TxD, losses_T, NO_MARKS)

    marked = surface(units_TxD, losses_T + 5 * mark_T, np.column_stack([mark_T, 1 - mark_T]))

    assert marked.falls(0, 0.95) == pytest.approx(plain.falls(0, 0.95), rel=0.5)


@pytest.mark.parametrize("count", [3, 10, 250])
@pytest.mark.parametrize("axes", [1, 8, 14])
def test_any_number_of_trials_and_axes_has_an_answer(count, axes):
    units_TxD, losses_T = bowl([0.5] * axes, 1, count)

    found = surface(units_TxD, losses_T, np.zeros((count, 0)))

    assert np.isfinite([found.falls(axis, 1.0) for axis in range(axes)]).all()


def test_an_axis_with_one_value_has_an_answer():
    units_TxD, losses_T = bowl([0.5, 0.5])
    flat_TxD = np.column_stack([units_TxD[:, 0], np.full(60, 0.25)])

    assert abs(surface(flat_TxD, losses_T, NO_MARKS).leans(1)) < 0.5
