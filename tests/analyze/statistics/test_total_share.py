"""The interval of a total share, against shares that are known."""

from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.statistics.effects import basis, scores
from etude.analyze.statistics.total_share import total_shares

FACTORS = {"alone": (0.0, 1.0), "half and half": (0.5, 0.5), "together": (1.0, 0.0)}


def study(seed, trials, *, share, kind="alone", noise=0.3):
    """Units of three axes, and a response in which the first has this total share."""
    rng = np.random.default_rng(seed)
    unit_TxD = rng.uniform(size=(trials, 3))
    line_TxD = np.sqrt(12) * (unit_TxD - 0.5)
    product, alone = FACTORS[kind]
    effect_T = np.sqrt(share) * (
        np.sqrt(alone) * line_TxD[:, 0] + np.sqrt(product) * line_TxD[:, 0] * line_TxD[:, 1]
    )
    rest_T = np.sqrt(1 - share - noise) * line_TxD[:, 1]
    return unit_TxD, effect_T + rest_T + np.sqrt(noise) * rng.normal(size=trials)


def bounds(unit_TxD, values_T, seed=0):
    bases = [basis(unit_T, ordered=True) for unit_T in unit_TxD.T]
    return total_shares(scores(values_T), bases, margin=0.1, max_chance=0.025, seed=seed)


@pytest.mark.parametrize("kind", FACTORS)
@pytest.mark.parametrize("share", [0.1, 0.2])
def test_the_upper_bound_is_seldom_below_the_truth(kind, share):
    below = [
        bounds(*study(seed, 50, share=share, kind=kind))[0].high < share for seed in range(100)
    ]

    # 2.5 %, and two standard errors of a hundred.
    assert sum(below) <= 6


def test_most_of_what_has_no_effect_is_excluded_with_a_hundred_settings():
    excluded = [bounds(*study(seed, 100, share=0.0))[0].high <= 0.1 for seed in range(40)]

    assert np.mean(excluded) >= 0.6


def test_more_settings_exclude_more():
    excluded = [
        np.mean([bounds(*study(seed, trials, share=0.0))[0].high <= 0.1 for seed in range(40)])
        for trials in (20, 50, 100)
    ]

    assert excluded == sorted(excluded)


def test_a_large_effect_lies_within_its_bounds():
    own = bounds(*study(0, 100, share=0.6))[0]

    assert 0.3 < own.low < own.high


def test_the_order_of_axes_and_their_direction_play_no_part():
    unit_TxD, values_T = study(3, 40, share=0.2)
    turned_TxD = np.stack([1 - unit_TxD[:, 2], unit_TxD[:, 0], unit_TxD[:, 1]], axis=1)

    plain, turned = bounds(unit_TxD, values_T), bounds(turned_TxD, values_T)

    assert [turned[1], turned[2], turned[0], turned[3]] == plain


def test_the_order_of_trials_plays_no_part():
    unit_TxD, values_T = study(3, 40, share=0.2)
    order = np.random.default_rng(0).permutation(40)

    assert bounds(unit_TxD[order], values_T[order]) == bounds(unit_TxD, values_T)


def test_an_axis_of_one_value_is_not_known():
    unit_TxD, values_T = study(0, 40, share=0.2)
    unit_TxD[:, 2] = 0.5

    alone = bounds(unit_TxD, values_T)[2]

    assert (alone.low, alone.high, alone.power) == (0.0, 1.0, 0.0)
