import functools
import itertools

import pytest
from tests.factories import rates
from tests.round.rates import FILE
from tests.runner import loops, works

import etude
from etude.errors import RunError, StoreError, TrainError
from etude.event import Began, Unrestored
from etude.round.observer import ShowsInTrackers
from etude.round.preview import planned_trials
from etude.round.source import Source
from etude.runner.inline import Inline
from etude.space import Real
from etude.store.memory import Memory


def told(result):
    """What a trial is and what it found, comparable between runs."""
    return [
        (one.id, one.index, one.seed, dict(one.setting), one.status, one.points.rows_P.tolist())
        for one in result.records
    ]


class Seen:
    """An observer that keeps what it is told."""

    def __init__(self):
        self.openings, self.events, self.ends = [], [], 0

    def begin(self, opening):
        self.openings.append(opening)

    def see(self, events):
        self.events += events

    def end(self):
        self.ends += 1


class Impatient(Seen):
    """Interrupts as soon as the rehearsal is over."""

    def begin(self, opening):
        raise KeyboardInterrupt


def test_an_experiment_from_python_runs_in_memory():
    result = etude.run(rates(), loops.train)

    assert [one.status for one in result.records] == ["completed"] * 4
    assert result.best is not None
    assert result.entry.launches[0].command


def test_checkpoints_in_memory_live_as_long_as_the_result():
    result = etude.run(rates(), loops.train)

    (folder,) = result.best_checkpoint
    assert (folder / "weight").is_file()


def test_a_file_runs_with_the_function_that_it_names(file, place):
    result = etude.run(file, store=place, runner="inline")

    assert result.entry.source == str(file)
    assert result.entry.text == FILE
    assert {one.status for one in result.records} == {"completed"}


def test_a_result_may_be_looked_into_after_its_store_is_closed(file, place):
    result = etude.run(file, store=place, runner="inline")

    assert len(result.trials) == 4
    assert len(result.curves) == 4


def test_a_finished_experiment_run_again_trains_nothing(place):
    etude.run(rates(), loops.train, store=place)

    again = etude.run(rates(), lambda trial: pytest.fail("trained again"), store=place)

    assert len(again.entry.launches) == 1


def test_a_launch_is_written_down_where_something_is_left_or_agreed_to(place):
    etude.run(rates(), loops.train, store=place)

    def launches(trials, *agreed):
        one = rates(trials=trials)
        return len(etude.run(one, loops.train, store=place, agreed=agreed).entry.launches)

    longer, again = rates().trials + 1, rates().trials + 1
    counts = [launches(longer), launches(again), launches(again, "changed_code"), launches(again)]
    assert counts == [2, 2, 3, 3]


@pytest.mark.parametrize(
    "schedule",
    [
        {},
        {"schedule": "asha", "schedule_options": {"min_steps": 2}},
        {"schedule": "pbt", "schedule_options": {"interval": 2}},
        {"search": "bayesian"},
    ],
)
def test_a_finished_run_of_any_search_is_no_launch_again(schedule):
    store = Memory()
    one = rates(trials=4, max_steps=4, evaluations=4, **schedule)

    counts = [len(etude.run(one, saving, store=store).entry.launches) for _ in range(2)]

    assert counts == [1, 1]


def saving(trial):
    trial.restore(lambda _: None)
    for step in trial.steps():
        trial.report(step, {"valid/loss": trial["learning_rate"]}, checkpoint=lambda _: None)


def test_a_study_extended_equals_the_long_study(place):
    etude.run(rates(trials=20), loops.train, store=place)

    extended = etude.run(rates(trials=40), loops.train, store=place)

    assert told(extended) == told(etude.run(rates(trials=40), loops.train))


def test_several_studies_extended_keep_what_they_had(place):
    both = {"scientific": {"optimizer": ["adam", "sgd"]}}
    before = etude.run(rates(trials=2, **both), loops.train, store=place)

    after = etude.run(rates(trials=3, **both), loops.train, store=place)

    assert told(after)[:4] == told(before)
    assert [(one.id, one.study, one.index) for one in after.records[4:]] == [
        (4, "optimizer=adam", 2),
        (5, "optimizer=sgd", 2),
    ]


@pytest.mark.rule("Q5")
def test_processes_make_the_same_trials_as_inline():
    inline = etude.run(rates(), loops.train)

    processes = etude.run(rates(), loops.train, runner="processes", workers=2)

    assert told(processes) == told(inline)


def test_the_first_trials_with_the_same_exception_stop_the_run_until_it_is_mended(place):
    with pytest.raises(TrainError) as stop:
        etude.run(rates(), loops.raises, store=place)
    assert stop.value.trial_ids == (0, 1, 2)
    assert "src/etude" not in stop.value.user_traceback

    mended = etude.run(rates(), loops.train, store=place)

    assert told(mended) == told(etude.run(rates(), loops.train))


def test_a_run_is_rehearsed_before_its_first_trial():
    seen = Seen()

    etude.run(rates(), loops.train, observers=[seen])

    (opening,) = seen.openings
    assert opening.rehearsed.trial_id == 0
    assert opening.rehearsed.step_s > 0
    assert (opening.slots, opening.records.count("pending")) == (1, 4)
    assert {event.trial_id for event in seen.events} == {0, 1, 2, 3}
    assert seen.ends == 1


