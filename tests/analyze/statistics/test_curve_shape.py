from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.statistics.curve_shape import jumps, lowest, regular
from etude.analyze.views.curves import cut_short, trial_curves, without_end
from etude.analyze.views.outcomes import outcomes
from etude.record import Series

from ..traced import METRIC, at, finished, long_study, noise

STEPS = np.arange(200)


@pytest.mark.parametrize("curve", [0.0 * STEPS, 3.0 - STEPS, 1e6 + (STEPS - 70.0) ** 2])
def test_what_bends_is_no_jump(curve):
    assert jumps(STEPS, curve) == 0.0


def test_jumps_have_the_sd_of_the_noise_on_a_trend():
    curve = 7.0 - 0.1 * STEPS + 0.25 * noise(0, 200)

    assert jumps(STEPS, curve) == pytest.approx(0.25, rel=0.1)


def test_jumps_of_four_values_are_unknown():
    assert np.isnan(jumps(STEPS[:4], np.ones(4)))


def test_first_and_last_interval_need_not_be_regular():
    assert regular(np.array([1, 100, 200, 300, 307]), tolerance=0.1, share=1.0)


@pytest.mark.parametrize("steps", [[], [0], [0, 1], [0, 1, 2, 40, 41, 42]])
def test_what_has_no_steady_interval_is_not_regular(steps):
    assert not regular(np.array(steps, dtype=np.int64), tolerance=0.1, share=0.9)


def test_the_first_of_equal_lows_counts_and_nan_does_not():
    series = Series(np.arange(5), np.array([np.nan, 2.0, 1.0, 1.0, -np.inf]))

    assert lowest(series) == 2


def test_a_stopped_trial_has_no_end():
    study = long_study()
    record = finished(study, 0, {METRIC: at()}, status="stopped", reason="time_limit")

    assert without_end(trial_curves(study, outcomes(study, [record]))[0]) == (
        "it was stopped (`time_limit`) before its last step"
    )


def test_how_much_of_the_training_is_missing_is_said():
    study = long_study()
    trace = trial_curves(study, outcomes(study, [finished(study, 0, {METRIC: at()})]))[0]

    assert (
        cut_short(trace, np.array([0, 1_249]), 0.9) == "it ends after 1,250 of 5,000 steps (25 %)"
    )
