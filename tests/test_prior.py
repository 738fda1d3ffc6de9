"""What earlier rounds found reaches a search that learns from it, and no other."""

from dataclasses import replace

import pytest

import etude
from etude.design.studies import studies
from etude.prior import informed
from etude.store.memory import Memory

FIRST = etude.Experiment(
    name="first",
    metric="valid/loss",
    max_steps=4,
    trials=6,
    evaluations=1,
    nuisance={"learning_rate": etude.Real(0.01, 1.0, log=True)},
    fixed={"width": 8},
)
SECOND = replace(FIRST, name="second", parent="first", search="bayesian")


def train(trial):
    """A rate above 0.5 breaks."""
    return float("nan") if trial["learning_rate"] > 0.5 else trial["learning_rate"]


@pytest.fixture(scope="module")
def store():
    held = Memory()
    etude.run(FIRST, train, store=held)
    return held


def known(experiment, store):
    (study,) = informed(studies(experiment), experiment, store)
    return study.prior


def test_a_search_that_learns_is_told_of_the_round_before(store):
    records = list(store.records("first"))

    prior = known(SECOND, store)

    assert [one.setting for one in prior] == [one.setting for one in records]
    assert [one.value is None for one in prior] == [one.status == "infeasible" for one in records]


def test_the_line_of_parents_is_followed_to_its_beginning(store):
    third = replace(SECOND, name="third", parent="second")
    held = Memory()
    etude.run(FIRST, train, store=held)
    etude.run(replace(SECOND, search="quasi_random"), train, store=held)

    assert len(known(third, held)) == 12


@pytest.mark.parametrize(
    "changed",
    [
        {"search": "quasi_random"},
        {"parent": "elsewhere"},
        {"parent": None},
        {"max_steps": 8},
        {"metric": "valid/error"},
        {"fixed": {"width": 16}},
        {"fixed": {"width": 8, "depth": 2}},
    ],
)
def test_what_is_not_judged_alike_is_not_told(store, changed):
    assert known(replace(SECOND, **changed), store) == ()


def test_a_round_that_learns_begins_where_the_last_one_ended(store):
    result = etude.run(SECOND, train, store=store)

    assert max(one.setting["learning_rate"] for one in result.records) < 0.03


def test_without_a_store_nothing_is_known():
    assert known(SECOND, None) == ()
