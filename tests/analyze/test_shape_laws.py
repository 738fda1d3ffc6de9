"""What holds for stability, overfitting and still improving, whatever the curves are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes

from .test_curve_laws import OF_CURVES, said_by
from .traced import METRIC, at, finished, long_study, noise

# Those whose statuses rest on a curve's shape, so that shifts and scales of it change nothing.
OF_SHAPE = ("overfitting", "stability", "still_improving")
CHECKS = {check.name: said_by(check) for check in OF_CURVES if check.name in OF_SHAPE}
SERIES = (METRIC, "train/loss", "valid/loss", "grad_norm")

checks = pytest.mark.parametrize("check", CHECKS)
scales = st.integers(-30, 30).map(lambda power: 2.0**power)
kinds = st.lists(st.integers(0, 99), max_size=8)


def curves(seed, *, count=50, scale=1.0, shift=0.0, metric=METRIC):
    """A trial of every kind by the seed: still falling, flat, overfitting, collapsed for good."""
    share, kind = at(count), seed % 4
    falls = np.exp(-3.0 * share)
    valid = [falls, np.exp(-15.0 * share), falls + share, falls + (share > 0.5)][kind]
    train = [falls, np.exp(-15.0 * share), falls, falls + (share > 0.5)][kind]
    noisy = scale * (2.0 + valid + 0.01 * noise(seed, count)) + shift
    return {
        metric: noisy,
        "train/loss": scale * (2.0 + train + 0.01 * noise(seed + 100, count)) + shift,
        "valid/loss": noisy,
        "grad_norm": scale * np.exp(0.1 * noise(seed, count)),
    }


def of(study, seeds, **how):
    return [finished(study, trial, curves(seed, **how)) for trial, seed in enumerate(seeds)]


def said(check, study, records):
    return [
        (one.subject.get("trial"), one.status, one.rule)
        for one in CHECKS[check](study, trial_curves(study, outcomes(study, records)))
    ]


@checks
@settings(max_examples=10, deadline=None)
@given(seeds=kinds, scale=scales)
def test_units_change_nothing(check, seeds, scale):
    study = long_study()

    scaled = said(check, study, of(study, seeds, scale=scale))

    assert scaled == said(check, study, of(study, seeds))


@checks
@settings(max_examples=10, deadline=None)
@given(seeds=kinds, shift=st.sampled_from([-64.0, -3.0, 8.0, 512.0]))
def test_where_zero_lies_changes_nothing(check, seeds, shift):
    study = long_study()

    shifted = said(check, study, of(study, seeds, shift=shift))

    assert shifted == said(check, study, of(study, seeds))


@checks
@settings(max_examples=10, deadline=None)
@given(seeds=kinds)
def test_maximizing_the_opposite_changes_nothing(check, seeds):
    study, other = long_study(), long_study(maximize=True)
    turned = [
        finished(other, trial, {**curves(seed), METRIC: -curves(seed)[METRIC]})
        for trial, seed in enumerate(seeds)
    ]

    assert said(check, other, turned) == said(check, study, of(study, seeds))


@checks
@settings(max_examples=10, deadline=None)
@given(seeds=kinds, data=st.data())
def test_the_order_of_trials_changes_nothing(check, seeds, data):
    study = long_study()
    records = of(study, seeds)

    shuffled = data.draw(st.permutations(records))

    assert said(check, study, shuffled) == said(check, study, records)


@checks
@settings(max_examples=10, deadline=None)
@given(seeds=kinds)
def test_the_name_of_the_metric_changes_nothing(check, seeds):
    study, other = long_study(), long_study(metric="valid/a")

    renamed = said(check, other, of(other, seeds, metric="valid/a"))

    assert renamed == said(check, study, of(study, seeds))


@checks
@pytest.mark.parametrize("absent", SERIES)
def test_any_series_may_be_missing(check, absent):
    study = long_study()
    records = [
        finished(study, trial, {name: curves(trial)[name] for name in SERIES if name != absent})
        for trial in range(6)
    ]

    found = CHECKS[check](study, trial_curves(study, outcomes(study, records)))

    assert len([one for one in found if "trial" in one.subject]) == 6


@checks
def test_a_study_without_trials_is_unclear(check):
    study = long_study()

    assert {one.status for one in CHECKS[check](study, [])} == {"unclear"}


@checks
def test_one_trial_alone_is_judged_by_its_own_curves(check):
    study = long_study()

    found = CHECKS[check](study, trial_curves(study, outcomes(study, of(study, [0]))))

    assert found[0].status != "unclear"


@checks
def test_unclear_findings_give_their_reason(check):
    study = long_study()
    record = finished(study, 0, {}, status="infeasible", reason="out_of_memory")

    found = CHECKS[check](study, trial_curves(study, outcomes(study, [record])))[0]

    assert found.status == "unclear"
    assert ", since it " in found.message