def test_trackers_that_nobody_starts_are_said_with_the_command_that_does():
    with pytest.warns(RuntimeWarning, match=r"`etude track mlflow NAME --store PATH`") as warned:
        etude.run(rates(trials=1, track={"mlflow": {}}), loops.train)

    assert len(warned) == 1


def test_a_run_that_is_followed_warns_of_nothing():
    class Follower(Seen, ShowsInTrackers):
        pass

    seen = Follower()
    etude.run(rates(trials=1, track={"mlflow": {}}), loops.train, observers=[seen])

    assert seen.ends == 1


def test_a_rehearsal_leaves_nothing_behind():
    store = Memory()

    with pytest.raises(KeyboardInterrupt):
        etude.run(rates(), loops.prints, store=store, observers=[Impatient()])

    assert [one.status for one in store.records("rates")] == ["pending"] * 4
    assert not store.files.log("rates", 0).exists()
    assert not store.files.checkpoints("rates", 0).exists()


def test_what_was_begun_is_not_rehearsed_again(place):
    seen = Seen()
    etude.run(rates(trials=3), loops.train, store=place)

    etude.run(rates(), loops.train, store=place, observers=[seen])

    assert seen.openings[0].rehearsed is None


def test_a_rehearsal_whose_worker_dies_says_so():
    seen = Seen()

    etude.run(rates(trials=1), loops.exits, runner="processes", workers=1, observers=[seen])

    assert seen.openings[0].rehearsed.problem == "The worker died: exit code 7."


PBT = {"schedule": "pbt", "schedule_options": {"interval": 4}, "trials": 4}


@pytest.mark.parametrize(
    "train", [loops.reports_alone, loops.never_restores], ids=["no checkpoint", "no restore"]
)
def test_a_population_without_checkpoints_is_told_at_the_rehearsal(train):
    store = Memory()

    with pytest.raises(RunError, match=r"`checkpoint=` to `trial.report` and call `trial.restore`"):
        etude.run(rates(**PBT), train, store=store)

    assert {one.status for one in store.records("rates")} == {"pending"}


@pytest.mark.rule("L4")
def test_a_population_is_trained_and_its_schedule_can_be_replayed():
    result = etude.run(rates(**PBT), loops.train)

    again = result.replay(repeats=2)

    assert result.records.count("completed") == 4
    assert result.best.parent is None or again.experiment.schedule == "replay"
    assert etude.run(again.experiment, loops.train).records.count("completed") == 2


def test_trials_that_were_not_forked_have_no_schedule_to_replay():
    result = etude.run(rates(trials=2), loops.train)

    with pytest.raises(RunError, match=r"no schedule to replay.*schedule = \"pbt\""):
        result.replay()


def test_observers_are_told_the_end_of_an_interrupted_run():
    seen = Seen()

    def train(trial):
        raise_at_the_end(trial)

    def raise_at_the_end(trial):
        if trial.max_steps > 2:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        etude.run(rates(), train, observers=[seen])
    assert seen.ends == 1


def test_a_misspelt_metric_stops_the_run_at_its_first_report():
    with pytest.raises(RunError, match=r"first report .* Did you mean `valid/lost`"):
        etude.run(rates(), loops.misreports)


def test_trials_that_all_end_without_a_word_stop_the_run():
    with pytest.raises(TrainError, match="ended without reporting"):
        etude.run(rates(), loops.is_silent)


def test_one_trial_that_ends_without_a_word_stops_nothing():
    result = etude.run(rates(), loops.is_silent_once)

    assert sorted(result.trials["status"].unique()) == ["completed", "infeasible"]


def test_a_full_disk_under_a_trial_stops_the_run():
    with pytest.raises(StoreError, match="Free some space"):
        etude.run(rates(), loops.fills_the_disk)


@pytest.mark.parametrize("runner", ["inline", "processes"])
def test_a_module_that_fails_to_import_is_shown_as_its_author_sees_it(file, place, runner):
    (file.parent / "train.py").write_text("x = 1\nimport nothing_of_this_name\n")

    with pytest.raises(TrainError) as stop:
        etude.run(file, store=place, runner=runner, workers=1)

    shown = stop.value.user_traceback
    assert 'train.py", line 2, in <module>' in shown
    assert "No module named 'nothing_of_this_name'" in shown
    assert "src/etude" not in shown
    assert "importlib" not in shown


def train_by(folder, text):
    """Writes the train function; removes it without a text."""
    (folder / "train.py").unlink()
    if text is not None:
        (folder / "train.py").write_text(text)


@pytest.mark.parametrize("runner", ["inline", "processes"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no file `.*train.py`"),
        ("def trian(trial): ...\n", r"has no function `train`\. Did you mean `trian`\?"),
        ("import etude\netude.run('rates.toml')\n", "starts a run while it is imported"),
    ],
)
def test_a_function_that_cannot_be_found_is_told(file, place, runner, text, message):
    train_by(file.parent, text)

    with pytest.raises(RunError, match=message):
        etude.run(file, store=place, runner=runner, workers=1)


