from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from etude.analyze.checks.overfitting import findings, overfitting
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes

from ..traced import METRIC, at, finished, long_study, noise, traced

SHARE = at()
FALLS = np.exp(-8.0 * SHARE)
FITS = np.exp(-4.0 * SHARE)


def curves(*, loss=FALLS, metric=FALLS, train=FITS, seed=0):
    return {
        METRIC: metric + 0.003 * noise(seed),
        "valid/loss": loss + 0.003 * noise(seed + 1),
        "train/loss": train + 0.003 * noise(seed + 2),
    }


def judged(*given, **how):
    study = long_study()
    return overfitting(study, traced(study, *given, **how))


def turns(*given):
    one = judged(*given).trials[0]
    return one.by_loss.status, one.by_metric.status


@pytest.mark.parametrize("seed", range(6))
def test_curves_that_fall_and_stay_down_do_not_overfit(seed):
    assert turns(curves(seed=seed)) == ("ok", "ok")


def test_a_loss_that_turns_up_while_the_metric_holds_is_told_apart():
    given = curves(loss=FALLS + 0.2 * SHARE)

    found = findings(judged(given))[0]

    assert turns(given) == ("problem", "ok")
    assert (found.status, found.evidence["by_loss"]) == ("problem", "problem")
    assert "Its valid/error does not suffer." in found.message


@pytest.mark.rule("C6")
def test_a_metric_that_turns_up_too_overfits_by_both():
    rises = FALLS + 0.2 * SHARE

    assert turns(curves(loss=rises, metric=rises)) == ("problem", "problem")


def test_validation_that_gets_worse_with_the_training_loss_is_not_overfitting():
    rises = FALLS + 0.2 * SHARE

    assert turns(curves(loss=rises, metric=rises, train=0.1 + 0.5 * SHARE)) == ("ok", "ok")


def test_a_rise_within_the_noise_is_unclear_at_most():
    rises = FALLS + 0.02 * SHARE**4

    assert turns(curves(loss=rises))[0] in ("ok", "unclear")


def test_a_rise_without_a_training_loss_is_unclear():
    given = curves(metric=FALLS + 0.2 * SHARE)
    del given["train/loss"]

    one = judged(given).trials[0]

    assert one.by_metric.status == "unclear"
    assert "instability" in one.by_metric.why


def test_a_validation_that_has_not_yet_recovered_from_a_drop_is_not_overfitting():
    recovering = 0.5 * np.where(SHARE > 0.5, np.exp(-4.0 * (SHARE - 0.5)), 0.0)
    train = FITS + 0.3 * np.where(SHARE > 0.5, np.exp(-30.0 * (SHARE - 0.5)), 0.0)

    one = judged(curves(loss=FALLS + recovering, metric=FALLS + recovering, train=train))

    assert one.trials[0].status == "ok"


def test_a_trial_that_broke_is_not_said_to_overfit():
    given = curves(train=np.where(SHARE > 0.5, np.nan, FITS))

    found = findings(judged(given))[0]

    assert found.status == "ok"
    assert "it broke" in found.message


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_evaluations_are_unclear(count):
    given = {name: values[:count] for name, values in curves().items()}

    assert judged(given).trials[0].status == "unclear"


def test_a_training_metric_cannot_show_overfitting():
    study = long_study(metric="train/loss")
    found = overfitting(study, traced(study, {"train/loss": FITS})).trials[0]

    assert found.by_metric.status == "unclear"


@pytest.mark.rule("C6", "C7")
def test_the_best_trial_is_judged_by_c6_and_the_others_by_c7():
    study = long_study()
    given = [curves(metric=FALLS + 0.1), curves(metric=FALLS), curves(metric=FALLS + 0.2)]

    found = findings(overfitting(study, traced(study, *given)))

    assert [one.rule for one in found] == ["C7", "C6", "C7", "C7"]
    assert found[1].message.startswith("Trial 1, best of its study, does not overfit")


def chosen(rates, overfit):
    """A study whose first trial is the best and does not overfit; the others do if so."""
    study = long_study()
    rises = 0.2 * SHARE if overfit else 0.0 * SHARE
    given = [curves()] + [
        curves(loss=FALLS + rises, metric=FALLS + 0.1 + rises, seed=seed)
        for seed in range(1, len(rates))
    ]
    records = [
        finished(study, trial, each, setting={"learning_rate": rate, "share": 0.5})
        for trial, (each, rate) in enumerate(zip(given, rates, strict=True))
    ]
    return overfitting(study, trial_curves(study, outcomes(study, records)))


@pytest.mark.rule("C7")
def test_a_best_trial_with_the_smallest_rate_among_overfitting_ones_is_suspect():
    result = chosen([1e-4, 1e-2, 2e-2, 3e-2, 4e-2], overfit=True)
    found = findings(result)[-1]

    assert (found.rule, found.status) == ("C7", "notice")
    assert found.subject == {"study": result.study}
    assert "less learning_rate" in found.message


@pytest.mark.parametrize(
    ("rates", "overfit"),
    [([3e-2, 1e-2, 2e-2, 4e-2, 5e-3], True), ([1e-4, 1e-2, 2e-2, 3e-2, 4e-2], False)],
)
def test_otherwise_it_is_not(rates, overfit):
    assert chosen(rates, overfit).selection == "ok"


def test_two_trials_cannot_say_how_the_best_was_chosen():
    assert chosen([1e-3, 1e-2], overfit=True).selection == "unclear"


def wandering(seed):
    """Noise of which a tenth is new at each evaluation."""
    return lfilter([1.0], [1.0, -0.9], 0.44 * noise(seed))


@pytest.mark.parametrize("size", [0.005, 0.02])
def test_a_plateau_that_wanders_hardly_ever_overfits(size):
    course = np.exp(-20.0 * SHARE)
    given = [
        curves(loss=course + size * wandering(seed), metric=course + size * wandering(seed + 1000))
        for seed in range(100)
    ]

    flagged = [one.trial for one in judged(*given).trials if one.status == "problem"]

    assert len(flagged) <= 5


def rising(count, seed, *, errors=12.0):
    """A validation that turns up by a tenth of its gain, so many standard errors of a level."""
    share = at(count)
    width = max(3, count // 10) | 1
    fall = np.exp(-12.0 * np.minimum(share, 0.5))
    course = (fall - fall[-1]) / (1.0 - fall[-1]) + 0.2 * np.maximum(share - 0.5, 0.0)
    sd = 0.1 / (errors * 1.25 * np.sqrt(2.0 / width))
    return {
        "valid/error": course + sd * noise(seed, count),
        "valid/loss": course + sd * noise(seed + 500, count),
        "train/loss": np.exp(-4.0 * share) + 0.01 * noise(seed + 900, count),
    }


@pytest.mark.parametrize("count", [20, 60, 200])
def test_a_rise_of_many_errors_is_found_with_any_number_of_evaluations(count):
    given = [rising(count, seed) for seed in range(50)]

    found = [one.by_metric.status for one in judged(*given).trials]

    assert found.count("problem") >= 45


def test_a_rise_that_may_be_drift_is_not_said_to_be_of_the_size_of_its_noise():
    course = np.exp(-20.0 * SHARE)
    given = [
        curves(loss=course + 0.02 * wandering(seed), metric=course + 0.02 * wandering(seed + 1000))
        for seed in range(40)
    ]

    said = [one for one in findings(judged(*given)) if one.kind == "noise"]

    assert said
    assert all("standard errors, and drifts as far by itself" in one.message for one in said)
