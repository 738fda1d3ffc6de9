"""What an adaptive run costs, in counts: reads of the store, questions, and trials looked at."""

from collections import Counter
from typing import Any

import pytest
from tests.factories import played
from tests.search.world import World, descent

import etude
from etude.design.split import split
from etude.event import Began, Ended, Logged, Paused, Saved
from etude.experiment.entry import Entry
from etude.experiment.toml.write import dumps
from etude.move import Start
from etude.round.loop import started
from etude.round.searches import Searches
from etude.search import search_of
from etude.search.asha import Asha
from etude.search.pbt import Pbt
from etude.search.population import Population
from etude.search.standings import Standings
from etude.store.memory import Memory
from etude.store.tracked import Tracked

SCHEDULES = {
    "asha": {"schedule": "asha", "schedule_options": {"min_steps": 3}},
    "pbt": {"schedule": "pbt", "schedule_options": {"interval": 3}},
    "replay": {
        "schedule": "replay",
        "schedule_options": {"changes": [{"step": 3, "learning_rate": 0.05}]},
    },
}


class Counted:
    """A store that counts how often all of its trials are read."""

    def __init__(self):
        self.store, self.reads = Memory(), 0

    def __getattr__(self, name):
        return getattr(self.store, name)

    def records(self, name):
        self.reads += 1
        return self.store.records(name)


def saving(trial):
    trial.restore(lambda _: None)
    for step in trial.steps():
        value = trial["learning_rate"] / (step + 1)
        trial.report(step, {"valid/loss": value}, checkpoint=lambda _: None)


def reads(trials, schedule):
    store = Counted()
    etude.run(descent(trials=trials, **SCHEDULES[schedule]), saving, store=store)
    return store.reads


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_run_of_many_trials_reads_the_store_as_often_as_one_of_few(schedule):
    assert reads(16, schedule) == reads(4, schedule)


def test_a_round_that_is_asked_reads_the_store_as_often_for_many_trials_as_for_few():
    counts = []
    for trials in (4, 16):
        store = Counted()
        with etude.ask(descent(trials=trials, **SCHEDULES["asha"]), store=store) as asking:
            while trial := asking.next():
                asking.tell(trial, trial["learning_rate"])
        counts.append(store.reads)

    assert counts[0] == counts[1]


# --- questions


def asked(monkeypatch, kind, trials, **given):
    """How often a search is asked while it is played, and how many trials it looks at."""
    counts = {"asked": 0, "looked": 0}
    kinds: dict[str, tuple[Any, Any]] = {"asha": (Asha, Standings), "pbt": (Pbt, Population)}
    search, summary = kinds[kind]

    def count(name, method):
        def counted(*arguments):
            counts[name] += 1
            return method(*arguments)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(search, "moves", count("asked", search.moves))
        patch.setattr(summary, "change", count("looked", summary.change))
        one = descent(trials=trials, max_steps=24, evaluations=24, **given)
        store = Memory()
        store.begin(Entry(experiment=one, text=dumps(one)))
        played(one, World(1), Tracked(store, one.name))
    return counts


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("asha", {"schedule": "asha", "schedule_options": {"min_steps": 8}}),
        ("pbt", {"schedule": "pbt", "schedule_options": {"interval": 8}}),
    ],
)
def test_a_search_is_asked_a_few_times_a_trial_however_often_it_reports(monkeypatch, kind, given):
    few, many = (asked(monkeypatch, kind, trials, **given) for trials in (6, 24))

    assert few["asked"] / 6 < 20  # of 24 reports a trial, each with a checkpoint
    assert many["asked"] / 24 < 1.5 * few["asked"] / 6
    assert many["looked"] / 24 < 1.5 * few["looked"] / 6


@pytest.fixture
def round_of_asha():
    """An asking and its store, with one trial that trains from step 0."""
    one = descent(**SCHEDULES["asha"])
    store = Memory()
    store.begin(Entry(experiment=one, text=dumps(one)))
    (study,) = split(one)
    tracked = Tracked(store, one.name)
    asking = Searches([(study, search_of(study))], tracked, one.name)
    tracked.reserve(one.name, study, [Start({"learning_rate": 0.1, "momentum": 0.9}, 3)])
    asking.see([Began(0, 0)])
    return asking


def report(*steps, metric="valid/loss"):
    return Logged(0, tuple((step, metric, 1.0) for step in steps))


@pytest.mark.parametrize(
    ("events", "is_news"),
    [
        ([report(0)], False),
        ([report(1)], False),
        ([report(2)], True),
        ([report(0, 1, 2)], True),
        ([report(1), report(3)], True),
        ([report(2, metric="train/loss")], False),
        ([report(1), report(1)], True),
        ([Saved(0, 1, 1.0)], False),
        ([Paused(0, 3)], True),
        ([Ended(0, "completed", steps=9)], True),
        ([report(2), Began(0, 0)], True),
    ],
)
def test_what_can_change_an_answer_is_news(round_of_asha, events, is_news):
    heard = [round_of_asha.see([event]) for event in events]

    assert any(heard) is is_news


def test_after_a_beginning_from_a_checkpoint_the_next_report_is_news(round_of_asha):
    round_of_asha.see([Began(0, 2)])

    assert round_of_asha.see([report(3)])


def test_who_had_nothing_to_start_is_not_asked_again_before_there_is_news(monkeypatch):
    one = descent(trials=2, **SCHEDULES["pbt"])
    store = Memory()
    store.begin(Entry(experiment=one, text=dumps(one)))
    (study,) = split(one)
    tracked = Tracked(store, one.name)
    asking = Searches([(study, search_of(study))], tracked, one.name)
    begun = [*asking.started(5), *asking.started(5), *asking.started(5)]
    monkeypatch.setattr(Pbt, "moves", None)

    assert [record.id for record in begun] == [0, 1]
    assert asking.started(5) == []


class Looked:
    """A summary that counts how many trials were looked at."""

    count = 0

    def change(self, _):
        Looked.count += 1


class OneByOne:
    """A search that adapts and begins one trial whenever there is a place."""

    adapts = True

    def moves(self, study, records, free):
        records.summary("looked", Looked)
        return [Start({"learning_rate": 0.1, "momentum": 0.9}, 3)][:free]


def test_a_study_is_not_looked_through_again_because_another_began_a_trial(monkeypatch):
    one = descent(**SCHEDULES["asha"], scientific={"optimizer": ["adam", "sgd"]})
    store = Memory()
    store.begin(Entry(experiment=one, text=dumps(one)))
    plan = [(study, OneByOne()) for study in split(one)]
    asking = Searches(plan, Tracked(store, one.name), one.name)
    monkeypatch.setattr(Looked, "count", 0)

    begun = [record for _ in range(30) for record in asking.started(2)]

    assert Counter(record.study for record in begun) == {study.name: 30 for study, _ in plan}
    assert Looked.count <= len(begun)


def test_studies_that_adapt_share_the_free_slots():
    one = descent(**SCHEDULES["asha"], trials=4, scientific={"optimizer": ["adam", "sgd"]})
    store = Memory()
    store.begin(Entry(experiment=one, text=dumps(one)))
    plan = [(study, search_of(study)) for study in split(one)]

    assert started(plan, store, one.name) == []  # they are asked by what is free
    assert len(Searches(plan, store, one.name).started(3)) == 3
