"""Laws that boundary, coverage and infeasible share: what must change no finding."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import factories
from tests.factories import RATE, record

from etude.analyze.registry import CHECKS
from etude.analyze.views.outcomes import outcomes
from etude.finding import to_json
from etude.space import Choice, Domain, Integer, Real
from etude.study import Study

from .trials import at_units

DOMAINS: dict[str, Domain] = {
    "activation": Choice(["relu", "gelu"]),
    "depth": Integer(1, 8),
    "learning_rate": RATE,
    "momentum": Real(0.7, 0.999, scale="one_minus_log"),
}
# What is said of where the trials lie, whatever their curves.
OF_PLACES = [check for check in CHECKS if check.name in ("boundary", "coverage", "infeasible")]
UNIT = st.integers(0, 99).map(lambda k: (k + 0.5) / 100)
TRIAL = st.tuples(st.tuples(UNIT, UNIT, UNIT, UNIT), st.none() | st.integers(1, 60))
TRIALS = st.lists(TRIAL, min_size=0, max_size=40)


def found(study: Study, trials, change=lambda value: value):
    """Status by check and subject of every finding."""
    values = [None if value is None else change(float(value)) for _, value in trials]
    return said(study, at_units(study, [units for units, _ in trials], values))


def all_findings(study, records):
    ended = outcomes(study, records)
    return [
        finding for check in OF_PLACES for finding in check.findings(check.result(study, ended))
    ]


def said(study, records):
    everything = all_findings(study, records)
    return {(one.check, *map(str, one.subject.values())): one.status for one in everything}


@settings(max_examples=30, deadline=None)
@given(trials=TRIALS, seed=st.randoms(use_true_random=False))
def test_the_order_of_trials_changes_no_finding(trials, seed):
    study = factories.study(DOMAINS)
    records = at_units(study, [u for u, _ in trials], [v for _, v in trials])
    shuffled = seed.sample(records, len(records))

    assert said(study, shuffled) == said(study, records)


@settings(max_examples=30, deadline=None)
@given(trials=TRIALS, factor=st.sampled_from([2.0**-30, 0.5, 1024.0]))
def test_the_unit_of_the_metric_changes_no_finding(trials, factor):
    study = factories.study(DOMAINS)

    assert found(study, trials, lambda value: factor * value) == found(study, trials)


@settings(max_examples=30, deadline=None)
@given(trials=TRIALS)
def test_the_direction_of_the_metric_changes_no_finding(trials):
    lower, higher = factories.study(DOMAINS), factories.study(DOMAINS, maximize=True)

    assert found(higher, trials, lambda value: -value) == found(lower, trials)


@settings(max_examples=30, deadline=None)
@given(trials=TRIALS)
def test_the_names_of_hyperparameters_change_no_finding(trials):
    names = dict(zip(DOMAINS, ["a", "b", "c", "d"], strict=True))
    renamed = factories.study({names[name]: domain for name, domain in DOMAINS.items()})

    plain = found(factories.study(DOMAINS), trials)

    assert found(renamed, trials) == {
        tuple(names.get(part, part) for part in key): status for key, status in plain.items()
    }


@pytest.mark.parametrize(
    "values",
    [
        [],
        [0.1],
        [None] * 20,
        [0.3] * 20,
        [float("nan")] * 20,
        [float("inf")] * 20,
        [-1e300, 1e300] * 10,
    ],
)
@pytest.mark.parametrize("domains", [DOMAINS, {"learning_rate": RATE}])
def test_no_study_is_too_odd_for_a_finding(domains, values):
    study = factories.study(domains)
    units = [[(k + 0.5) / 20] * len(domains) for k in range(len(values))]

    assert len(said(study, at_units(study, units, values))) == 2 * len(domains) + 2 - 2 * (
        "activation" in domains
    )


def test_a_study_in_which_nothing_varies_has_findings():
    study = factories.study()
    bare = replace(study, space=replace(study.space, domains={}))
    records = [record(bare, k, 0.1 * k, {}) for k in range(20)]

    assert said(bare, records) == {
        ("coverage", "all"): "unclear",
        ("infeasible", "all"): "ok",
    }


def test_evidence_is_plain_json():
    study = factories.study(DOMAINS)
    records = at_units(study, [[k / 20] * 4 for k in range(20)], [None, *range(19)])

    found = all_findings(study, records)

    assert all(isinstance(to_json(finding)["evidence"], dict) for finding in found)
