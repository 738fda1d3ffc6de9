from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.checks.best_step import best_step, findings

from ..traced import METRIC, at, long_study, noise, traced


def with_best_at(*shares):
    return [{METRIC: np.abs(at() - share)} for share in shares]


def judged(*shares, **given):
    study = long_study()
    return best_step(study, traced(study, *with_best_at(*shares), **given))


@pytest.mark.parametrize(
    ("shares", "status"),
    [
        ([0.02, 0.04, 0.06, 0.08, 0.1], "notice"),
        ([0.02, 0.04, 0.06, 0.08, 0.2], "ok"),
        ([0.8, 0.9, 0.9, 1.0, 0.3], "notice"),
        ([0.8, 0.9, 0.9, 0.3, 0.3], "ok"),
        ([0.8, 0.9, 0.9, 1.0], "unclear"),
    ],
)
def test_all_early_or_most_late_says_something_of_the_length(shares, status):
    assert judged(*shares).status == status


@pytest.mark.rule("T5")
def test_all_early_is_far_too_many_steps():
    found = findings(judged(0.02, 0.04, 0.06, 0.08, 0.1))[0]

    assert found.subject == {"study": "all"}
    assert "5,000 steps: far too many" in found.message


@pytest.mark.parametrize(("last", "says"), [(1.0, "More steps may help"), (0.8, "yet the best, 4")])
def test_late_best_steps_say_what_the_compared_trial_says(last, says):
    study = long_study()
    courses = [*with_best_at(0.8, 0.9, 0.9, 0.95), {METRIC: np.abs(at() - last) - 0.01}]

    found = findings(best_step(study, traced(study, *courses)))[0]

    assert found.status == "notice"
    assert says in found.headline
    assert bool(found.advice) == (last == 1.0)
    assert len(found.headline.split()) <= 14


def test_curves_that_never_move_say_nothing_of_the_length():
    study = long_study()
    found = best_step(study, traced(study, *[{METRIC: np.full_like(at(), 0.1)}] * 5))

    assert found.status == "unclear"
    assert {one.why.kind for one in found.trials} == {"flat"}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("digits", [2, 6])
def test_trainings_that_never_learned_say_nothing_of_the_length(seed, digits):
    study = long_study()
    noises = [0.9 + 0.03 * noise(10 * seed + k) for k in range(6)]

    found = best_step(study, traced(study, *[{METRIC: one.round(digits)} for one in noises]))

    assert found.status != "notice"


def test_a_trial_says_where_its_best_step_fell():
    found = findings(judged(0.5))[1]

    assert (found.status, found.rule) == ("ok", "T5")
    assert "fell at step 2,499, 50 % of the steps" in found.message


def test_a_curve_that_falls_to_its_end_is_at_its_best_where_it_is_lowest():
    curve = [
        *(0.88609715, 0.83417085, 0.79396985, 0.7319933, 0.67839196, 0.62646566, 0.59296482),
        *(0.54438861, 0.45393635, 0.41038526, 0.36180905, 0.319933, 0.28643216, 0.24455611),
        *(0.24120603, 0.2361809, 0.17252931, 0.15912898, 0.12730318, 0.15912898),
    ]
    study = long_study()

    (trial,) = best_step(study, traced(study, {METRIC: np.array(curve)})).trials

    assert trial.step == trial.lowest
    assert trial.value == pytest.approx(0.12730318)


def test_a_stopped_trial_is_unclear_and_not_counted():
    result = judged(0.02, 0.04, 0.06, 0.08, 0.1, status="stopped")

    assert (result.status, result.judged) == ("unclear", 0)
    assert {one.status for one in findings(result)} == {"unclear"}


def test_few_evaluations_do_not_resolve_a_tenth():
    study = long_study()

    found = findings(best_step(study, traced(study, {METRIC: [3.0, 1.0, 2.0]})))[1]

    assert found.status == "unclear"
    assert "3 values of valid/error; 10 are needed" in found.message
    assert "its best valid/error, 1, fell at step 3,333" in found.message


def test_higher_values_are_best_where_the_metric_is_maximized():
    study = long_study(maximize=True)

    found = best_step(study, traced(study, {METRIC: at() * (1.2 - at())})).trials[0]

    assert found.share == pytest.approx(0.6, abs=0.021)
    assert found.value == pytest.approx(0.36)


@pytest.mark.parametrize("seed", range(5))
def test_on_a_noisy_plateau_the_best_step_is_where_the_plateau_was_reached(seed):
    study = long_study()
    course = np.exp(-4.0 * np.minimum(at(), 0.5)) + 0.02 * noise(seed)

    result = best_step(study, traced(study, {METRIC: course}))

    assert result.trials[0].share < 0.75
    assert f"fell at step {result.trials[0].lowest:,}" in findings(result)[1].message


def test_a_dip_before_a_plateau_is_the_best_step():
    curve = [2.117, 1.844, 2.341, 2.322, 2.334, 2.331, 2.331, 2.326, 2.353, 2.345]
    study = long_study()

    found = best_step(study, traced(study, {METRIC: curve})).trials[0]

    assert found.step == found.lowest
