from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.views.aligned import (
    aligned,
    binned,
    ending,
    gained,
    levelled,
    noises,
)
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.record import POINT, Points, Series

from ..traced import METRIC, finished, long_study


def curves(**series):
    """A trial with these (step, value) pairs, `train__loss` for `train/loss`."""
    study = long_study()
    names = tuple(name.replace("__", "/") for name in series)
    rows = [
        (step, code, value) for code, pairs in enumerate(series.values()) for step, value in pairs
    ]
    record = finished(study, 0, {})
    points = Points(np.array(rows, dtype=POINT), names)
    return aligned(
        trial_curves(study, outcomes(study, [type(record)(**{**vars(record), "points": points})]))[
            0
        ]
    )


def test_a_loss_logged_more_often_counts_with_its_mean_since_the_evaluation_before():
    found = curves(
        valid__error=[(2, 0.5), (5, 0.4)],
        train__loss=[(step, float(step)) for step in range(6)],
    )

    assert found.names == (METRIC, "train/loss")
    assert found.levels_SxE.tolist() == [[0.5, 0.4], [1.0, 4.0]]


def test_a_loss_that_mostly_lacks_is_left_out():
    found = curves(valid__error=[(step, 0.5) for step in range(6)], train__loss=[(0, 1.0)])

    assert found.names == (METRIC,)
    assert len(found) == 6


def test_only_evaluations_at_which_all_is_finite_are_kept():
    losses = [1.0, float("nan"), float("inf"), 0.5, 0.4, 0.3]

    found = curves(
        valid__error=[(step, 0.5) for step in range(6)], train__loss=list(enumerate(losses))
    )

    assert found.steps_E.tolist() == [0, 3, 4, 5]


def test_noise_is_that_of_normal_values_around_a_course():
    values_E = np.linspace(3.0, 1.0, 4000) + 0.1 * np.random.default_rng(0).normal(size=4000)

    assert noises(values_E[None, :])[0] == pytest.approx(0.1, rel=0.1)


def test_noise_is_no_less_than_the_rounding_of_the_metric():
    values_E = np.array([0.3, 0.3, 0.3, 0.3, 0.2975, 0.2975, 0.2975, 0.2975])

    assert noises(values_E[None, :])[0] == pytest.approx(0.0025 / 12**0.5)


def test_what_is_lost_after_the_best_is_no_part_of_the_gain():
    assert gained(np.array([4.0, 3.0, 2.0, 1.0, 0.0, 9.0])) == pytest.approx(3.0)
    assert np.isnan(gained(np.array([0.0, 1.0, 2.0])))


def test_one_odd_value_moves_neither_the_level_nor_the_end():
    values_E = np.array([1.0] * 30)
    values_E[[10, 29]] = 0.0

    level_E, _ = levelled(values_E)

    assert level_E.min() == 1.0
    assert ending(values_E) == 1.0


def test_a_long_series_is_averaged_over_stretches():
    found = binned("x", Series(np.arange(100), np.arange(100.0)), most=10)

    assert found.steps_E.tolist() == [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]
    assert found.levels_SxE[0][0] == pytest.approx(4.5)
