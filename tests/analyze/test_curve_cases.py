"""What is said of the smallest curves on which it was wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests import factories
from tests.factories import record

from etude.analyze.checks.overfitting import overfitting
from etude.analyze.checks.stability import findings, stability
from etude.analyze.views.curves import trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.record import POINT, Points

CASES = Path(__file__).parents[3] / "shared" / "cases" / "import"


def case(name, metric):
    """The study and the curves of a case; skipped, saying so, where it is absent."""
    if not (CASES / name).is_dir():
        pytest.skip(f"../shared/cases is absent: {name} cannot be judged")
    table = pd.read_csv(CASES / name / "curves.csv")
    study = factories.study(metric=metric, max_steps=int(table.step.max()) + 1)
    records = []
    for number, (_, rows) in enumerate(table.groupby("trial")):
        names = tuple(sorted(rows.metric.unique()))
        codes = rows.metric.map({one: code for code, one in enumerate(names)})
        points = sorted(zip(rows.step, codes, rows.value, strict=True))
        given = Points(np.array(points, dtype=POINT), names)
        records.append(record(study, number, status="completed", points=given))
    return study, trial_curves(study, outcomes(study, records))


def test_noise_of_a_third_while_the_loss_falls_breaks_nothing():
    study, curves = case("noise-while-the-loss-falls", "gen_loss")

    result = stability(study, curves)

    assert {one.kind for one in result.trials} == {""}
    assert not any("did not recover" in found.message for found in findings(result))


def test_losses_by_their_usual_names_show_where_they_overfit():
    study, curves = case("names-of-losses", "val_loss")

    overfit = [one for one in overfitting(study, curves).trials if one.status == "problem"]

    assert overfit
    assert {one.by_metric.best_step for one in overfit} <= set(range(1_500, 2_600))
