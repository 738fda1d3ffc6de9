from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom
from tests import factories
from tests.factories import record
from tests.form import offences

from etude.analyze.checks.rare_class import findings, rare_class, rare_classes, recall_interval
from etude.record import POINT, Points

STUDY = factories.study()


def trial(number, error, **values):
    names = ("valid/error", *(name.replace("__", "/") for name in values))
    rows = [(0, 0, error), *((0, at, value) for at, value in enumerate(values.values(), 1))]
    return replace(record(STUDY, number, error), points=Points(np.array(rows, dtype=POINT), names))


def said(*trials):
    return findings(rare_class([STUDY], trials))


@pytest.mark.parametrize(
    ("examples", "right", "status"),
    [(4, 3, "notice"), (24, 20, "notice"), (40, 30, "ok"), (200, 0, "notice"), (0, 0, "notice")],
)
def test_too_few_examples_or_none_right_are_told(examples, right, status):
    (found,) = said(trial(0, 0.1, valid__right_of_3=right, data__examples_of_3=examples))

    assert (found.status, found.evidence["right"]) == (status, right)


def test_the_counts_are_those_of_the_best_trial():
    first = trial(0, 0.2, valid__right_of_3=10, data__examples_of_3=50)

    (found,) = said(first, trial(1, 0.1, valid__right_of_3=40))

    assert (found.evidence["trials"], found.evidence["right"]) == ([1], 40)


@pytest.mark.parametrize("right", [300, -96, 5, float("nan"), float("inf")])
def test_a_count_that_cannot_be_is_none(right):
    (found,) = said(trial(0, 0.1, valid__right_of_2=right, data__examples_of_2=4))

    assert found.evidence["right"] is None
    assert "right ones were not counted" in found.headline


def test_a_class_whose_right_ones_nobody_counted_is_open():
    (found,) = said(trial(0, 0.1, data__examples_of_owl=90))

    assert found.status == "unclear"
    assert "valid/right_of_owl" in found.advice


@pytest.mark.rule("E5")
def test_whole_numbers_that_may_be_counts_are_no_rare_classes():
    counts = {"data__classes": 20, "data__examples_of_18": 1, "data__examples_of_19": 0}
    amounts = factories.study(metric="valid/loss")
    one = trial(0, 0.1, **counts)
    one = replace(one, points=replace(one.points, names=("valid/loss", *one.points.names[1:])))

    (found,) = findings(rare_class([amounts], [one]))

    assert (found.status, list(offences(found))) == ("unclear", [])
    assert "are classes is not known" in found.headline


@pytest.mark.parametrize("metric", ["valid/error", "valid/f1", "val_nll"])
def test_a_metric_of_classes_tells_that_whole_numbers_are_classes(metric):
    known = {"data/classes": 20.0, "data/examples_of_18": 1.0}

    assert [one.status for one in findings(rare_classes(known, {}, metrics=[metric]))] == ["notice"]


def test_where_no_class_is_rare_that_is_said():
    (found,) = said(trial(0, 0.1, data__rare_classes=0))

    assert found.status == "ok"


def test_where_no_class_was_looked_at_nothing_is_said():
    assert said(trial(0, 0.1)) == []


@pytest.mark.parametrize("recall", [0.05, 0.5, 0.9])
def test_the_interval_holds_the_recall_in_95_percent_at_least(recall):
    counts = np.arange(21)
    bounds = [recall_interval(int(count), 20) for count in counts]
    holds = [low <= recall <= high for low, high in bounds]

    assert binom.pmf(counts, 20, recall)[holds].sum() >= 0.95


@pytest.mark.parametrize(("examples", "right"), [(0, 0), (1, 0), (17, 17), (300, 123)])
def test_it_keeps_the_form(examples, right):
    counted = trial(0, 0.1, valid__right_of_3=right, data__examples_of_3=examples)
    uncounted = trial(0, 0.1, data__examples_of_3=examples)
    found = [*said(counted), *said(uncounted)]

    assert [offence for one in found for offence in offences(one)] == []
