"""A law: what is kept up to date by trial answers as a look at the whole history does."""

import dataclasses
import random
from typing import Any

import pytest
from tests.search.definitions import AshaByDefinition, PbtByDefinition
from tests.search.world import Run, descent

from etude.assignment import Assignment, Halt
from etude.design.split import split
from etude.event import Ended, Lost, Paused
from etude.experiment.entry import Entry
from etude.experiment.toml.write import dumps
from etude.record import Records
from etude.round.loop import pending, play
from etude.search import search_of
from etude.search.asha import Asha
from etude.store.memory import Memory
from etude.store.tracked import Tracked

BY_DEFINITION = {"asha": AshaByDefinition, "pbt": PbtByDefinition}
CASES = {
    "asha": {"schedule": "asha"},
    "asha from one step": {"schedule": "asha", "schedule_options": {"min_steps": 1}},
    "asha in brackets": {"schedule": "asha", "schedule_options": {"min_steps": 1, "brackets": 3}},
    "asha, every second": {"schedule": "asha", "schedule_options": {"min_steps": 1, "eta": 2.0}},
    "asha over a grid": {"schedule": "asha", "search": "grid"},
    "pbt": {"schedule": "pbt", "schedule_options": {"interval": 2}},
    "pbt of few": {"schedule": "pbt", "schedule_options": {"interval": 1, "quantile": 0.2}},
}


class Chaos:
    """Trains several trials in any order; some lose their worker, some fail, some never pause."""

    def __init__(self, seed, slots, *, checkpoints):
        self.random = random.Random(seed)
        self.slots = slots
        self.checkpoints = checkpoints
        self.running = []

    @property
    def free(self):
        return self.slots - len(self.running)

    def submit(self, orders):
        for order in orders:
            if isinstance(order, Assignment):
                begin = self.random.choice([0, 0, 4])
                run = Run(order, checkpoints=self.checkpoints, diverges_from=begin)
                self.running.append(run)
            for run in self.running:
                run.halted |= isinstance(order, Halt) and run.assignment.id == order.trial_id

    def wait(self, deliver):
        if not self.running:
            return False
        batch = []
        for run in self.random.sample(self.running, self.random.randint(1, len(self.running))):
            events = self.events(run)
            batch += events
            if isinstance(events[-1], Ended | Paused | Lost):
                self.running.remove(run)
        deliver(batch)
        return True

    def events(self, run):
        events = run.next_events()
        fate = self.random.random()
        if fate < 0.05:
            return [*events[:1], Lost(run.assignment.id, "SIGKILL")]
        if fate < 0.1:
            return [*events[:1], Ended(run.assignment.id, "infeasible", "error", "ValueError: no")]
        return events


@dataclasses.dataclass
class Compared:
    """A search whose moves are asserted to be those of its definition, asked anew."""

    search: Any
    definition: Any
    asked: int = 0
    adapts = True

    def moves(self, study, records, free):
        self.asked += 1
        for slots in {0, free}:
            fresh = Records.of(random.sample(list(records), len(records)))
            expected = self.definition.moves(study, fresh, slots)
            assert self.search.moves(study, records, slots) == expected
            assert self.search.moves(study, fresh, slots) == expected
        return self.search.moves(study, records, free)

    def decisive(self, study):
        return self.search.decisive(study)


def compared(search):
    fields = {one.name: getattr(search, one.name) for one in dataclasses.fields(search)}
    name = "asha" if isinstance(search, Asha) else "pbt"
    return Compared(search, BY_DEFINITION[name](**fields))


def records_after(case, seed, slots, *, checkpoints=True):
    experiment = descent(trials=8, seed=seed, **CASES[case])
    store = Memory()
    store.begin(Entry(experiment=experiment, text=dumps(experiment)))
    tracked = Tracked(store, experiment.name)
    plan = [(study, compared(search_of(study))) for study in split(experiment)]
    runner = Chaos(seed, slots, checkpoints=checkpoints)
    play(experiment, plan, runner=runner, store=tracked, see=lambda _: None)
    assert plan[0][1].asked > 10
    assert not pending(plan, store, experiment.name)
    return store.records(experiment.name)


@pytest.mark.parametrize(("seed", "slots"), [(0, 1), (1, 5)])
@pytest.mark.parametrize("case", CASES)
def test_moves_are_those_of_the_definition_whatever_happens(case, seed, slots):
    records = records_after(case, seed, slots)

    assert all(record.ended for record in records)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("asha")])
def test_moves_are_those_of_the_definition_where_nobody_can_pause(case, seed):
    records = records_after(case, seed, 5, checkpoints=False)

    assert all(record.ended for record in records)
