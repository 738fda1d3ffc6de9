"""What holds for every check that looks at one training curve after another."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etude.analyze import registry
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.finding import to_json

from .traced import METRIC, at, finished, long_study, noise

OF_CURVES = [check for check in registry.CHECKS if check.of == "curves"]


def said_by(check):
    """What a check says of a study's curves."""
    return lambda *given: check.findings(check.result(*given))


CHECKS = {check.name: said_by(check) for check in OF_CURVES}
NAN, INF = float("nan"), float("inf")
HOSTILE = {
    "empty": [],
    "one point": [0.5],
    "two points": [0.5, 0.4],
    "constant": [0.5] * 60,
    "zero": [0.0] * 60,
    "all nan": [NAN] * 60,
    "half nan": [0.5, NAN] * 30,
    "inf at the end": [0.5] * 59 + [INF],
    "minus inf": [-INF] * 30 + [0.1] * 30,
    "enormous": [1e308, -1e308] * 30,
    "tiny": [5e-324, 0.0] * 30,
    "a jump": [1.0] * 30 + [1e12] * 30,
}

checks = pytest.mark.parametrize("check", CHECKS)
# Of a study as a whole, by the curves of all its trials.
OF_STUDY = {"chance"}
checks_of_trials = pytest.mark.parametrize(
    "check", [name for name in CHECKS if name not in OF_STUDY]
)
scales = st.integers(-30, 30).map(lambda power: 2.0**power)


def curves(seed, *, count=60, scale=1.0, metric=METRIC):
    """A trial of every kind: falling, flat, climbing, periodic; by the seed."""
    share, kind = at(count), seed % 4
    course = [np.exp(-3.0 * share), np.exp(-15.0 * share), share, np.sin(40.0 * share)][kind]
    noisy = 2.0 + course + 0.02 * noise(seed, count)
    train = 1.0 + course + 0.02 * noise(seed + 100, count)
    norms = np.exp(course + noise(seed, count))
    return {
        metric: scale * noisy,
        "train/loss": scale * train,
        "valid/loss": scale * noisy,
        "grad_norm": scale * norms,
    }


def said(check, study, records):
    return [
        (one.subject.get("trial"), one.status, one.rule)
        for one in CHECKS[check](study, trial_curves(study, outcomes(study, records)))
    ]


def of_seeds(study, seeds, **given):
    return [finished(study, k, curves(seed, **given)) for k, seed in enumerate(seeds)]


@checks
@settings(max_examples=8)
@given(seeds=st.lists(st.integers(0, 99), max_size=5), scale=scales)
def test_units_change_nothing(check, seeds, scale):
    study = long_study()

    scaled = said(check, study, of_seeds(study, seeds, scale=scale))

    assert scaled == said(check, study, of_seeds(study, seeds))


@checks
@settings(max_examples=8)
@given(seeds=st.lists(st.integers(0, 99), max_size=5))
def test_maximizing_the_opposite_changes_nothing(check, seeds):
    study, other = long_study(), long_study(maximize=True)
    records = [finished(study, k, curves(seed)) for k, seed in enumerate(seeds)]
    turned = [
        finished(other, k, {**curves(seed), METRIC: -curves(seed)[METRIC]})
        for k, seed in enumerate(seeds)
    ]

    assert said(check, other, turned) == said(check, study, records)


@checks
@settings(max_examples=8)
@given(seeds=st.lists(st.integers(0, 99), max_size=5), data=st.data())
def test_the_order_of_trials_changes_nothing(check, seeds, data):
    study = long_study()
    records = of_seeds(study, seeds)

    shuffled = data.draw(st.permutations(records))

    assert said(check, study, shuffled) == said(check, study, records)


@checks
@settings(max_examples=8)
@given(seeds=st.lists(st.integers(0, 99), max_size=5))
def test_the_name_of_the_metric_changes_nothing(check, seeds):
    study, other = long_study(), long_study(metric="valid/a")

    renamed = said(check, other, of_seeds(other, seeds, metric="valid/a"))

    assert renamed == said(check, study, of_seeds(study, seeds))


@checks_of_trials
@pytest.mark.parametrize("status", ["completed", "stopped", "infeasible"])
def test_every_trial_has_one_finding_whatever_its_curves(check, status):
    by_kind = {kind: hostile(check, values, status) for kind, values in HOSTILE.items()}

    offenders = [
        kind
        for kind, found in by_kind.items()
        if [one.subject["trial"] for one in found if "trial" in one.subject] != list(range(6))
        or {one.check for one in found} != {check}
    ]

    assert offenders == []
    assert json.dumps(
        [to_json(one) for found in by_kind.values() for one in found], allow_nan=False
    )


def hostile(check, values, status):
    """The findings on six trials whose series are all these values."""
    study = long_study()
    series = dict.fromkeys((METRIC, "train/loss", "valid/loss", "grad_norm"), values)
    records = [finished(study, trial, series, status=status) for trial in range(6)]
    return CHECKS[check](study, trial_curves(study, outcomes(study, records)))


@checks
def test_a_study_without_trials_has_findings_not_tracebacks(check):
    study = long_study()

    found = CHECKS[check](study, [])

    assert {one.status for one in found} <= {"unclear"}


@checks
def test_unclear_findings_give_their_reason(check):
    study = long_study()
    record = finished(study, 0, {}, status="infeasible", reason="nan")

    found = CHECKS[check](study, trial_curves(study, outcomes(study, [record])))[-1]

    assert found.status == "unclear"
    assert re.search(", since |^Too few|, so (its|whether) ", found.message)
