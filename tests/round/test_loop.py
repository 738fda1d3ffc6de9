import itertools

import pytest

from etude.design.split import split
from etude.errors import RunError, StoreError, TrainError
from etude.event import Began, Ended, Logged, Lost, Refused, Saved
from etude.experiment import Experiment
from etude.experiment.entry import Entry
from etude.experiment.toml.write import dumps
from etude.round.loop import pending, play, started
from etude.round.resume import assignment
from etude.runner.inline import Inline
from etude.search import search_of
from etude.search.quasi_random import QuasiRandom
from etude.space import Real
from etude.store.memory import Memory


class Scripted:
    """A runner whose every wait delivers what the script says of the submitted trials."""

    def __init__(self, *script, slots=1):
        self.slots = slots
        self.taken = []
        self._script = iter(script)
        self._running = []

    @property
    def free(self):
        return self.slots - len(self._running)

    def submit(self, assignments):
        self.taken += assignments
        self._running += assignments

    def wait(self, deliver):
        running, self._running = self._running, []
        if running:
            outcome = next(self._script)
            deliver([event for one in running for event in outcome(one.id)])
        return bool(running)

    def close(self):
        """Nothing runs on."""


def completes(trial_id):
    return [
        Began(trial_id, 0),
        Logged(trial_id, ((3, "valid/loss", 1.0),)),
        Ended(trial_id, "completed", steps=4),
    ]


def dies(trial_id):
    return [Began(trial_id, 0), Lost(trial_id, "SIGKILL")]


def fails(line=3):
    told = f'Traceback:\n  File "train.py", line {line}, in train\nValueError: no width'
    return lambda trial_id: [
        Began(trial_id, 0),
        Ended(trial_id, "infeasible", "error", told, 1, fault=f"ValueError at train.py:{line}"),
    ]


def is_nan(trial_id):
    return [Began(trial_id, 0), Ended(trial_id, "infeasible", "nan", "at step 0", 1)]


def interrupts(trial_id):
    raise KeyboardInterrupt


def refuses(kind, detail):
    return lambda trial_id: [Refused(trial_id, kind, detail)]


def experiment(**given):
    plain = {
        "name": "rates",
        "metric": "valid/loss",
        "max_steps": 4,
        "trials": 5,
        "evaluations": 2,
        "nuisance": {"learning_rate": Real(1e-3, 1.0, log=True)},
    }
    return Experiment(**{**plain, **given})


@pytest.fixture
def store():
    return Memory()


def perform(store, runner, one=None, see=list):
    """Plays an experiment as a run does, everything written down before."""
    one = one or experiment()
    store.begin(Entry(experiment=one, text=dumps(one)))
    plan = [(study, QuasiRandom()) for study in split(one)]
    with store.own(one.name):
        started(plan, store, one.name, free=runner.free)
        play(one, plan, runner=runner, store=store, see=see)


def statuses(store):
    return [one.status for one in store.records("rates")]


def test_every_trial_is_trained_once(store):
    runner = Scripted(*[completes] * 5)

    perform(store, runner)

    assert [one.id for one in runner.taken] == [0, 1, 2, 3, 4]
    assert statuses(store) == ["completed"] * 5


def test_all_free_slots_are_filled(store):
    runner = Scripted(*[completes] * 3, slots=2)

    perform(store, runner)

    assert statuses(store) == ["completed"] * 5


def test_studies_take_turns(store):
    runner = Scripted(*[completes] * 6)

    perform(store, runner, experiment(trials=3, scientific={"optimizer": ["adam", "sgd"]}))

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

    perform(store, again, experiment(trials=7))

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


def test_workers_that_always_die_stop_the_run_and_their_trials_are_pending_again(store):
    with pytest.raises(RunError, match=r"died 9 times and no trial ended.*SIGKILL.*log\.txt"):
        perform(store, Scripted(*[dies] * 20))

    assert statuses(store) == ["pending"] * 5
    assert max(one.losses for one in store.records("rates")) < 3


def test_the_same_exception_three_times_stops_the_run(store):
    runner = Scripted(fails(), fails(), fails())

    with pytest.raises(TrainError) as stop:
        perform(store, runner)

    assert len(runner.taken) == 3
    assert stop.value.trial_ids == (0, 1, 2)
    assert stop.value.user_traceback.endswith("ValueError: no width")
    assert statuses(store) == ["pending"] * 5


def test_the_exception_is_told_once_with_the_settings(store):
    with pytest.raises(TrainError) as stop:
        perform(store, Scripted(fails(), fails(), fails()))

    told = str(stop.value)
    assert told.count("ValueError at train.py:3") == 1
    assert [f"trial {number}: learning_rate = " in told for number in range(4)] == [True] * 3 + [
        False
    ]
    assert "pending again" in told


def test_all_that_met_the_exception_are_pending_again(store):
    with pytest.raises(TrainError) as stop:
        perform(store, Scripted(fails(), slots=5))

    assert stop.value.trial_ids == (0, 1, 2, 3, 4)
    assert statuses(store) == ["pending"] * 5


@pytest.mark.parametrize(
    "script",
    [
        [fails(1), fails(2), fails(1), completes, completes],
        [fails(1), fails(1), fails(2), fails(2), fails(2)],
        [fails(1), fails(1), is_nan, fails(1), fails(1)],
        [completes, fails(1), fails(1), fails(1), fails(1)],
        [is_nan, is_nan, is_nan, is_nan, is_nan],
    ],
)
def test_different_outcomes_are_the_settings_and_go_on(store, script):
    perform(store, Scripted(*script))

    assert store.records("rates").count("pending") == 0


