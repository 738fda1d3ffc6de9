from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.statistics.gaussian_process import lowest_points
from etude.search.quasi_random import points


def bowl(bottom, count=30, seed=0):
    unit_TxD = points(len(bottom), seed, count)
    return unit_TxD, ((unit_TxD - np.array(bottom)) ** 2).sum(axis=1)


def lowest(units_TxD, losses_T, *, marks_TxC=None, failed_FxD=None, inset=0.0):
    axes = units_TxD.shape[1]
    return lowest_points(
        units_TxD,
        losses_T,
        np.zeros((len(losses_T), 0)) if marks_TxC is None else marks_TxC,
        failed_FxD=np.zeros((0, axes)) if failed_FxD is None else np.array(failed_FxD),
        bounds_2xD=np.array([np.full(axes, inset), np.full(axes, 1.0 - inset)]),
    )


@pytest.mark.parametrize(("bottom", "there"), [(0.3, 0.0), (0.7, 0.0), (1.2, 1.0), (1.6, 1.0)])
def test_a_smooth_loss_is_lowest_at_a_bound_that_cuts_it_off_and_only_there(bottom, there):
    found = lowest(*bowl([bottom, 0.5]))

    assert found.chance(0, 0.95, 1.0) == pytest.approx(there, abs=0.05)


def test_smooth_losses_leave_nothing_to_chance_and_noise_does():
    units_TxD, losses_T = bowl([0.4, 0.5], 40)
    noisy_T = losses_T + np.random.default_rng(0).normal(0, 0.3 * np.ptp(losses_T), 40)

    assert lowest(units_TxD, losses_T).noise < 0.01 < 0.2 < lowest(units_TxD, noisy_T).noise


def test_order_unit_and_direction_change_nothing():
    units_TxD, losses_T = bowl([0.9, 0.4], 25)
    losses_T = losses_T + np.random.default_rng(1).normal(0, 0.05, 25)
    order_T = np.random.default_rng(2).permutation(25)

    plain = lowest(units_TxD, losses_T)
    other = lowest((1 - units_TxD)[order_T][:, ::-1], 7 * losses_T[order_T] - 3)

    assert other.chance(1, 0.0, 0.05) == pytest.approx(plain.chance(0, 0.95, 1.0), abs=0.01)
    assert other.chance(0, 0.5, 1.0) == pytest.approx(plain.chance(1, 0.0, 0.5), abs=0.01)


def test_where_trials_fail_nothing_is_lowest():
    units_TxD, losses_T = bowl([1.3], 20)
    inside_T = units_TxD[:, 0] < 0.6

    found = lowest(units_TxD[inside_T], losses_T[inside_T], failed_FxD=units_TxD[~inside_T])

    assert found.chance(0, 0.7, 1.0) == 0.0


def test_candidates_stay_between_the_outermost_values():
    units_TxD, losses_T = bowl([1.3, 0.5])

    found = lowest(0.1 + 0.8 * units_TxD, losses_T, inset=0.1)

    assert found.chance(0, 0.85, 0.9) > 0.9
    assert found.chance(0, 0.91, 1.0) == 0.0


def test_the_level_of_an_unordered_choice_hides_no_slope():
    units_TxD, losses_T = bowl([1.3, 0.5], 40)
    marks_TxC = np.eye(2)[np.arange(40) % 2]

    found = lowest(units_TxD, losses_T + 2 * marks_TxC[:, 0], marks_TxC=marks_TxC)

    assert found.chance(0, 0.95, 1.0) > 0.9


def test_of_many_trials_some_are_enough():
    units_TxD, losses_T = bowl([1.2, 0.5], 1000)

    assert lowest(units_TxD, losses_T).chance(0, 0.95, 1.0) > 0.9
