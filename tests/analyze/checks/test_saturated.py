from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.checks.saturated import findings, saturated

from ..traced import METRIC, at, long_study, noise, traced


def statuses(*curves, **given):
    study = long_study()
    return [one.status for one in saturated(study, traced(study, *curves, **given)).trials]


def falling(rate, *, sd=0.01, seed=2):
    return {METRIC: 0.2 + np.exp(-rate * at()) + sd * noise(seed)}


@pytest.mark.rule("C10")
def test_a_curve_flat_since_a_third_of_the_steps_is_saturated():
    assert statuses(falling(15.0)) == ["notice"]


@pytest.mark.parametrize("seed", range(5))
def test_a_curve_that_still_falls_is_not(seed):
    assert statuses(falling(3.0, seed=seed)) == ["ok"]


def test_a_curve_that_falls_without_noise_to_the_end_is_not():
    assert statuses(falling(3.0, sd=0.0)) == ["ok"]


def test_a_curve_that_gets_flat_when_its_learning_rate_ends_is_not_early():
    curve = {METRIC: np.maximum(0.25, 1.0 - at()) + 0.001 * noise(1)}

    study = long_study()
    found = saturated(study, traced(study, curve)).trials[0]

    assert found.status == "ok"
    assert found.share == pytest.approx(0.75, abs=0.05)


def test_one_glitch_does_not_hide_saturation():
    curve = falling(15.0)
    curve[METRIC][38] = 5.0

    assert statuses(curve) == ["notice"]


def test_a_curve_that_leaves_its_level_at_the_end_does_not_stand_still():
    """As where weights are averaged, or a rate falls, in the last steps."""
    curve = falling(25.0, sd=0.002)
    curve[METRIC][-2:] -= 0.1

    assert statuses(curve) == ["ok"]


def test_a_best_far_beyond_the_level_is_not_called_noise():
    curve = falling(25.0, sd=0.002)
    curve[METRIC][38] -= 0.1
    study = long_study()

    (found,) = findings(saturated(study, traced(study, curve)))

    assert found.status == "notice"
    assert "within" not in found.headline
    assert "lies 0.1 beyond that: more than noise" in found.message


def test_a_curve_that_never_moved_is_unclear():
    assert statuses({METRIC: 0.5 + 0.01 * noise(2)}) == ["unclear"]


def test_a_trial_stuck_far_from_the_others_is_not_called_done():
    stuck = {METRIC: np.where(at() < 0.05, 1.0, 0.9)}

    found = statuses(falling(15.0), falling(12.0, seed=3), stuck)

    assert found == ["notice", "notice", "unclear"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"status": "infeasible", "reason": "nan"}, "infeasible (`nan`)"),
        ({"status": "stopped", "reason": "time_limit"}, "stopped (`time_limit`)"),
        ({"steps": list(range(50))}, "ends after 50 of 5,000 steps"),
    ],
)
def test_what_has_no_end_is_unclear_and_says_why(given, why):
    study = long_study()

    found = findings(saturated(study, traced(study, falling(15.0), **given)))

    assert found[0].status == "unclear"
    assert why in found[0].message


def test_too_few_evaluations_are_counted():
    study = long_study()

    found = findings(saturated(study, traced(study, {METRIC: [0.3, 0.2, 0.2]})))

    assert "3 values of valid/error; 20 are needed" in found[0].message


def test_the_finding_says_since_when_and_how_many_steps_would_do():
    study = long_study()

    found = findings(saturated(study, traced(study, falling(15.0, seed=1))))[0]

    assert (found.rule, found.check, found.subject) == (
        "C10",
        "saturated",
        {"study": "all", "trial": 0},
    )
    assert f"since step {found.evidence['step']:,}" in found.message
    assert found.headline.startswith("Fewer steps may do")
    assert found.advice.startswith("Try about 3,750 steps")
    assert "Its best, at step 2,499, is within noise of that." in found.message


@pytest.mark.parametrize("seed", range(8))
def test_fewer_steps_than_the_best_value_took_are_never_asked_for(seed):
    study = long_study()

    found = findings(saturated(study, traced(study, falling(15.0, seed=seed))))[0]

    fewer = "Fewer steps" in found.headline
    assert fewer == (found.status == "notice" and found.evidence["lowest_at"] < 3333)
    assert bool(found.advice) == fewer
    if found.evidence["lowest_at"] > found.evidence["step"] and found.status == "notice":
        assert "within noise" in found.message


def test_noise_that_may_hide_a_slow_fall_is_no_saturation():
    slow = [falling(4.0, sd=0.1, seed=seed) for seed in range(40)]

    assert statuses(*slow).count("notice") <= 1
