"""`chance`: whether training learned anything, before anything is tuned (S11)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests import factories
from tests.factories import record

from etude.analyze.checks.chance import chance, findings
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.record import POINT, Points

HERE = {"learning_rate": 0.01, "share": 0.5}


def judged(values, *, same=False, **given):
    study = factories.study(metric="valid/error", **given)
    records = [
        record(study, k, value, HERE if same else {"learning_rate": 0.01 * (k + 1), "share": 0.5})
        for k, value in enumerate(values)
    ]
    return chance(study, trial_curves(study, outcomes(study, records)))


@pytest.mark.rule("S11")
def test_what_learned_on_a_known_number_of_examples_is_clearly_better():
    result = judged([0.9, 0.5, 0.1, 0.3, 0.8], chance=0.9, validation_examples=500)

    assert (result.status, result.basis) == ("ok", "examples")


def test_examples_that_the_training_logged_count_as_those_that_the_file_names():
    study = factories.study(metric="valid/error", chance=0.9)
    first = record(study, 0, 0.1, HERE)
    rows = np.array([(0, 0, 0.1), (0, 1, 500.0)], dtype=POINT)
    logged = replace(first, points=Points(rows, ("valid/error", "data/examples")))

    result = chance(study, trial_curves(study, outcomes(study, [logged])))

    assert (result.basis, result.examples) == ("examples", 500)


def test_what_only_guesses_is_never_called_better():
    rng = np.random.default_rng(0)
    guesses = [rng.binomial(500, 0.9, size=20) / 500 for _ in range(200)]

    results = [judged(values, chance=0.9, validation_examples=500).status for values in guesses]

    assert results.count("ok") <= 1


def test_trials_that_are_all_worse_are_a_problem_named_s11():
    (finding,) = findings(judged([0.95] * 5, chance=0.9, validation_examples=500))

    assert (finding.rule, finding.status) == ("S11", "problem")
    assert finding.headline == "No trial of the study is better than chance, 0.9"


def test_a_round_that_has_just_begun_is_not_judged_by_one_bad_trial():
    assert judged([0.95], chance=0.9, validation_examples=500).why == "few_trials"


@pytest.mark.parametrize(
    ("values", "status"),
    [([0.70, 0.72, 0.71, 0.69, 0.70], "ok"), ([0.88, 0.91, 0.89, 0.90, 0.87], "problem")],
)
@pytest.mark.rule("S11")
def test_retrainings_decide_by_two_of_their_deviations(values, status):
    result = judged(values, same=True, chance=0.9)

    assert (result.status, result.basis) == (status, "retrainings")


def test_two_retrainings_that_happen_to_agree_prove_nothing():
    close = judged([0.8990, 0.8991], same=True, chance=0.9, trials=2, validation_examples=100)

    assert close.status != "ok"


def test_two_retrainings_far_from_chance_are_too_few_for_a_problem():
    far = judged([0.60, 0.65], same=True, chance=0.9, trials=2)

    assert (far.status, far.why) == ("unclear", "noise")


def test_without_any_noise_that_is_known_it_stays_open():
    result = judged([0.5, 0.4, 0.3, 0.2, 0.1], chance=0.9)

    assert (result.status, result.why) == ("unclear", "unknown")


def test_where_chance_is_not_declared_people_are_told_nothing():
    (finding,) = findings(judged([0.5, 0.4]))

    assert (finding.status, finding.kind) == ("unclear", "unasked")


def test_higher_values_are_better_where_the_metric_is_maximized():
    low = judged([0.1, 0.08, 0.09, 0.1, 0.1], chance=0.2, maximize=True, validation_examples=500)
    high = judged([0.7, 0.8, 0.6, 0.5, 0.4], chance=0.2, maximize=True, validation_examples=500)

    assert (low.status, high.status) == ("problem", "ok")
