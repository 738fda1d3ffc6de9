from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests import factories
from tests.factories import record
from tests.form import offences

from etude.analyze.checks.evaluation_sample import evaluation_sample, findings
from etude.record import POINT, Points

STUDY = factories.study()


def trials(values, **data):
    """Trials with these errors, the first of which logged these facts of the data."""
    records = [record(STUDY, number, value) for number, value in enumerate(values)]
    names = ("valid/error", *(f"data/{name}" for name in data))
    rows = [(0, 0, values[0]), *((0, at, value) for at, value in enumerate(data.values(), 1))]
    return [replace(records[0], points=Points(np.array(rows, dtype=POINT), names)), *records[1:]]


def said(records):
    return {one.kind: one for one in findings(evaluation_sample([STUDY], records))}


SPREAD = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4]


@pytest.mark.parametrize(
    ("distance", "chance", "status"),
    [(0.2, 1e-9, "notice"), (0.2, 0.01, "ok"), (0.01, 1e-9, "ok")],
)
def test_a_difference_is_told_where_it_is_no_chance_and_large_enough(distance, chance, status):
    found = said(trials(SPREAD, distance_of_labels=distance, chance_of_labels=chance))

    assert found["skew"].status == status


@pytest.mark.parametrize(
    ("examples", "status", "unseen"),
    [(20, "unclear", "44 %"), (60, "unclear", "25 %"), (300, "ok", "11 %"), (9000, "ok", "2.8 %")],
)
def test_how_large_a_difference_would_not_show_is_told(examples, status, unseen):
    data = {"distance_of_labels": 0.1, "chance_of_labels": 0.3}
    counts = {"examples": examples, "training_examples": 10_000}
    found = said(trials(SPREAD, **data, **counts))["skew"]

    assert found.status == status
    assert f"less than {unseen} of the examples would not" in found.message
    assert list(offences(found)) == []


def test_a_small_training_set_hides_a_difference_too():
    data = {"distance_of_inputs": 0.1, "chance_of_inputs": 0.3}
    found = said(trials(SPREAD, **data, examples=9000, training_examples=16))["skew"]

    assert (found.status, found.advice) == ("unclear", "Take more training data, drawn at random.")


def test_both_parts_are_named():
    data = {"distance_of_labels": 0.2, "chance_of_labels": 0.0}
    inputs = {"distance_of_inputs": 0.4, "chance_of_inputs": 0.0}

    headline = said(trials(SPREAD, **data, **inputs))["skew"].headline

    assert "labels and inputs differ by up to 40 %" in headline


def test_enough_examples_tell_the_best_from_the_median():
    assert said(trials(SPREAD, examples=2000))["size"].status == "ok"


def test_so_few_that_luck_would_do_as_much_are_open_with_the_number_needed():
    found = said(trials([0.1, 0.101, 0.102, 0.103, 0.104], examples=100))["size"]

    assert found.status == "unclear"
    assert found.evidence["examples_needed"] > 100_000


def test_a_lead_that_equal_trials_often_have_is_open():
    values = [0.084, 0.095, 0.097, 0.098, 0.1, 0.1, 0.102, 0.104, 0.105, 0.11]

    found = said(trials(values, examples=1000))["size"]

    assert found.status == "unclear"
    assert found.evidence["selection_bias"] < found.evidence["spread"]


def test_of_a_loss_the_size_says_nothing():
    study = factories.study(metric="valid/loss")
    records = [replace(one, study=study.name) for one in trials(SPREAD, examples=2000)]

    assert [one.kind for one in findings(evaluation_sample([study], records))] == []


def test_where_nothing_was_logged_nothing_is_said():
    assert said(trials(SPREAD)) == {}


@pytest.mark.parametrize("examples", [1, 40, 1397, 1_000_000])
def test_it_keeps_the_form(examples):
    data = {"distance_of_labels": 0.2345, "chance_of_labels": 1e-5, "examples": examples}
    found = said(trials(SPREAD, **data)).values()

    assert [offence for one in found for offence in offences(one)] == []