@pytest.mark.parametrize(
    ("train", "runner", "message"),
    [
        (None, None, "There is nothing to train with"),
        (loops.train, "prcesses", "There is no runner `prcesses`"),
        (lambda trial: 1.0, "processes", "is not at the top level of a file"),
        (functools.partial(loops.train), "processes", "is not at the top level of a file"),
    ],
)
def test_a_run_that_cannot_begin_says_why(train, runner, message):
    with pytest.raises(RunError, match=message):
        etude.run(rates(), train, runner=runner)


def test_any_callable_trains_inline():
    result = etude.run(rates(), functools.partial(loops.returns))

    assert {one.status for one in result.records} == {"completed"}


def ids(plan):
    return [
        (record.id, record.study, dict(record.setting), record.seed)
        for _, records in plan
        for record in records
    ]


def test_a_plan_is_what_a_run_does(place):
    both = rates(scientific={"optimizer": ["adam", "sgd"]}, trials=3)
    before = ids(planned_trials(both, place))

    result = etude.run(both, loops.train, store=place)

    assert before == [(one.id, one.study, dict(one.setting), one.seed) for one in result.records]
    assert ids(planned_trials(both, place)) == before


def test_a_plan_of_more_trials_is_what_the_extended_run_does(place):
    both = {"scientific": {"optimizer": ["adam", "sgd"]}}
    etude.run(rates(trials=2, **both), loops.train, store=place)
    before = ids(planned_trials(rates(trials=3, **both), place))

    result = etude.run(rates(trials=3, **both), loops.train, store=place)

    assert sorted(before) == [
        (one.id, one.study, dict(one.setting), one.seed) for one in result.records
    ]


def test_a_plan_makes_no_store(place):
    planned_trials(rates(), place)

    assert not place.exists()


def test_a_plan_that_no_run_would_take_is_refused(place):
    etude.run(rates(), loops.train, store=place)

    with pytest.raises(RunError, match="another `nuisance`"):
        planned_trials(rates(nuisance={"width": Real(1, 2)}), place)


@pytest.mark.parametrize("workload", [works.Plain, works.Plain()])
def test_a_workload_is_handed_over_as_a_function_is(workload):
    fixed = {"optimizer": "sgd", "batch_size": 4}

    result = etude.run(rates(fixed=fixed), workload)

    assert list(result.trials["status"]) == ["completed"] * 4


def emptied(path):
    path.write_bytes(b"")


@pytest.fixture
def interrupted(place):
    """A trial of eight steps that was killed after the seventh, with the checkpoints 3 and 5."""

    def dies(trial):
        steps = trial.steps
        trial.steps = lambda: itertools.takewhile(lambda step: step < 7 or _die(), steps())
        loops.train(trial)

    with pytest.raises(KeyboardInterrupt):
        etude.run(ONE_TRIAL, dies, store=place)
    folder = place.with_name("etude.db.checkpoints") / "rates" / "0"
    # The best one is the last, so that an earlier one stands only where it is written again.
    assert [path.name for path in folder.iterdir()] == ["5"]
    return folder


def _die():
    raise KeyboardInterrupt


ONE_TRIAL = rates(trials=1, max_steps=8, evaluations=4)


@pytest.mark.parametrize("tear", [emptied, lambda path: path.unlink()])
def test_a_run_whose_checkpoint_a_power_cut_tore_comes_to_the_same_values(interrupted, place, tear):
    tear(interrupted / "5" / "weight")
    seen = Seen()

    again = etude.run(ONE_TRIAL, loops.train, store=place, observers=[seen])

    assert told(again) == told(etude.run(ONE_TRIAL, loops.train))
    assert Unrestored(0, 5) in seen.events


def test_a_trial_whose_code_cannot_load_its_checkpoint_waits_and_loses_nothing(interrupted, place):
    with pytest.raises(TrainError, match=r"Trial 0 waits.*Nothing is lost") as stopped:
        etude.run(ONE_TRIAL, loops.cannot_load, store=place)
    seen = Seen()

    mended = etude.run(ONE_TRIAL, loops.train, store=place, observers=[seen])

    assert "KeyError: 'encoder'" in stopped.value.user_traceback
    assert next(event for event in seen.events if isinstance(event, Began)).from_step == 6
    assert told(mended) == told(etude.run(ONE_TRIAL, loops.train))


def test_a_run_that_has_nothing_to_do_loads_nothing_and_tries_nothing(place, monkeypatch):
    etude.run(ONE_TRIAL, loops.train, store=place)
    monkeypatch.setattr(Inline, "submit", lambda self, orders: orders and pytest.fail("it trains"))
    monkeypatch.setattr(Source, "load", lambda self: pytest.fail("it loads the user's code"))

    again = etude.run(ONE_TRIAL, loops.train, store=place)

    assert again.records.count("completed") == 1


def test_a_rehearsal_leaves_nothing(place, tmp_path):
    etude.run(ONE_TRIAL, loops.train, store=place)

    assert list(tmp_path.glob("etude.db.trials/*/*")) == []
