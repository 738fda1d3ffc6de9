"""Observations for the surrogate, made from a history."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.search.history import bayesian_study, records, trial

from etude.record import Records
from etude.search.observations import (
    Observations,
    evenly_begun,
    observations,
    start_length,
    subsample,
)
from etude.search.quasi_random import QuasiRandom
from etude.study import Prior

STUDY = bayesian_study()
LOSSES = [0.9, 0.7, 0.8, 1.0, 0.6, 0.75]
SETTINGS = [{"x": 0.1 * at, "y": 0.5} for at in range(10)]


def seen(values, start=6, study=STUDY):
    return observations(study, records(SETTINGS[: len(values)], values), start=start)


def test_a_diverged_trial_is_a_result_without_a_loss():
    found = seen([*LOSSES, math.nan])

    assert found.losses_T[:6].tolist() == LOSSES
    assert found.feasible.tolist() == [True] * 6 + [False]


@pytest.mark.rule("X2")
def test_five_robust_standard_deviations_above_the_start_is_infeasible():
    spread = seen(LOSSES).spread
    at_edge = seen([*LOSSES, 0.775 + 4.99 * spread, 0.775 + 5.01 * spread])

    assert at_edge.feasible.tolist() == [True] * 7 + [False]


def test_later_trials_that_crowd_around_the_best_make_no_outliers():
    crowded = seen([*LOSSES, 0.5, 0.5, 0.5, 0.5])

    assert crowded.feasible.all()


@pytest.mark.rule("X5")
def test_the_start_of_a_study_that_grew_ends_where_results_chose():
    even = [dict(one.searched) for one in QuasiRandom().moves(STUDY, Records.of([]), 6)]
    history = records([*even, *SETTINGS[:4]], [0.5] * 10)

    assert evenly_begun(STUDY, history, 6) == 6
    assert evenly_begun(STUDY, history, 10) == 6
    assert evenly_begun(STUDY, records(SETTINGS, [0.5] * 10), 10) == 0


def test_no_outlier_is_told_from_four_losses():
    assert seen([0.1, 0.1, 0.2, 1e9], start=4).feasible.all()


def test_trials_that_run_have_a_place_and_no_loss():
    found = seen([*LOSSES, None])

    assert len(found.losses_T) == 6
    assert found.pending_PxD == pytest.approx(np.array([[0.6, 0.5]]))


def test_a_trial_that_ended_without_the_metric_says_nothing():
    missing = replace(trial(0, SETTINGS[0], None), status="completed")

    assert len(observations(STUDY, Records.of([missing]), start=6).losses_T) == 0


def test_what_is_maximized_is_turned_round():
    found = seen(LOSSES, study=replace(STUDY, maximize=True))

    assert found.losses_T.tolist() == [-loss for loss in LOSSES]


def test_earlier_rounds_come_first_and_shorten_the_start():
    prior = (Prior(SETTINGS[8], 0.5), Prior(SETTINGS[9], None))
    study = replace(STUDY, prior=prior)

    losses = seen(LOSSES, study=study).losses_T.tolist()

    assert losses[0] == 0.5
    assert math.isnan(losses[1])
    assert losses[2:] == LOSSES
    assert [start_length(one, 0.25) for one in (STUDY, study)] == [6, 4]


def test_trials_that_spread_nowhere_do_not_shorten_the_start():
    crowded = tuple(Prior(setting, 0.5, even=False) for setting in SETTINGS[:8])

    assert start_length(replace(STUDY, prior=crowded), 0.25) == 6


@pytest.mark.parametrize(
    "setting",
    [{"depth": 2}, {"x": 7.0, "y": 0.5}, {"x": "high", "y": 0.5}, {"x": math.nan, "y": 0.5}],
    ids=["other names", "beyond the bounds", "text", "nan"],
)
def test_a_start_is_not_shortened_by_trials_elsewhere(setting):
    study = replace(STUDY, prior=tuple(Prior(setting, 0.1) for _ in range(9)))

    assert start_length(study, 0.25) == 6
    assert observations(study, Records.of([]), start=6).feasible.all()


def test_earlier_trials_that_crowd_around_the_best_make_no_outliers():
    even = tuple(Prior(SETTINGS[at], loss) for at, loss in enumerate(LOSSES))
    crowded = tuple(Prior(SETTINGS[3], 0.5, even=False) for _ in range(30))

    found = seen([], study=replace(STUDY, prior=(*even, *crowded)))

    assert found.feasible.all()
    assert found.centre == pytest.approx(0.775)


def test_of_too_many_results_the_best_are_kept_and_others_evenly():
    rng = np.random.default_rng(0)
    losses_T = np.where(rng.random(1000) < 0.3, np.nan, rng.random(1000))
    units_TxD, none_PxD = rng.random((1000, 2)), np.empty((0, 2))
    whole = Observations(units_TxD=units_TxD, losses_T=losses_T, pending_PxD=none_PxD)
    sample = subsample(whole, 100)

    assert len(sample.losses_T) == 100
    assert set(np.sort(losses_T)[:50]) <= set(sample.losses_T)
    assert 5 < np.isnan(sample.losses_T).sum() < 40


def test_what_the_code_ended_waits_and_is_no_failure_of_its_setting():
    failed = replace(
        trial(6, SETTINGS[6], None), status="infeasible", reason="error", detail="KeyError: 'x'"
    )
    several = Records.of([*records(SETTINGS[:6], LOSSES), failed])

    found = observations(STUDY, several, start=6)

    assert found.losses_T.tolist() == LOSSES
    assert len(found.pending_PxD) == 1
