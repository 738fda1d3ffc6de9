from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.checks.gradient_norm import findings, gradient_norm
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes

from ..traced import METRIC, at, finished, long_study, noise, traced

NORMS = np.exp(0.3 * noise(0, 200))


def judged(*norms, **given):
    study = long_study()
    return gradient_norm(study, traced(study, *({"grad_norm": each} for each in norms), **given))


@pytest.mark.rule("D5", "D9")
def test_the_threshold_is_the_90th_percentile_over_all_steps():
    result = judged(np.arange(1.0, 102.0))

    assert (result.median, result.threshold) == (
        pytest.approx(51.0, rel=0.01),
        pytest.approx(91.0, rel=0.01),
    )


def test_steps_count_alike_however_densely_they_were_logged():
    steps = [*range(100), *range(149, 5_000, 50)]
    norms = np.where(np.array(steps) < 100, 50.0, 1.0)

    result = judged(norms, steps=steps)

    assert result.threshold == 1.0


def test_every_trial_counts_alike_however_much_it_logged():
    result = judged([1.0] * 1_000, [2.0] * 20)

    assert np.median([1.0, 2.0]) >= result.median >= 1.0
    assert result.threshold == 2.0


def test_spikes_are_relative_to_the_median_around_them():
    spiky = NORMS * np.where(np.arange(200) % 20 == 7, 40.0, 1.0)

    assert [one.status for one in judged(spiky, NORMS).trials] == ["notice", "ok"]


def test_a_rare_spike_is_counted_and_does_no_harm():
    once = NORMS * np.where(np.arange(200) == 77, 400.0, 1.0)

    found = judged(once).trials[0]

    assert (found.status, found.spikes) == ("ok", 1)


def test_falling_norms_of_the_first_steps_are_no_spikes():
    assert judged(1.0 / (1.0 + np.arange(200.0))).trials[0].spikes == 0


@pytest.mark.parametrize(
    ("growth", "status"), [(1_000.0, "problem"), (5.0, "ok"), (0.01, "ok"), (1e-6, "notice")]
)
def test_norms_that_run_away_or_vanish_are_seen(growth, status):
    assert judged(NORMS * growth ** at(200)).trials[0].status == status


def test_non_finite_norms_are_a_problem_even_where_few_were_logged():
    found = findings(judged([1.0, float("nan"), float("inf")]))[1]

    assert found.status == "problem"
    assert "2 of 3 are not finite" in found.message


@pytest.mark.rule("D10")
@pytest.mark.parametrize(("clip", "rule", "status"), [(0.5, "D10", "notice"), (2.0, "D5", "ok")])
def test_clipping_more_than_half_of_the_updates_is_too_much(clip, rule, status):
    study = long_study()
    record = finished(study, 0, {"grad_norm": NORMS}, setting={"max_grad_norm": clip})

    found = findings(gradient_norm(study, trial_curves(study, outcomes(study, [record]))))[1]

    assert (found.rule, found.status) == (rule, status)


def test_trials_that_the_threshold_would_clip_too_often_are_named():
    result = judged(NORMS, NORMS, NORMS, 0.1 * NORMS, 100.0 * NORMS)

    assert result.too_often == (4,)
    assert "more than 50 % of the updates of trial 4" in findings(result)[0].message


@pytest.mark.rule("D5")
def test_without_norms_it_is_unclear_and_asks_for_them():
    study = long_study()

    whole, alone = findings(gradient_norm(study, traced(study, {METRIC: at()})))

    assert (whole.status, whole.rule, alone.status) == ("unclear", "D5", "unclear")
    assert whole.advice == "Log `grad_norm`, the L2 norm of the full, unclipped gradient."


def test_norms_alone_are_no_reason_to_clip():
    norms = np.where(np.arange(200) % 7 == 0, 1_000.0, NORMS)

    last = findings(judged(norms))[-1]

    assert (last.rule, last.kind, last.advice) == ("D9", "spikes", "")
