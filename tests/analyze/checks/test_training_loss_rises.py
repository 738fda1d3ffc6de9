from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.checks.training_loss_rises import findings, training_loss_rises
from etude.analyze.views.curves import TRAIN_LOSS, trial_curves
from etude.analyze.views.outcomes import outcomes

from ..traced import METRIC, at, finished, long_study, noise, traced

HEALTHY = 0.2 + np.exp(-10.0 * at())
CLIMB = HEALTHY + np.maximum(0.0, at() - 0.5)


def statuses(*losses):
    study = long_study()
    curves = [{METRIC: at(), TRAIN_LOSS: loss} for loss in losses]
    return [one.status for one in training_loss_rises(study, traced(study, *curves)).trials]


def cosine(share):
    return 0.5 * (1.0 + np.cos(np.pi * share))


@pytest.mark.rule("C11")
def test_a_loss_that_climbs_to_the_end_is_a_problem():
    assert statuses(CLIMB + 0.01 * noise(0)) == ["problem"]


def test_a_loss_that_jumps_and_stays_there_is_a_problem():
    assert statuses(np.where(at() < 0.4, HEALTHY, 0.9) + 0.01 * noise(0)) == ["problem"]


@pytest.mark.parametrize("sd", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_a_healthy_loss_is_ok_whatever_its_dropout_noise(sd, seed):
    assert statuses(HEALTHY + sd * noise(seed)) == ["ok"]


@pytest.mark.parametrize("width", [1, 2, 10])
def test_a_spike_that_recovers_is_none(width):
    loss = HEALTHY + 0.0
    loss[25 : 25 + width] += 2.0

    assert statuses(loss) == ["ok"]


def test_a_spike_at_the_very_end_is_none():
    loss = HEALTHY + 0.0
    loss[-1] += 2.0

    assert statuses(loss) == ["ok"]


def test_a_restart_of_the_learning_rate_is_none():
    assert statuses(HEALTHY + 0.3 * cosine(2.0 * at() % 1.0)) == ["ok"]


def test_a_restart_that_runs_out_of_steps_is_on_its_way_back():
    study = long_study()
    loss = HEALTHY + np.where(at() < 0.6, 0.0, 0.3 * cosine(at() - 0.6))
    curve = {METRIC: at(), TRAIN_LOSS: loss}

    found = findings(training_loss_rises(study, traced(study, curve)))[0]

    assert found.status == "ok"
    assert "on its way back" in found.message


def test_a_flat_loss_that_wanders_is_none():
    wandering = 2.3 + 0.01 * np.cumsum(noise(3))

    assert statuses(wandering) == ["ok"]


@pytest.mark.rule("C11", "D2")
@pytest.mark.parametrize(
    ("rate", "rule", "status"), [(0.1, "D2", "notice"), (0.001, "C11", "problem")]
)
def test_above_the_best_learning_rate_it_is_the_rate_else_the_code(rate, rule, status):
    study = long_study()
    best = finished(study, 0, {METRIC: 0.1 * at(), TRAIN_LOSS: HEALTHY})
    climbs = finished(
        study,
        1,
        {METRIC: 1.0 + at(), TRAIN_LOSS: CLIMB},
        setting=study.setting({"learning_rate": rate, "share": 0.5}),
    )

    found = findings(
        training_loss_rises(study, trial_curves(study, outcomes(study, [best, climbs])))
    )[1]

    assert (found.rule, found.status) == (rule, status)


def test_a_rate_goes_by_any_name_that_the_catalogue_knows():
    study = long_study()
    best = finished(study, 0, {METRIC: 0.1 * at()}, setting={"lr": 0.1})
    climbs = finished(study, 1, {METRIC: at(), TRAIN_LOSS: CLIMB}, setting={"lr": 0.3})

    found = findings(
        training_loss_rises(study, trial_curves(study, outcomes(study, [best, climbs])))
    )[1]

    assert "Its lr, 0.3, is just beyond the best trial's, 0.1." in found.message


def test_without_a_training_loss_it_is_unclear_and_asks_for_one():
    study = long_study()

    found = findings(training_loss_rises(study, traced(study, {METRIC: at()})))[0]

    assert found.status == "unclear"
    assert "no finite value of train/loss" in found.message
    assert found.advice == "Log `train/loss` at least at every evaluation."


def test_the_course_of_a_climb_is_kept_for_its_chart():
    study = long_study()
    curves = [{METRIC: at(), TRAIN_LOSS: loss} for loss in (CLIMB, HEALTHY)]

    climbs, healthy = training_loss_rises(study, traced(study, *curves)).trials

    assert len(climbs.steps_P) == len(climbs.values_P) == 50
    assert healthy.steps_P == ()


def climbing(*rates):
    """The best trial at a rate of 0.1, and trials at these that climb."""
    study = long_study()
    best = finished(study, 0, {METRIC: 0.1 * at()}, setting={"lr": 0.1})
    rest = [
        finished(study, 1 + k, {METRIC: at(), TRAIN_LOSS: CLIMB}, setting={"lr": rate})
        for k, rate in enumerate(rates)
    ]
    given = trial_curves(study, outcomes(study, [best, *rest]))
    return findings(training_loss_rises(study, given))[1:]


def test_only_rates_just_beyond_the_best_promise_a_gain_from_stabilizing():
    near, far = climbing(0.25, 4.0)

    assert (near.kind, near.advice) == (
        "just_beyond",
        "Expect a gain from stabilizing, warmup first.",
    )
    assert (far.kind, far.advice) == ("far_beyond", "")
    assert "far beyond the best" in far.message


def test_the_next_rate_on_the_axis_is_just_beyond():
    assert climbing(4.0)[0].kind == "just_beyond"


def test_it_is_the_trial_that_lies_above_the_best_rate_not_its_loss():
    headline = climbing(4.0)[0].headline

    assert "above the best rate: training loss climbs from" in headline
