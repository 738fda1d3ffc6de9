"""A law: what is known in memory is what a fresh read of the store gives, after any events."""

import random

import pytest
from tests.store.sample import LAUNCH, entry, three_trials

from etude.code import Code, CodeFile
from etude.design.split import split
from etude.event import Began, Coded, Ended, Logged, Lost, Paused, Refused, Reopened, Saved
from etude.experiment.entry import Launch
from etude.move import Fork, Resume, Start
from etude.store import open_store
from etude.store.ledger import Vector
from etude.store.tracked import Tracked

STORES = {"memory": lambda _: open_store("memory"), "sqlite": lambda at: open_store(at / "e.db")}
CODES = [Code((CodeFile("train.py", str(number), f"x = {number}"),)) for number in range(2)]
VALUES = [0.1, 2.0, float("nan"), float("inf"), 0.1]


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


def everything(records):
    """All that records say, their points by name and NaN as NaN."""
    return [
        (
            record,
            record.stretches,
            repr([(s, record.points.names[m], v) for s, m, v in record.points.rows_P.tolist()]),
        )
        for record in records
    ]


class Play:
    """Random events and moves, each such as a run could write."""

    def __init__(self, store, seed):
        self.random = random.Random(seed)
        self.store = store
        one = three_trials(scientific={"optimizer": ["adam", "sgd"]}, keep_checkpoints=2)
        accepting = Launch(**{**vars(LAUNCH), "accepts_code": bool(seed % 2)})
        store.begin(entry(one, LAUNCH, accepting))
        self.studies = split(one)
        self.tracked = Tracked(store, one.name)

    def step(self):
        if self.random.random() < 0.2 or not self.tracked.records("rates").count():
            self.reserve()
        else:
            records = list(self.tracked.records("rates"))
            chosen = self.random.sample(records, min(3, len(records)))
            self.tracked.append("rates", [event for one in chosen for event in self.events(one)])

    def reserve(self):
        study = self.random.choice(self.studies)
        records = self.tracked.records("rates").of_study(study.name)
        moves = [Start({"learning_rate": self.random.random()}, until_step=2)]
        moves += [Resume(one.id, 8) for one in records if one.status == "paused"][:1]
        held = [one for one in records if one.checkpoints and one.status == "paused"]
        for one in held[:1]:
            place = self.store.files.checkpoints("rates", one.id) / str(one.checkpoints[-1].step)
            place.mkdir(parents=True, exist_ok=True)
            moves.append(Fork(one.id, one.checkpoints[-1].step, {"learning_rate": 0.2}, 4))
        self.tracked.reserve("rates", study, self.random.sample(moves, len(moves)))

    def events(self, record):
        """One event; of a trial that never began, its beginning first."""
        return ([] if record.stretches else [Began(record.id, 0)]) + [self.event(record)]

    def event(self, record):
        step = self.random.randrange(max((one.step for one in record.checkpoints), default=0), 8)
        began = record.stretches[-1].from_step if record.stretches else 0
        metric = self.random.choice(["valid/loss", "train/loss", f"more/{step}"])
        rows = tuple((step + k, metric, self.random.choice(VALUES)) for k in range(3))
        return self.random.choice(
            [
                Began(record.id, self.random.choice([0, 0, step])),
                Coded(record.id, began, self.random.choice(CODES)),
                Logged(record.id, rows),
                Logged(record.id, rows[:1]),
                Saved(record.id, step, self.random.choice([None, 0.1, 2.0])),
                Paused(record.id, step, 0.5, unread=("x",)),
                Ended(record.id, "completed", steps=8, wall_s=1.5),
                Ended(record.id, "infeasible", "error", "ValueError", steps=step),
                Lost(record.id, "SIGKILL"),
                Reopened(record.id),
                Refused(record.id, "metric", "none"),
            ]
        )


@pytest.mark.parametrize("seed", range(6))
def test_after_any_events_what_is_tracked_is_what_a_fresh_read_gives(store, seed):
    play = Play(store, seed)
    for _ in range(40):
        play.step()
        tracked, fresh = play.tracked.records("rates"), store.records("rates")

        assert everything(tracked) == everything(fresh)
        for study in play.studies:
            part, whole = tracked.of_study(study.name), fresh.of_study(study.name)
            assert everything(part) == everything(whole)
            assert all(part.count(one.status) == whole.count(one.status) for one in whole)


def test_a_view_stays_as_it_was_when_it_was_taken(store):
    play = Play(store, seed=0)
    views = []
    for _ in range(40):
        play.step()
        view = play.tracked.records("rates")
        views.append((view, everything(view), everything(view.of_study(play.studies[0].name))))

    for view, then, of_study in views:
        assert everything(view) == then
        assert everything(view.of_study(play.studies[0].name)) == of_study


def test_another_run_of_the_same_store_begins_with_what_is_there(store):
    play = Play(store, seed=3)
    for _ in range(30):
        play.step()

    again = Tracked(store, "rates")

    assert everything(again.records("rates")) == everything(store.records("rates"))


class Count:
    """A summary that counts what it was told."""

    def __init__(self):
        self.told = []

    def change(self, record):
        self.told.append(record.id)


def test_a_summary_takes_the_trials_that_changed_and_no_others(store):
    play = Play(store, seed=1)
    for _ in range(30):
        play.step()
    play.tracked.records("rates").summary("count", Count).told.clear()
    play.tracked.append("rates", [Logged(1, ((0, "a", 1.0),)), Logged(1, ((1, "a", 1.0),))])

    told = play.tracked.records("rates").summary("count", Count).told

    assert told == [1]


def test_a_summary_of_a_past_view_is_made_of_that_view():
    store = open_store("memory")
    play = Play(store, seed=1)
    for _ in range(10):
        play.step()
    past = play.tracked.records("rates")
    trials = past.count()
    play.tracked.reserve("rates", play.studies[0], [Start({"learning_rate": 0.1})])

    assert past.summary("count", Count).told == list(range(trials))
    assert play.tracked.records("rates").summary("count", Count).told == list(range(trials + 1))


def test_a_vector_of_many_parts_is_the_list_it_was_made_of(store):
    play = Play(store, seed=1)
    play.reserve()
    (first, *_) = play.tracked.records("rates")
    vector = Vector(())
    for place in range(600):
        vector = vector.with_record(place, first)

    assert len(vector) == len(list(vector)) == 600
    assert vector[-1] is vector[599] is first
