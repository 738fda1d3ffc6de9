from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.checks.still_improving import findings, still_improving

from ..traced import METRIC, at, long_study, noise, traced

SHARE = at()


def judged(*courses, sd=0.002, seed=0, **how):
    study = long_study()
    given = [{METRIC: course + sd * noise(seed, len(course))} for course in courses]
    return still_improving(study, traced(study, *given, **how))


def status(course, **how):
    return judged(course, **how).trials[0].status


@pytest.mark.rule("C9", "T1")
@pytest.mark.parametrize("seed", range(6))
def test_a_curve_that_still_falls_at_its_end_improves(seed):
    assert status(1.0 - 0.5 * SHARE, seed=seed) == "notice"


@pytest.mark.parametrize("seed", range(20))
def test_a_flat_noisy_end_does_not(seed):
    assert status(np.exp(-15.0 * SHARE), seed=seed) == "ok"


def test_a_cosine_schedule_that_ends_flat_does_not():
    course = 0.5 + 0.5 * np.cos(np.pi * np.minimum(1.0, 1.05 * SHARE))

    assert status(course, sd=1e-4) == "ok"


def test_a_curve_that_flattens_says_so():
    course = np.maximum(0.08, 1.0 - SHARE)

    found = findings(judged(course, sd=1e-4))[0]

    assert found.status == "ok"
    assert found.message.startswith("Trial 0 flattened before its end")


def test_a_gain_too_small_to_be_worth_steps_is_none():
    assert status(np.exp(-6.0 * SHARE) - 0.001 * SHARE, sd=1e-6) == "ok"


def test_a_drop_at_the_very_end_is_no_improvement():
    course = 1.0 - 0.5 * SHARE
    course[-2:] += 0.5

    assert status(course) == "ok"


def test_a_trial_that_recovers_improves_though_its_best_was_earlier():
    course = np.exp(-4.0 * SHARE) + 0.8 * np.where(SHARE > 0.5, 1.3 - SHARE, 0.0)

    assert status(course) == "notice"


def test_what_only_comes_back_from_a_jump_asks_for_no_more_steps():
    course = np.exp(-4.0 * SHARE) + 0.8 * np.where(SHARE > 0.5, 1.3 - SHARE, 0.0)

    of_trial, regime = findings(judged(course))

    assert "back from a jump" in of_trial.headline
    assert (regime.rule, regime.status) == ("T1", "ok")


@pytest.mark.parametrize("count", [0, 1, 5, 9])
def test_too_few_evaluations_are_unclear(count):
    assert status(1.0 - at(max(count, 1))[:count]) == "unclear"


def test_a_trial_that_broke_does_not_improve():
    course = np.where(SHARE > 0.7, np.nan, 1.0 - SHARE)

    found = findings(judged(course))[0]

    assert found.status == "ok"
    assert found.message == "Trial 0 was not still improving: it broke before its end."


@pytest.mark.parametrize(
    ("reason", "expected"), [("time_limit", "notice"), ("", "unclear"), ("pruned", "unclear")]
)
def test_a_trial_that_a_schedule_stopped_is_censored(reason, expected):
    found = judged(1.0 - SHARE, status="stopped", reason=reason)

    assert found.trials[0].status == expected


def test_a_trial_that_ended_early_is_to_run_to_its_end_first():
    study = long_study(max_steps=20_000)
    given = {METRIC: 1.0 - 0.5 * SHARE + 0.002 * noise(0)}

    found = findings(still_improving(study, traced(study, given)))[0]

    assert found.status == "notice"
    assert "run to its last step" in found.advice


def test_the_regime_is_read_from_the_best_trial():
    flat, falls = np.exp(-15.0 * SHARE) + 0.9, 1.0 - 0.5 * SHARE

    found = findings(judged(flat, falls))[-1]

    assert (found.rule, found.status, found.evidence["trials"]) == ("T1", "notice", [1])
    assert "Train longer where steps are affordable" in found.advice


def test_a_finding_carries_its_numbers_and_confidence():
    found = findings(judged(1.0 - 0.5 * SHARE))[0]

    assert found.evidence["gain"] == pytest.approx(0.1, abs=0.02)
    assert found.evidence["confidence"] > 0.9


def test_what_noise_hides_is_open_not_none():
    given = [judged(1.0 - SHARE, sd=0.1, seed=seed).trials[0] for seed in range(100)]

    assert sum(one.status == "ok" for one in given) <= 10
    assert {one.why for one in given if one.status == "unclear"} == {
        "what it gained at its end is no more than its noise hides"
    }
