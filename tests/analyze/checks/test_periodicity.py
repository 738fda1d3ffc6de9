from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.checks.periodicity import findings, periodicity
from etude.analyze.checks.periodicity_rhythm import autocorrelation, detrended

from ..traced import METRIC, at, long_study, noise, traced

COUNT = 80
FALL = 1.0 / (1.0 + 10.0 * at(COUNT))


def judged(*curves, **given):
    study = long_study()
    return periodicity(study, traced(study, *curves, **given))


def rhythm(period, count=COUNT):
    return 0.05 * np.sin(2.0 * np.pi * np.arange(count) / period)


@pytest.mark.rule("E6")
@pytest.mark.parametrize("period", [4, 5, 8, 13])
def test_a_rhythm_on_a_falling_curve_is_noticed_with_its_period(period):
    curve = FALL + rhythm(period) + 0.02 * noise(0, COUNT)

    found = judged({METRIC: curve}).trials[0]

    assert found.status == "notice"
    assert found.rhythm.lag % period in (0, 1, period - 1)


def test_the_finding_speaks_of_evaluations_steps_and_schedules():
    found = findings(judged({METRIC: FALL + rhythm(8)}))[0]

    assert (found.rule, found.check) == ("E6", "periodicity")
    assert found.evidence["period_evaluations"] == 8
    assert found.evidence["period_steps"] == 8 * 62
    assert "if 496 steps are an epoch, else at the schedule" in found.advice


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_noise_has_no_period_even_with_a_memory(seed, memory):
    kicks = noise(seed, COUNT)
    wander = [kicks[: k + 1] @ memory ** np.arange(k, -1, -1) for k in range(COUNT)]

    assert judged({METRIC: FALL + 0.01 * np.array(wander)}).trials[0].status == "ok"


@pytest.mark.parametrize("curve", [FALL, np.exp(-20.0 * at(COUNT)), 0.0 * FALL, at(COUNT) ** 3])
def test_a_smooth_curve_has_no_period(curve):
    assert judged({METRIC: curve}).trials[0].status == "ok"


def test_two_glitches_are_no_period():
    curve = FALL + 0.01 * noise(1, COUNT)
    curve[[40, 55]] += 3.0

    assert judged({METRIC: curve}).trials[0].status == "ok"


def test_a_training_loss_known_only_at_evaluations_is_measured_on_samples():
    sampled = {METRIC: FALL, "train/loss": FALL + rhythm(8)}

    found = findings(judged(sampled))[0]

    assert found.status == "ok"
    assert "measured on samples" in found.message


def test_a_training_loss_of_the_batches_themselves_alarms():
    dense = {METRIC: FALL, "train/loss": 1.0 + rhythm(25, 500)}

    found = judged(dense).trials[0]

    assert (found.status, found.rhythm.metric, found.rhythm.lag) == ("notice", "train/loss", 25)


def test_irregular_evaluations_are_unclear():
    steps = np.cumsum(np.tile([10, 30], COUNT // 2)).tolist()

    found = findings(judged({METRIC: FALL + rhythm(8)}, steps=steps))[0]

    assert found.status == "unclear"
    assert "not at regular steps" in found.message


def test_few_evaluations_are_unclear():
    assert judged({METRIC: FALL[:20]}).trials[0].status == "unclear"


def test_a_cubic_leaves_nothing_to_correlate():
    left = detrended(at(50) ** 3 - at(50))

    assert not left.any()
    assert not autocorrelation(left, 10).any()


def test_the_autocorrelation_of_a_sine_is_its_cosine():
    found = autocorrelation(rhythm(8, 800), 8)

    assert found == pytest.approx(np.cos(2.0 * np.pi * np.arange(9) / 8), abs=0.01)


def epochs(period, *, per_step=True):
    """Epochs done at each of the evaluations, one epoch in so many of them."""
    return (np.arange(COUNT) + 1.0) / period


@pytest.mark.rule("E6")
def test_the_period_of_an_epoch_is_looked_for_where_its_length_is_known():
    curve = {METRIC: FALL + rhythm(8) + 0.025 * noise(3, COUNT), "epoch": epochs(8)}

    found = findings(judged(curve))[0]

    assert found.status == "notice"
    assert "an epoch" in found.message
    assert "shuffled anew each epoch" in found.advice


@pytest.mark.parametrize("few", [2, 3])
def test_few_evaluations_an_epoch_hide_no_rhythm_of_epochs(few):
    shape = {2: [0.06, -0.06], 3: [0.06, 0.0, -0.06]}[few]
    pattern = np.resize(shape, COUNT)
    curve = {METRIC: FALL + pattern + 0.015 * noise(3, COUNT), "epoch": epochs(few)}

    found = findings(judged(curve))[0]

    assert found.status == "notice"
    assert "returns every epoch" in found.headline
    assert "shuffled anew each epoch" in found.advice


def test_a_period_that_is_not_an_epoch_is_the_schedules():
    found = findings(judged({METRIC: FALL + rhythm(8), "epoch": epochs(20)}))[0]

    assert found.status == "notice"
    assert found.advice.startswith("Look at the schedule")
