"""The rounds of a store that train settings of another round again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.factories import rates

import etude
from etude.advise.follow_up import retraining_experiment
from etude.experiment.entry import Entry
from etude.round.result import load
from etude.round.retraining import Retraining, free_name, same
from etude.store.memory import Memory

TWO = {"scientific": {"arm": ["a", "b"]}, "trials": 12}


def train(trial):
    ahead = 0.5 if trial["arm"] == "b" else 0.0
    return (trial["learning_rate"] - 0.2) ** 2 + ahead + 1e-4 * (trial.seed % 100)


@pytest.fixture
def store():
    """A comparison, and the round that trains its best again."""
    store = Memory()
    result = etude.run(rates(**TWO), train, store=store)
    etude.run(result.next().experiment, train, store=store)
    return store


def test_a_round_knows_which_one_trained_its_best_again(store):
    assert load(store, "rates").retraining == "rates-seeds"


def test_a_round_of_retrainings_knows_whose_they_are(store):
    assert load(store, "rates-seeds").retrains == "rates"
    assert load(store, "rates").retrains == ""


def test_what_has_not_ended_has_not_answered(store):
    result = load(store, "rates")
    running = tuple(replace(one, ended=False) for one in result.retrainings)

    assert replace(result, retrainings=running).retraining == ""


def test_a_round_that_has_only_begun_has_not_answered():
    store = Memory()
    result = etude.run(rates(**TWO), train, store=store)
    store.begin(Entry(experiment=result.retrained(5).experiment, text=""))

    again = load(store, "rates")

    assert [one.ended for one in again.retrainings] == [False]
    assert again.retraining == ""


def test_fewer_than_five_have_not_answered():
    store = Memory()
    result = etude.run(rates(**TWO), train, store=store)
    etude.run(result.retrained(3).experiment, train, store=store)

    again = load(store, "rates")

    assert again.retraining == ""
    assert again.next().experiment.name == "rates-seeds"


def test_in_python_the_next_round_of_a_lead_is_that_of_its_retrainings():
    result = etude.run(rates(**TWO), train)

    coming = result.next()

    assert result.verdict.status == "leads"
    assert (coming.experiment.trials, coming.recommendations) == (5, ())


def test_a_setting_that_is_another_gets_a_name_of_its_own():
    first = retraining_experiment(rates(), [{"learning_rate": 0.1}], name="rates-seeds")
    other = replace(first, fixed={"learning_rate": 0.2})
    longer = replace(first, trials=9)
    known = [Retraining(experiment=first, ended=True)]

    assert (same(longer, first), same(other, first)) == (True, False)
    assert free_name(longer, known) == "rates-seeds"
    assert free_name(other, known) == "rates-seeds-2"


@pytest.mark.parametrize(
    "given",
    [
        {"search": "bayesian", "search_options": {"start": 0.5}},
        {"schedule": "asha", "schedule_options": {"eta": 4}},
    ],
)
def test_retrainings_have_neither_the_search_nor_the_schedule_of_before(given):
    again = retraining_experiment(rates(**given), [{"learning_rate": 0.1}], name="again")

    assert (again.search, again.schedule, again.search_options) == ("quasi_random", None, {})
