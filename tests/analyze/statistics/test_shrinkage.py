"""The empirical Bayes estimate: the luck of the best mean is taken off it."""

from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.statistics.shrinkage import shrinkage


def drawn(between: float, *, draws: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """truth_DxK and values_DxKxR of three settings, five trainings each, noise of 1."""
    rng = np.random.default_rng(5)
    truth = rng.normal(0.0, between, (draws, 3))
    return truth, truth[:, :, None] + rng.normal(0.0, 1.0, (draws, 3, 5))


def optimism(between: float) -> tuple[float, float]:
    """By how much the winner's mean, and its expected value, are too good, on average."""
    truth, values = drawn(between)
    winners = values.mean(axis=2).argmin(axis=1)
    by_mean, by_estimate = [], []
    for true_K, group_KxR, winner in zip(truth, values, winners, strict=True):
        estimate = shrinkage(group_KxR.tolist())
        assert estimate is not None
        by_mean.append(true_K[winner] - group_KxR[winner].mean())
        by_estimate.append(true_K[winner] - estimate.expected[winner])
    return float(np.mean(by_mean)), float(np.mean(by_estimate))


def test_settings_that_differ_by_luck_alone_are_all_expected_at_their_common_mean():
    estimate = shrinkage([[1.0, 3.0], [2.0, 4.0], [1.5, 3.5]])

    assert estimate.between_sd == 0.0
    assert estimate.expected == pytest.approx([2.5, 2.5, 2.5])


def test_settings_far_apart_keep_their_means():
    estimate = shrinkage([[1.0, 1.1, 0.9], [5.0, 5.1, 4.9]])

    assert estimate.expected == pytest.approx([1.0, 5.0], abs=0.01)


def test_the_formula_is_that_of_the_analysis_of_variance():
    estimate = shrinkage([[0.0, 2.0], [4.0, 6.0]])

    # MSW = 2, MSB = 16, n_0 = 2: s_b^2 = 7 and B = 7 / (7 + 1).
    assert estimate.within_sd**2 == pytest.approx(2.0)
    assert estimate.between_sd**2 == pytest.approx(7.0)
    assert estimate.weights == pytest.approx([7 / 8, 7 / 8])
    assert estimate.expected == pytest.approx([3 - 7 / 4, 3 + 7 / 4])


def test_a_setting_trained_less_often_is_drawn_further():
    few, many = shrinkage([[1.0, 3.0], [4.0, 6.0] * 5]).weights

    assert few < many


@pytest.mark.parametrize("groups", [[], [[1.0, 2.0]], [[1.0], [2.0]], [[1.0, 2.0], []]])
def test_without_two_settings_and_their_noise_nothing_is_estimated(groups):
    assert shrinkage(groups) is None


def test_trainings_without_noise_stand_for_themselves():
    assert shrinkage([[1.0, 1.0], [2.0, 2.0]]).expected == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize("between", [0.0, 0.5, 1.0])
def test_the_winner_is_flattered_less_than_by_its_mean(between):
    by_mean, by_estimate = optimism(between)

    assert by_mean > 0.1
    assert abs(by_estimate) < by_mean / 2
