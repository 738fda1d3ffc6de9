from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.checks.step_variance import findings, step_variance

from ..traced import METRIC, at, long_study, noise, traced


def ending_at(level, *, sd=0.01, seed=1):
    return {METRIC: level + np.exp(-12.0 * at()) + sd * noise(seed)}


def compared(*curves, rivals=None, **given):
    study = long_study()
    return step_variance(study, traced(study, *curves, **given), rivals=rivals)


def test_the_sd_is_that_of_the_noise_around_the_trend():
    study = long_study(evaluations=500)
    falling = {METRIC: 1.0 - 0.5 * at(500) + 0.01 * noise(0, 500)}

    found = step_variance(study, traced(study, falling)).trials[0]

    assert found.late == 100
    assert found.sd == pytest.approx(0.01, rel=0.15)


@pytest.mark.parametrize(("gap", "status"), [(0.001, "notice"), (0.1, "ok")])
def test_the_best_is_compared_with_the_second_best(gap, status):
    result = compared(ending_at(0.2), ending_at(0.2 + gap))

    assert (result.status, result.rival) == (status, "trial 1")


@pytest.mark.rule("C8")
@pytest.mark.parametrize(("gap", "status"), [(0.001, "problem"), (0.1, "ok")])
def test_against_another_study_luck_is_a_problem(gap, status):
    best = compared(ending_at(0.2)).trials[0].value
    rivals = {"b": best + gap, "a": 0.7}

    result = compared(ending_at(0.2), ending_at(0.9), rivals=rivals)

    assert (result.status, result.rival, result.between) == (status, "`b`", True)


def test_only_trials_within_their_jumps_of_the_best_are_noticed():
    result = compared(ending_at(0.2), ending_at(0.201, seed=1), ending_at(0.5))

    assert [one.status for one in result.trials] == ["notice", "notice", "ok"]
    assert findings(result)[0].evidence["contenders"] == [0, 1]


@pytest.mark.rule("C8")
@pytest.mark.parametrize("word", ["larger batch", "validation data", "Polyak", "learning rate"])
def test_the_advice_names_causes_and_remedies(word):
    assert word in findings(compared(ending_at(0.2), ending_at(0.201)))[0].advice


def test_a_lone_trial_has_nothing_to_be_compared_with():
    whole, alone = findings(compared(ending_at(0.2)))

    assert (whole.status, alone.status) == ("unclear", "unclear")
    assert "there is no other trial" in alone.message


def test_few_late_evaluations_are_unclear():
    found = findings(compared({METRIC: at(20)}, {METRIC: at(20)}))[1]

    assert "20 evaluations, 4 of them in the last 20 %, where 6 are needed" in found.message


def test_an_infeasible_trial_is_no_rival_and_unclear():
    result = compared(ending_at(0.2), status="infeasible", reason="nan")

    assert (result.status, result.why) == ("unclear", "no trial has a value")
    assert result.trials[0].status == "unclear"


def test_trials_that_do_not_jump_are_in_order():
    result = compared({METRIC: [0.5] * 50}, {METRIC: [0.5] * 50})

    assert [one.status for one in result.trials] == ["ok", "ok"]
    assert (result.status, result.why) == (
        "unclear",
        "it ties with its rival, and neither moves late",
    )


@pytest.mark.parametrize("between", [False, True])
def test_what_the_study_says_of_its_best_trial_is_not_said_again(between):
    given = (ending_at(0.2), ending_at(0.201), ending_at(0.202))
    best_value = compared(*given).trials[0].value
    result = compared(*given, rivals={"b": best_value + 0.001} if between else None)

    study, best, *others = findings(result)
    assert study.status == ("problem" if between else "notice")
    assert study.headline.startswith(f"`{METRIC}` of trial 0 jumps by ")
    assert (best.status, best.advice) == ("ok", "")
    assert {(one.status, one.kind) for one in others} == {("notice", "jumps")}
    assert all(len(one.headline.split()) <= 14 for one in [study, best, *others])
