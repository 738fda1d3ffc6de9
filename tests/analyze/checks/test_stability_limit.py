from __future__ import annotations

import pytest
from tests import factories
from tests.factories import record

from etude.analyze.checks.stability_limit import findings, stability_limit
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes

RATES = [1e-4 * 2**place for place in range(10)]


def edge(values, unstable, study=None):
    study = study or factories.study()
    records = [
        record(study, trial, value, {"learning_rate": rate, "share": 0.5})
        for trial, (rate, value) in enumerate(zip(RATES, values, strict=True))
    ]
    broken = {trial: trial in unstable for trial in range(len(values))}
    return stability_limit(study, trial_curves(study, outcomes(study, records)), broken)


def test_the_best_rate_below_nothing_but_unstable_ones_lies_at_the_edge():
    values = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, None, None, None, None]

    found = edge(values, {6, 7, 8, 9})

    assert (found.status, found.trial, found.unstable) == ("notice", 5, (6, 7, 8, 9))
    assert "5 and 10 times" in findings(found)[0].advice


def test_the_best_rate_with_stable_ones_above_it_does_not():
    values = [0.9, 0.7, 0.5, 0.4, 0.5, 0.6, 0.7, None, None, None]

    assert edge(values, {7, 8, 9}).status == "ok"


def test_unstable_trials_anywhere_are_no_edge():
    values = [0.9, None, 0.7, None, 0.5, 0.4, 0.3, None, 0.2, None]

    assert edge(values, {1, 3, 7, 9}).status == "ok"


def test_an_unstable_trial_is_never_the_best():
    values = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.1, None, None, None]

    assert edge(values, {6, 7, 8, 9}).trial == 5


@pytest.mark.parametrize("name", ["share", "momentum"])
def test_a_study_without_a_learning_rate_is_unclear(name):
    study = factories.study({name: factories.study().space.domains["share"]})
    records = [record(study, 0, 0.5, {name: 0.5})]

    found = stability_limit(study, trial_curves(study, outcomes(study, records)), {0: False})

    assert found.status == "unclear"
    assert "its space has no learning rate" in findings(found)[0].message


def test_a_study_without_a_stable_trial_is_unclear():
    assert edge([None] * 10, set(range(10))).status == "unclear"
