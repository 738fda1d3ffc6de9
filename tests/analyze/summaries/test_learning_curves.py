from __future__ import annotations

import numpy as np
import pytest
from tests import factories
from tests.factories import curve, record

from etude.analyze.summaries.learning_curves import curves, metrics
from etude.analyze.views.curves import thinned
from etude.analyze.views.outcomes import outcomes

from ..trials import at_units

SETTING = {"learning_rate": 0.01, "share": 0.5}


def test_the_best_three_are_ranked_best_first():
    study = factories.study()
    records = at_units(study, [[0.5, 0.5]] * 5, [0.5, 0.1, None, 0.3, 0.2])

    found = curves(study, outcomes(study, records), "valid/error")

    assert found.best == (1, 4, 3)
    assert [(each.trial, each.rank) for each in found.curves] == [(0, 0), (1, 1), (3, 3), (4, 2)]


def test_a_broken_curve_ends_where_it_broke():
    study = factories.study()
    values = [0.5, 0.4, float("nan"), float("inf")]
    records = [record(study, 0, values, SETTING, status="infeasible")]

    found = curves(study, outcomes(study, records), "valid/error").curves[0]

    assert (found.steps_P, found.values_P, found.broke_at) == ((0, 10), (0.5, 0.4), 20)
    assert found.infeasible


@pytest.mark.parametrize("length", [0, 1, 200, 201, 1_000, 12_345])
def test_a_thinned_curve_keeps_its_ends_and_extremes(length):
    values_P = np.random.default_rng(0).standard_normal(length)

    kept = thinned(values_P, 200).tolist()

    extremes = {0, length - 1, int(values_P.argmin()), int(values_P.argmax())} if length else set()
    assert len(kept) <= 200
    assert extremes <= set(kept)
    assert kept == sorted(set(kept))


def test_the_metric_of_the_study_comes_first():
    study = factories.study()
    records = [
        record(study, 0, 0.5, SETTING, points=curve([1.0], "grad_norm")),
        record(study, 1, 0.5, SETTING),
    ]

    assert metrics(study, records) == ["valid/error", "grad_norm"]


def test_a_metric_nobody_reported_has_no_curves():
    assert curves(factories.study(), outcomes(factories.study(), []), "valid/error").curves == ()
