from __future__ import annotations

import pytest
from tests.factories import experiment
from tests.form import offences

from etude.design.checks.judged import findings, of_another_metric, renaming


@pytest.mark.rule("X3")
@pytest.mark.parametrize("metric", ["test/error", "test_loss", "testAcc", "error_on_test"])
def test_a_run_that_is_judged_by_test_data_has_a_problem(metric):
    (finding,) = findings(experiment(metric=metric))

    assert (finding.rule, finding.status) == ("X3", "problem")
    assert list(offences(finding)) == []


@pytest.mark.parametrize("metric", ["valid/error", "val_loss", "latest_loss", "train/loss", "loss"])
def test_other_metrics_are_no_test_data(metric):
    assert findings(experiment(metric=metric)) == []


def test_of_an_import_it_is_a_notice_with_the_renaming_to_type():
    (finding,) = findings(experiment(metric="test_loss", search="imported"))

    assert finding.status == "notice"
    assert "--rename test_loss=valid/loss" in finding.advice
    assert renaming("test_loss") == finding.advice


def test_who_says_that_a_metric_is_validation_is_believed():
    assert findings(experiment(metric="test_loss", names={"test_loss": "valid/loss"})) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "ok"),
        ({"search": "grid"}, "ok"),
        ({"search": "bayesian"}, "notice"),
        ({"schedule": "asha"}, "notice"),
    ],
)
def test_what_adapted_to_another_metric_is_said(given, said):
    trained = experiment(**given)
    judged = experiment(**given, metric="valid/loss")

    found = of_another_metric(judged, trained)

    assert [one.status for one in found] == [said]
    assert [offence for one in found for offence in offences(one)] == []
    assert of_another_metric(trained, trained) == []
