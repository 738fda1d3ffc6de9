from __future__ import annotations

import numpy as np
import pytest
from tests.form import offences

from etude.analyze.checks.periodicity_copies import copied, findings
from etude.analyze.thresholds import CopiesThresholds


def data(copies, examples=1000, repeats=0, training=10_000):
    return {
        "data/copies": float(copies),
        "data/examples": float(examples),
        "data/training_copies": float(repeats),
        "data/training_examples": float(training),
    }


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (data(200), "problem"),
        (data(20), "notice"),
        (data(2), "ok"),
        (data(0), "ok"),
        (data(100, repeats=1000), "ok"),
        (data(300, repeats=1000), "problem"),
    ],
)
def test_more_copies_than_data_repeat_by_themselves_are_told(known, status):
    (found,) = findings(copied(known), "all")

    assert (found.status, found.check, found.rule) == (status, "periodicity", "E6")


def test_a_fair_split_of_data_that_repeat_is_seldom_called_an_overlap():
    chances = []
    for seed in range(200):
        rng = np.random.default_rng([3, seed])
        rows = rng.integers(0, 3000, 1200)  # some thousand different examples
        valid, train = rows[:200], rows[200:]
        counts = np.bincount(train, minlength=3000)
        known = data((counts[valid] > 0).sum(), 200, (counts[train] > 1).sum(), 1000)
        chances.append(copied(known).status)

    assert chances.count("ok") >= 198


def test_where_nobody_counted_nothing_is_said():
    assert findings(copied({"data/examples": 3.0}), "all") == []


@pytest.mark.parametrize("copies", [0, 1, 87, 1000])
def test_it_keeps_the_form(copies):
    said = findings(copied(data(copies), CopiesThresholds()), "optimizer=adam")

    assert [offence for one in said for offence in offences(one)] == []