@pytest.mark.parametrize("trials", [1, 2])
def test_fewer_trials_than_three_are_enough_where_there_are_no_more(store, trials):
    with pytest.raises(TrainError, match=r"(2 trials|trial) to end (all )?failed in the same way"):
        perform(store, Scripted(fails(), fails()), experiment(trials=trials))


def test_an_interruption_in_between_does_not_hide_the_same_exception(store):
    with pytest.raises(KeyboardInterrupt):
        perform(store, Scripted(fails(), fails(), interrupts))

    with pytest.raises(TrainError) as stop:
        perform(store, Scripted(fails()))

    assert stop.value.trial_ids == (0, 1, 2)
    assert statuses(store) == ["pending"] * 5


def test_once_the_code_is_mended_they_are_all_trained(store):
    with pytest.raises(TrainError):
        perform(store, Scripted(fails(), fails(), fails()))
    mended = Scripted(*[completes] * 5)

    perform(store, mended)

    assert statuses(store) == ["completed"] * 5


def test_the_exception_met_again_stops_the_run_again(store):
    with pytest.raises(TrainError):
        perform(store, Scripted(fails(), fails(), fails()))
    with pytest.raises(TrainError):
        perform(store, Scripted(fails(), fails(), fails()))

    assert statuses(store) == ["pending"] * 5


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("import", TrainError, "module fails to import"),
        ("metric", RunError, "told"),
        ("input", RunError, "told"),
        ("disk", StoreError, "could not write its files"),
    ],
)
def test_what_refuses_one_trial_refuses_the_run(store, kind, error, message):
    with pytest.raises(error, match=message):
        perform(store, Scripted(completes, refuses(kind, "told")))

    assert statuses(store) == ["completed"] + ["pending"] * 4


@pytest.fixture
def halfway(store):
    """A trial with checkpoints after steps 1 and 2, left running."""
    one = experiment()
    store.begin(Entry(experiment=one, text=""))
    plan = [(study, QuasiRandom()) for study in split(one)]
    started(plan, store, one.name, free=1)
    folder = store.files.checkpoints(one.name, 0)
    [(folder / str(step)).mkdir(parents=True) for step in (1, 2)]
    rows = ((0, "train/loss", 5.0), (1, "train/loss", 4.0), (1, "valid/loss", 3.0))
    store.append(one.name, [Began(0, 0), Logged(0, rows), Saved(0, 1, 3.0), Saved(0, 2, 4.0)])
    return one, folder, store


def resumption(halfway):
    one, _, store = halfway
    return assignment(one, store, store.records(one.name)[0])


def test_a_trial_goes_on_from_its_last_checkpoint(halfway):
    found = resumption(halfway)

    assert found.resume_step == 2
    assert found.first_losses == {"train/loss": 5.0, "valid/loss": 3.0}


def test_a_checkpoint_that_is_not_there_is_not_gone_on_from(halfway):
    (halfway[1] / "2").rmdir()

    assert resumption(halfway).resume_step == 1


def test_without_a_checkpoint_a_trial_begins_anew(halfway):
    [(halfway[1] / step).rmdir() for step in ("1", "2")]
    found = resumption(halfway)

    assert found.resume_step is None
    assert found.first_losses == {}


def test_a_folder_that_the_store_does_not_know_is_no_checkpoint(halfway):
    (halfway[1] / "9").mkdir()

    assert resumption(halfway).resume_step == 2


def test_pending_trials_wait_in_turn(store):
    one = experiment(trials=2, scientific={"optimizer": ["b", "a"]})
    store.begin(Entry(experiment=one, text=""))
    plan = [(study, QuasiRandom()) for study in split(one)]

    new = started(plan, store, one.name, free=1)

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
    return experiment(
        max_steps=4, evaluations=4, schedule="asha", schedule_options={"min_steps": 2}
    )


def halved(store, runner, one):
    """Plays an experiment with a schedule."""
    store.begin(Entry(experiment=one, text=dumps(one)))
    plan = [(study, search_of(study)) for study in split(one)]
    with store.own(one.name):
        play(one, plan, runner=runner, store=store, see=list)
    return store.records(one.name)


def learns(trial):
    """Two numbers a step are enough to compare by."""
    trial.restore(lambda folder: None)
    for step in trial.steps():
        value = trial["learning_rate"] / (step + 1)
        trial.report(step, {"valid/loss": value}, checkpoint=lambda folder: None)


def test_trials_pause_are_promoted_and_stopped_in_a_real_loop(store, halving):
    records = halved(store, Inline(lambda: learns), halving)

    best = min(records, key=lambda one: one.setting["learning_rate"])
    assert [(one.status, one.steps) for one in records].count(("stopped", 2)) == 4
    assert (best.status, best.steps) == ("completed", 4)


def test_a_resumed_trial_is_judged_by_its_first_loss_and_not_by_that_of_its_last_attempt(
    store, halving
):
    seen = []

    def watched(trial):
        seen.append(dict(trial._assignment.first_losses))
        learns(trial)

    records = halved(store, Inline(lambda: watched), halving)

    resumed = [one.setting["learning_rate"] for one in records if one.steps == 4]
    assert resumed
    assert [one["valid/loss"] for one in seen if one] == resumed


def test_the_first_failure_of_a_study_that_adapts_does_not_stop_it(store, halving):
    records = halved(store, Inline(lambda: fails_once), halving)

    assert [one.status for one in records].count("infeasible") == 1


def fails_once(trial):
    if trial.id == 0:
        raise ValueError("no width")
    learns(trial)


def test_studies_that_adapt_share_the_free_slots(store):
    one = experiment(
        scientific={"optimizer": ["adam", "sgd"]}, schedule="asha", evaluations=4, trials=4
    )
    store.begin(Entry(experiment=one, text=""))
    plan = [(study, search_of(study)) for study in split(one)]

    new = started(plan, store, one.name, free=3)

    assert len(new) == 3
