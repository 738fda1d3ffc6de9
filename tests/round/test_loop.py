import itertools

import pytest
from tests.factories import played
from tests.round.scripted import Scripted, completes, dies, five_trials, perform, statuses

from etude.design.split import split
from etude.event import Lost
from etude.experiment.entry import Entry
from etude.round.loop import pending, started
from etude.runner.inline import Inline
from etude.search.quasi_random import QuasiRandom


def test_every_trial_is_trained_once(store):
    runner = Scripted(*[completes] * 5)

    perform(store, runner)

    assert [one.id for one in runner.taken] == [0, 1, 2, 3, 4]
    assert statuses(store) == ["completed"] * 5


@pytest.mark.rule("W9")
def test_all_free_slots_are_filled(store):
    runner = Scripted(*[completes] * 3, slots=2)

    perform(store, runner)

    assert statuses(store) == ["completed"] * 5


def test_studies_take_turns(store):
    runner = Scripted(*[completes] * 6)

    perform(store, runner, five_trials(trials=3, scientific={"optimizer": ["adam", "sgd"]}))

    assert [one.id for one in runner.taken] == [0, 3, 1, 4, 2, 5]


def test_what_is_seen_is_committed(store):
    seen = []

    def see(events):
        seen.append((events[-1].trial_id, store.records("rates").count("completed")))

    perform(store, Scripted(*[completes] * 5), see=see)

    assert seen == [(number, number + 1) for number in range(5)]


def test_played_again_nothing_is_left_to_do(store):
    perform(store, Scripted(*[completes] * 5))
    again = Scripted()

    perform(store, again)

    assert again.taken == []


def test_an_extended_study_trains_only_what_is_new(store):
    perform(store, Scripted(*[completes] * 5))
    again = Scripted(*[completes] * 2)

    perform(store, again, five_trials(trials=7))

    assert [one.id for one in again.taken] == [5, 6]


def test_a_lost_trial_is_tried_again(store):
    runner = Scripted(completes, dies, *[completes] * 4)

    perform(store, runner)

    assert [one.id for one in runner.taken] == [0, 1, 2, 3, 4, 1]
    assert statuses(store) == ["completed"] * 5
    assert store.records("rates")[1].losses == 1


def test_a_trial_lost_three_times_is_infeasible_and_the_run_goes_on(store):
    runner = Scripted(*[completes] * 4, dies, dies, dies)

    perform(store, runner)

    assert statuses(store) == ["completed"] * 4 + ["infeasible"]
    assert store.records("rates")[4].reason == "killed"


class Leaving(Scripted):
    """Its one worker leaves with every trial that is lost; so many others come, one a wait."""

    def __init__(self, *script, others):
        super().__init__(*script)
        self._others = iter(range(others))
        self._are_awaited = True

    def wait(self, deliver):
        is_busy = super().wait(lambda events: self._pass_on(events, deliver))
        if not is_busy and not self.slots:
            assert self._are_awaited, "A worker is waited for that nobody needs."
            self._are_awaited = next(self._others, None) is not None
            self.slots = int(self._are_awaited)
        return is_busy

    def _pass_on(self, events, deliver):
        deliver(events)
        if any(isinstance(event, Lost) for event in events):
            self.slots = 0


def test_a_search_goes_on_where_its_last_trial_took_the_only_worker_along(store):
    runner = Leaving(completes, dies, dies, dies, *[completes] * 3, others=3)

    perform(store, runner, five_trials(search="bayesian"))

    assert statuses(store) == ["completed", "infeasible", *["completed"] * 3]


def test_a_search_that_is_through_waits_for_no_worker(store):
    runner = Leaving(*[completes] * 4, dies, dies, dies, others=2)

    perform(store, runner, five_trials(search="bayesian"))

    assert statuses(store) == ["completed"] * 4 + ["infeasible"]


def test_pending_trials_wait_in_turn(store):
    one = five_trials(trials=2, scientific={"optimizer": ["b", "a"]})
    store.begin(Entry(experiment=one, text=""))
    plan = [(study, QuasiRandom()) for study in split(one)]

    new = started(plan, store, one.name)

    assert [record.id for record in new] == [0, 2, 1, 3]
    assert [record.id for record in pending(plan, store, one.name)] == [0, 2, 1, 3]


def test_a_real_loop_is_played_to_its_end(store):
    perform(store, Inline(lambda: lambda trial: trial["learning_rate"]))

    values = [one.series("valid/loss").values_P.tolist() for one in store.records("rates")]
    assert list(itertools.chain(*values)) == [
        one.setting["learning_rate"] for one in store.records("rates")
    ]


# --- searches that adapt


@pytest.fixture
def halving():
    return five_trials(
        max_steps=4, evaluations=4, schedule="asha", schedule_options={"min_steps": 2}
    )


def learns(trial):
    """Two numbers a step are enough to compare by."""
    trial.restore(lambda folder: None)
    for step in trial.steps():
        value = trial["learning_rate"] / (step + 1)
        trial.report(step, {"valid/loss": value}, checkpoint=lambda folder: None)


def test_trials_pause_are_promoted_and_stopped_in_a_real_loop(store, halving):
    records = played(halving, Inline(lambda: learns), store)

    best = min(records, key=lambda one: one.setting["learning_rate"])
    assert [(one.status, one.steps) for one in records].count(("stopped", 2)) == 4
    assert (best.status, best.steps) == ("completed", 4)


def test_a_resumed_trial_is_judged_by_its_first_loss_and_not_by_that_of_its_last_attempt(
    store, halving
):
    seen = []

    def watched(trial):
        seen.append(dict(trial.assignment.first_losses))
        learns(trial)

    records = played(halving, Inline(lambda: watched), store)

    resumed = [one.setting["learning_rate"] for one in records if one.steps == 4]
    assert resumed
    assert [one["valid/loss"] for one in seen if one] == resumed


def test_the_first_failure_of_a_study_that_adapts_does_not_stop_it(store, halving):
    records = played(halving, Inline(lambda: fails_once), store)

    assert [one.status for one in records].count("infeasible") == 1


def fails_once(trial):
    if trial.id == 0:
        raise ValueError("no width")
    learns(trial)


class Replaced(Scripted):
    """A runner whose only worker is gone with each trial that is over, until somebody waits."""

    is_there = True

    @property
    def free(self):
        return super().free if self.is_there else 0

    def wait(self, deliver):
        ran = super().wait(deliver)
        self.is_there = not ran
        return ran


def test_a_study_that_adapts_is_asked_once_there_is_a_worker_again(store):
    runner = Replaced(*[dies] * 3, *[completes] * 4)

    perform(store, runner, five_trials(schedule="asha"))

    assert statuses(store) == ["infeasible", *["completed"] * 4]
