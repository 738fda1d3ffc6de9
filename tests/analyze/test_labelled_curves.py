"""What the curve checks say of real trainings that a person has labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests import factories
from tests.factories import record

from etude.analyze.checks.overfitting import overfitting
from etude.analyze.checks.periodicity import periodicity
from etude.analyze.checks.saturated import saturated
from etude.analyze.checks.stability import stability
from etude.analyze.checks.still_improving import still_improving
from etude.analyze.checks.training_loss_rises import training_loss_rises
from etude.analyze.views.curves import TrialCurves, trial_curves
from etude.analyze.views.outcomes import outcomes
from etude.record import POINT, Points, Record
from etude.study import Study

DATA = Path(__file__).parents[3] / "shared" / "data" / "curves"
WORKLOADS = ["criteo1tb", "imagenet_resnet", "librispeech_conformer", "ogbg"]


@dataclass(frozen=True)
class Labelled:
    study: Study
    curves: list[TrialCurves]
    labels: pd.DataFrame

    def called(self, trials: Sequence[Any], *, column: str, label: str) -> set[str]:
        """The statuses of the trials with this label."""
        wanted = set(self.labels.index[self.labels[column] == label])
        return {one.status for one in trials if one.trial in wanted}


@dataclass(frozen=True)
class Turned:
    trial: int
    status: str


@pytest.fixture(scope="module", params=WORKLOADS)
def labelled(request):
    if not DATA.is_dir():
        pytest.skip("../shared/data is absent: labelled curves cannot be judged")
    folder = DATA / request.param
    index = pd.read_csv(DATA / "index.csv").set_index("folder").loc[f"curves/{request.param}"]
    study = factories.study(
        metric=index.metric, maximize=bool(index.maximize), max_steps=int(index.max_steps)
    )
    labels = pd.read_csv(folder / "labels.csv").set_index("trial")
    curves = pd.read_csv(folder / "curves.csv", keep_default_na=False).query("value != ''")
    by_trial = dict(list(curves.groupby("trial")))
    records = [labelled_trial(study, int(trial), by_trial.get(trial)) for trial in labels.index]
    return Labelled(study, trial_curves(study, outcomes(study, records)), labels)


def labelled_trial(study: Study, trial: int, rows: pd.DataFrame | None) -> Record:
    names = () if rows is None else tuple(sorted(rows.metric.unique()))
    points = np.empty(0 if rows is None else len(rows), POINT)
    if rows is not None:
        points["step"] = rows.step
        points["metric"] = rows.metric.map({name: code for code, name in enumerate(names)})
        points["value"] = rows.value.astype(float)
    return record(study, trial, status="completed", points=Points(points, names))


def test_none_that_still_improves_is_called_saturated(labelled):
    result = saturated(labelled.study, labelled.curves)

    said = labelled.called(result.trials, column="still_improving_at_end", label="yes")

    assert "notice" not in said


def test_no_healthy_training_loss_is_said_to_rise(labelled):
    result = training_loss_rises(labelled.study, labelled.curves)

    assert labelled.called(result.trials, column="outcome", label="ok") <= {"ok", "unclear"}


@pytest.mark.parametrize("outcome", ["diverged_no_recovery", "late_degradation"])
def test_a_training_loss_that_did_not_come_back_rises(labelled, outcome):
    result = training_loss_rises(labelled.study, labelled.curves)

    assert "ok" not in labelled.called(result.trials, column="outcome", label=outcome)


def test_no_evaluation_metric_has_a_period(labelled):
    result = periodicity(labelled.study, labelled.curves)

    assert "notice" not in {one.status for one in result.trials}


@pytest.mark.parametrize(
    "outcome",
    [
        "nan_diverged",
        "diverged_no_recovery",
        "diverged_recovered",
        "repeated_instability",
        "never_learned",
    ],
)
def test_an_unstable_trial_is_called_so(labelled, outcome):
    result = stability(labelled.study, labelled.curves)

    assert labelled.called(result.trials, column="outcome", label=outcome) <= {"problem"}


@pytest.mark.parametrize(
    "outcome",
    [
        "ok",
        "aborted_at_start",
        "stuck_then_learns",
        "late_degradation",
        "no_validation_metric",
        "no_data",
    ],
)
def test_no_other_trial_is_called_unstable(labelled, outcome):
    result = stability(labelled.study, labelled.curves)

    assert labelled.called(result.trials, column="outcome", label=outcome) <= {"ok", "unclear"}


@pytest.mark.parametrize("label", ["yes", "no"])
def test_overfitting_by_loss_is_what_a_person_saw(labelled, label):
    result = overfitting(labelled.study, labelled.curves)
    turns = [Turned(one.trial, one.by_loss.status) for one in result.trials]

    said = labelled.called(turns, column="overfits_by_loss", label=label)

    assert said <= {"yes": {"problem"}, "no": {"ok", "unclear"}}[label]


@pytest.mark.parametrize("label", ["yes", "no"])
def test_overfitting_by_metric_is_what_a_person_saw(labelled, label):
    result = overfitting(labelled.study, labelled.curves)
    turns = [Turned(one.trial, one.by_metric.status) for one in result.trials]

    said = labelled.called(turns, column="overfits_by_metric", label=label)

    assert said <= {"yes": {"problem"}, "no": {"ok", "unclear"}}[label]


@pytest.mark.parametrize("label", ["yes", "no"])
def test_still_improving_is_what_a_person_saw(labelled, label):
    result = still_improving(labelled.study, labelled.curves)

    said = labelled.called(result.trials, column="still_improving_at_end", label=label)

    assert said <= {"yes": {"notice"}, "no": {"ok", "unclear"}}[label]
