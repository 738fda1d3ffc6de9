"""What holds for every store. A new member joins by one line in STORES."""

import math
from dataclasses import replace

import pytest
from tests.store.sample import (
    LAUNCH,
    append,
    begun,
    entry,
    finished,
    folders,
    leave_over,
    record_of,
    rows,
    save_each,
    saved,
    three_trials,
)

from etude.code import Code, CodeFile
from etude.design.split import split
from etude.event import (
    Began,
    Coded,
    Ended,
    Logged,
    Lost,
    Paused,
    Refused,
    Rehearsed,
    Reopened,
    Saved,
    Unrestored,
)
from etude.experiment.entry import EarlierRound
from etude.move import Fork, Resume, Start
from etude.record import Checkpoint
from etude.store import open_store

STORES = {
    "memory": lambda folder: open_store("memory"),
    "sqlite": lambda folder: open_store(folder / "etude.db"),
}


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def started(store):
    """A store in which an experiment has begun and trial 0 trains."""
    begun(store)
    store.append("rates", [Began(0, 0)])
    return store


def test_a_new_store_is_empty(store):
    assert store.entries() == []


def test_an_experiment_is_found_as_it_was_written(store):
    written = entry(three_trials(), LAUNCH)

    store.begin(written)

    assert store.entries() == [written]


def test_an_experiment_begun_again_keeps_its_launches_and_takes_the_new_text(store):
    store.begin(entry(three_trials(trials=3), LAUNCH))

    store.begin(entry(three_trials(trials=6), LAUNCH))

    assert store.entries() == [entry(three_trials(trials=6), LAUNCH, LAUNCH)]


def test_what_an_experiment_knows_of_earlier_rounds_is_written_down_once(store):
    first, later = EarlierRound(trials=3, ids=(0, 2)), EarlierRound(trials=6, ids=(0, 1, 2, 5))
    store.begin(entry(three_trials(), LAUNCH))

    for known in ({"before": first}, {"before": later}, None):
        store.begin(replace(entry(three_trials(), LAUNCH), prior=known))

    assert store.entries()[0].prior == {"before": first}


def test_a_launch_knows_how_many_trials_ended_under_it(store):
    begun(store, trials=3)
    store.append("rates", [Began(0, 0), Ended(0, "completed"), Began(1, 0), Ended(1, "infeasible")])
    store.begin(entry(three_trials(trials=3), LAUNCH))
    store.append("rates", [Reopened(1), Began(2, 0), *[Lost(2, "killed")] * 3])
    store.begin(entry(three_trials(trials=3), LAUNCH))

    (found,) = store.entries()

    assert [one.ended for one in found.launches[-3:]] == [1, 1, 0]
    assert found.origin == found.launches[-2]


def test_experiments_are_listed_oldest_first(store):
    begun(store, name="zeta")
    begun(store, name="alpha")
    begun(store, name="zeta", trials=4)

    assert [one.experiment.name for one in store.entries()] == ["zeta", "alpha"]


def test_ids_are_unique_in_an_experiment_and_places_in_a_study(store):
    begun(store, trials=2, scientific={"optimizer": ["adam", "sgd"]})

    found = [(one.id, one.study, one.index) for one in store.records("rates")]

    assert found == [
        (0, "optimizer=adam", 0),
        (1, "optimizer=adam", 1),
        (2, "optimizer=sgd", 0),
        (3, "optimizer=sgd", 1),
    ]


def test_every_experiment_counts_its_own_trials_from_zero(store):
    begun(store)
    begun(store, name="other")

    assert [one.id for one in store.records("other")] == [0, 1, 2]


def test_a_reserved_trial_is_pending_with_all_of_its_setting(store):
    begun(store, fixed={"batch_size": 64, "deep": True, "kind": "mlp"})

    one = record_of(store)

    assert one.status == "pending"
    assert one.setting == {
        "batch_size": 64,
        "deep": True,
        "kind": "mlp",
        "learning_rate": pytest.approx(one.setting["learning_rate"], rel=0),
    }


def test_a_trial_of_another_tool_keeps_its_name_and_its_seed(store):
    one = three_trials()
    store.begin(entry(one, LAUNCH))
    (study,) = split(one)
    store.reserve("rates", study, [Start({"learning_rate": 0.1}, name="run-7", seed=42)])
    store.append("rates", finished(0, 0.5))

    assert (record_of(store).name, record_of(store).seed) == ("run-7", 42)


def test_reserving_again_goes_on_after_the_last_id_and_place(store):
    first = begun(store, trials=2)
    (study,) = split(first)
    before = list(store.records("rates"))

    begun(store, trials=5)

    after = store.records("rates")
    assert [(one.id, one.index) for one in after] == [(n, n) for n in range(5)]
    assert after[:2] == tuple(before)
    assert len({one.seed for one in after}) == 5
    assert study.name == "all"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], {"status": "pending", "steps": 0, "losses": 0}),
        ([Began(0, 0)], {"status": "running"}),
        ([Began(0, 4)], {"status": "running", "steps": 4}),
        (
            [Began(0, 0), Ended(0, "completed", steps=8, wall_s=2.0)],
            {"status": "completed", "steps": 8, "wall_s": 2.0, "reason": ""},
        ),
        (
            [Began(0, 0), Ended(0, "infeasible", "nan", "at step 3", steps=4)],
            {"status": "infeasible", "reason": "nan", "detail": "at step 3", "steps": 4},
        ),
        (
            [Began(0, 0), Ended(0, "stopped", "time_limit")],
            {"status": "stopped", "reason": "time_limit"},
        ),
        ([Began(0, 0), Lost(0, "SIGKILL")], {"status": "pending", "losses": 1, "reason": ""}),
        ([Began(0, 0), *[Lost(0, "SIGKILL")] * 2], {"status": "pending", "losses": 2}),
        (
            [Began(0, 0), *[Lost(0, "another's", is_blamed=False)] * 3],
            {"status": "pending", "losses": 0},
        ),
        (
            [Began(0, 0), *[Lost(0, "SIGKILL")] * 3],
            {
                "status": "infeasible",
                "reason": "killed",
                "losses": 3,
                "detail": "Its worker died 3 times; the last time: SIGKILL.",
            },
        ),
        ([Began(0, 0), Refused(0, "metric", "none")], {"status": "pending"}),
        (
            [Ended(0, "infeasible", "error", "Traceback"), Reopened(0)],
            {"status": "pending", "reason": "", "detail": ""},
        ),
        ([*[Lost(0, "SIGKILL")] * 3, Reopened(0)], {"status": "pending", "losses": 0}),
        ([Began(0, 0), Rehearsed(0)], {"status": "running"}),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_an_event_says_how_a_trial_stands(store, events, expected, at_once):
    begun(store)

    append(store, [events] if at_once else [[event] for event in events])

    assert {name: getattr(record_of(store), name) for name in expected} == expected


def test_seconds_add_up_over_attempts(started):
    ended = Ended(0, "infeasible", "error", wall_s=1.5)

    started.append("rates", [ended, Reopened(0), Began(0, 0), ended])

    assert record_of(started).wall_s == 3.0


def test_a_killed_worker_does_not_know_its_steps_but_its_checkpoint_does(started):
    saved(started, 3, 0.5)

    started.append("rates", [Ended(0, "stopped", "time_limit")])

    assert record_of(started).steps == 4


def test_points_come_back_as_they_were_logged(started):
    logged = ((0, "train/loss", 0.1), (0, "valid/loss", math.inf), (1, "train/loss", -math.inf))
    later = ((2, "train/loss", 1e-300), (2, "grad_norm", -0.0))

    started.append("rates", [Logged(0, logged)])
    started.append("rates", [Logged(0, later[:1]), Logged(0, later[1:])])

    assert rows(started) == [*logged, *later]
    assert math.copysign(1.0, rows(started)[-1][2]) == -1.0


def test_nan_is_a_value(started):
    started.append("rates", [Logged(0, ((0, "valid/loss", math.nan),))])

    assert math.isnan(rows(started)[0][2])


def test_points_of_two_trials_stay_apart(started):
    started.append("rates", [Logged(0, ((0, "a", 1.0),)), Logged(1, ((0, "b", 2.0),))])
    started.append("rates", [Logged(1, ((1, "a", 3.0),)), Logged(0, ((1, "b", 4.0),))])

    assert rows(started, 0) == [(0, "a", 1.0), (1, "b", 4.0)]
    assert rows(started, 1) == [(0, "b", 2.0), (1, "a", 3.0)]
    assert rows(started, 2) == []


def test_points_of_two_experiments_stay_apart(started):
    begun(started, name="other")

    started.append("other", [Logged(0, ((0, "valid/loss", 1.0),))])

    assert rows(started) == []


@pytest.mark.parametrize("at_once", [True, False])
def test_a_new_beginning_forgets_later_points(started, at_once):
    logged = [Logged(0, tuple((step, "valid/loss", float(step)) for step in range(6)))]
    again = [Began(0, 3), Logged(0, ((3, "valid/loss", 33.0),))]

    append(started, [logged + again] if at_once else [logged, again])

    assert [value for _, _, value in rows(started)] == [0.0, 1.0, 2.0, 33.0]


def test_a_beginning_at_zero_forgets_all(started):
    saved(started, 3, 0.5, Logged(0, ((3, "valid/loss", 0.5),)))

    started.append("rates", [Began(0, 0)])

    assert rows(started) == []
    assert record_of(started).checkpoints == ()


def test_a_new_beginning_voids_later_checkpoints_only(started):
    saved(started, 1, 0.1)
    saved(started, 5, 0.5)

    started.append("rates", [Began(0, 2)])

    assert [one.step for one in record_of(started).checkpoints] == [1]


@pytest.mark.parametrize(
    ("given", "values", "expected"),
    [
        ({}, [0.5, 0.1, 0.3, 0.2], {"1", "3"}),
        ({}, [0.5, 0.4, 0.3, 0.2], {"3"}),
        ({"maximize": True}, [0.5, 0.1, 0.3, 0.2], {"0", "3"}),
        ({"keep_checkpoints": 2}, [0.5, 0.1, 0.3, 0.4], {"1", "2", "3"}),
        ({}, [None, None, None, None], {"3"}),
        ({}, [0.1, math.nan, math.nan, 0.2], {"0", "3"}),
        ({}, [0.1, 0.1, 0.1, 0.1], {"0", "3"}),
    ],
)
@pytest.mark.rule("K1")
def test_the_last_and_the_best_checkpoints_are_kept(store, given, values, expected):
    begun(store, **given)
    store.append("rates", [Began(0, 0)])

    save_each(store, values)

    assert folders(store) == expected
    assert {str(one.step) for one in record_of(store).checkpoints} == expected


def test_a_checkpoint_saved_twice_counts_once(started):
    saved(started, 1, 0.5)
    saved(started, 1, 0.4)

    assert [(one.step, one.value) for one in record_of(started).checkpoints] == [(1, 0.4)]


def test_a_checkpoint_on_its_way_to_the_store_is_not_swept(started):
    saved(started, 0, 0.5)
    leave_over(started, "2")  # its event is still in the line

    saved(started, 1, 0.4)

    assert folders(started) == {"1", "2"}


def test_a_new_beginning_sweeps_nothing_that_may_be_written_anew(started):
    saved(started, 1, 0.1)
    saved(started, 5, 0.5)

    started.append("rates", [Began(0, 2)])

    assert folders(started) == {"1", "5"}


@pytest.mark.parametrize("end", [Ended(0, "completed", steps=8), Lost(0, "SIGKILL")])
def test_what_a_crash_left_over_goes_when_the_trial_trains_no_more(started, end):
    saved(started, 1, 0.5)
    leave_over(started, "0", "2.partial", "3.old", "4")

    started.append("rates", [end])

    assert folders(started) == {"1"}


def test_a_view_counts_by_status(started):
    started.append("rates", [Ended(0, "completed"), Began(1, 0)])

    records = started.records("rates")

    assert records.count() == len(records) == 3
    assert {one: records.count(one) for one in ("completed", "running", "pending", "stopped")} == {
        "completed": 1,
        "running": 1,
        "pending": 1,
        "stopped": 0,
    }


def test_a_view_is_in_the_order_of_the_ids(store):
    begun(store, trials=2, scientific={"optimizer": ["b", "a"]})
    store.append("rates", finished(3, 0.1) + finished(1, 0.2))

    assert [one.id for one in store.records("rates")] == [0, 1, 2, 3]
    assert [one.id for one in store.records("rates").ended()] == [1, 3]


def test_what_was_left_running_is_pending_when_its_owner_is_gone(started):
    saved(started, 1, 0.5, Logged(0, ((1, "valid/loss", 0.5),)))

    with pytest.raises(KeyboardInterrupt), started.own("rates"):
        raise KeyboardInterrupt

    assert record_of(started).status == "pending"
    assert record_of(started).losses == 0
    assert [one.step for one in record_of(started).checkpoints] == [1]
    assert rows(started) == [(1, "valid/loss", 0.5)]


def test_an_owner_leaves_what_has_ended_alone(started):
    started.append("rates", [Ended(0, "completed", steps=8)])

    with started.own("rates"):
        pass

    assert record_of(started).status == "completed"


def test_an_experiment_may_be_owned_before_it_begins(store):
    with store.own("rates"):
        begun(store)

    assert store.records("rates").count("pending") == 3


def test_an_experiment_may_be_owned_again(started):
    with started.own("rates"):
        pass
    with started.own("rates"):
        pass

    assert started.records("rates").count() == 3


def test_owning_one_experiment_leaves_another_alone(started):
    begun(started, name="other")
    with started.own("other"):
        pass

    assert record_of(started).status == "running"


def test_a_saved_checkpoint_says_how_far_a_trial_is(started):
    started.append("rates", [Saved(0, 5, None)])

    assert record_of(started).steps == 6


def test_every_trial_has_folders_of_its_own(store):
    places = {
        place
        for name in ("a", "b")
        for trial_id in (0, 1)
        for place in (store.files.trial(name, trial_id), store.files.checkpoints(name, trial_id))
    }

    assert len(places) == 8
    assert all(place.is_absolute() for place in places)


# --- trials that pause, go on and are forked


@pytest.fixture
def paused(started):
    """A store in which trial 0 paused after its second checkpoint."""
    logged = Logged(0, ((1, "valid/loss", 0.5), (3, "valid/loss", 0.4)))
    save_each(started, [None, 0.5, None, 0.4])
    started.append("rates", [logged, Paused(0, 4, 2.0)])
    place = started.files.checkpoints("rates", 0) / "3"
    (place / "weights").write_text("0.4")
    return started


def reserved(store, *moves):
    (study,) = split(three_trials())
    return store.reserve("rates", study, moves)


def test_a_trial_that_pauses_keeps_what_it_did(paused):
    one = record_of(paused)

    assert (one.status, one.steps, one.wall_s) == ("paused", 4, 2.0)
    assert [step for step, _, _ in rows(paused)] == [1, 3]
    assert one.checkpoints[-1].step == 3


def test_a_resumed_trial_is_pending_until_its_next_pause(paused):
    (one,) = reserved(paused, Resume(0, until_step=6))

    assert (one.id, one.status, one.until_step, one.steps) == (0, "pending", 6, 4)
    assert record_of(paused) == one


def test_a_fork_is_a_new_trial_with_its_parents_checkpoint(paused):
    (fork,) = reserved(paused, Fork(0, 3, {"learning_rate": 0.5}, until_step=6))
    copied = paused.files.checkpoints("rates", fork.id) / "3" / "weights"

    assert (fork.id, fork.parent, fork.from_step, fork.until_step) == (3, 0, 3, 6)
    assert (fork.status, fork.steps, fork.setting) == ("pending", 4, {"learning_rate": 0.5})
    assert fork.checkpoints == (Checkpoint(3, 0.4),)
    assert copied.read_text() == "0.4"
    assert record_of(paused, fork.id) == fork


def test_a_forks_checkpoint_is_its_own(paused):
    (fork,) = reserved(paused, Fork(0, 3, {"learning_rate": 0.5}))
    reserved(paused, Resume(0))
    saved(paused, 5, 0.3, Began(0, 4), Saved(0, 5, 0.3))

    assert (paused.files.checkpoints("rates", fork.id) / "3" / "weights").exists()


def test_a_fork_with_what_its_schedule_left_it_is_read_again(paused):
    (fork,) = reserved(paused, Fork(0, 3, {"optimizer": "sgd"}))

    assert record_of(paused, fork.id).setting == {"optimizer": "sgd"}


def test_what_a_crash_left_of_a_copy_is_replaced(paused):
    half = paused.files.checkpoints("rates", 3) / "3"
    half.mkdir(parents=True)
    (half / "weig").write_text("0.")

    (fork,) = reserved(paused, Fork(0, 3, {"learning_rate": 0.5}))

    place = paused.files.checkpoints("rates", fork.id)
    assert [each.name for each in (place / "3").iterdir()] == ["weights"]


def test_new_and_old_trials_are_reserved_in_the_order_of_their_moves(paused):
    found = reserved(
        paused,
        Fork(0, 3, {"learning_rate": 0.5}),
        Resume(0),
        Start({"learning_rate": 0.1}, until_step=2),
    )

    assert [(one.id, one.until_step) for one in found] == [(3, None), (0, None), (4, 2)]


def test_a_pause_outlasts_its_run_and_a_trial_that_ran_on_is_pending(paused):
    with paused.own("rates"):
        paused.append("rates", [Began(1, 0)])

    assert [record_of(paused, number).status for number in (0, 1)] == ["paused", "pending"]


def test_a_paused_trial_that_is_stopped_is_censored(paused):
    paused.append("rates", [Ended(0, "stopped", "schedule", steps=4)])

    one = record_of(paused)
    assert (one.status, one.reason, one.steps) == ("stopped", "schedule", 4)


OLD = Code((CodeFile("helper.py", "2", "y = 1"), CodeFile("train.py", "1", "x = 1")))
NEW = Code((CodeFile("helper.py", "2", "y = 1"), CodeFile("train.py", "3", "x = 2")))


def stretches(store, trial_id=0):
    return [(one.from_step, one.launch, one.code) for one in record_of(store, trial_id).stretches]


def test_a_trial_knows_the_code_and_the_launch_that_trained_it(store):
    begun(store)

    store.append("rates", [Began(0, 0), Coded(0, 0, OLD), *finished(0, 0.5)[1:]])

    assert stretches(store) == [(0, 1, OLD)]
    assert stretches(store, 1) == []


def test_a_trial_that_goes_on_under_other_code_knows_both(started):
    saved(started, 3, 0.5, Coded(0, 0, OLD))
    started.begin(entry(three_trials(), LAUNCH))

    started.append("rates", [Began(0, 4), Coded(0, 4, NEW), Ended(0, "completed")])

    assert stretches(started) == [(0, 1, OLD), (4, 2, NEW)]


def test_a_trial_that_begins_again_knows_the_last_code_alone(started):
    saved(started, 3, 0.5, Coded(0, 0, OLD))
    started.begin(entry(three_trials(), LAUNCH))

    started.append("rates", [Began(0, 0), Coded(0, 0, NEW)])

    assert stretches(started) == [(0, 2, NEW)]


def test_code_that_grows_while_a_trial_runs_is_one_stretch(started):
    started.append("rates", [Coded(0, 0, Code(OLD.files[:1])), Coded(0, 0, OLD)])

    assert stretches(started) == [(0, 1, OLD)]


def test_a_trial_whose_code_nobody_told_knows_its_launch(started):
    assert stretches(started) == [(0, 1, None)]


def test_a_fork_has_the_code_of_its_parent_until_then(started):
    save_each(started, [0.5, 0.4, 0.3])
    started.append("rates", [Coded(0, 0, OLD)])
    (study,) = split(three_trials())

    (fork,) = started.reserve("rates", study, [Fork(0, 2, {"learning_rate": 0.1})])
    started.append("rates", [Began(fork.id, 3), Coded(fork.id, 3, NEW)])

    assert stretches(started, fork.id) == [(0, 1, OLD), (3, 1, NEW)]


def test_a_launch_that_accepts_code_accepts_that_of_all_before_it(started):
    started.append("rates", [Coded(0, 0, OLD)])
    before = [one.accepted for one in record_of(started).stretches]

    started.begin(entry(three_trials(), replace(LAUNCH, accepts_code=True)))
    started.begin(entry(three_trials(), LAUNCH))
    started.append("rates", [Began(1, 0), Coded(1, 0, NEW)])

    assert before == [False]
    assert [one.accepted for one in record_of(started).stretches] == [True]
    assert [one.accepted for one in record_of(started, 1).stretches] == [False]


def test_a_store_knows_where_an_experiments_file_stands_beside_it(store, tmp_path):
    file = store.files.folder / "sub" / "rates.toml"

    store.begin(replace(entry(three_trials(), LAUNCH), source=str(file)))

    assert store.entries()[0].place == "sub/rates.toml"


# --- what nobody read


def test_an_end_keeps_what_nobody_read(started):
    started.append("rates", [Ended(0, "completed", unread=("momentum",))])

    assert record_of(started).unread == ("momentum",)


def test_what_was_read_is_not_known_before_an_end(started):
    assert record_of(started).unread is None


def test_what_a_killed_attempt_read_is_not_known(paused):
    paused.append("rates", [Began(0, 4), Lost(0, "SIGKILL")])

    assert record_of(paused).unread is None


def test_a_pause_keeps_what_nobody_read_until_the_trial_goes_on(started):
    started.append("rates", [Paused(0, 4, unread=("momentum",))])
    at_rest = record_of(started).unread
    started.append("rates", [Began(0, 4)])

    assert (at_rest, record_of(started).unread) == (("momentum",), None)


def test_what_is_in_a_checkpoint_is_kept_with_it(started):
    started.append("rates", [Saved(0, 5, None, '[["state",3,9]]')])

    (found,) = record_of(started).checkpoints

    assert found.contents == '[["state",3,9]]'


def test_a_trial_whose_checkpoint_is_torn_is_pending_with_the_one_before(started):
    save_each(started, [0.1, 0.2, 0.3])

    started.append("rates", [Unrestored(0, 2)])

    assert record_of(started).status == "pending"
    assert [one.step for one in record_of(started).checkpoints] == [0]
    assert folders(started) == {"0"}
    assert record_of(started).losses == 0


def test_a_trial_whose_code_cannot_load_is_pending_with_all_it_has(started):
    save_each(started, [0.1, 0.2, 0.3])

    started.append("rates", [Unrestored(0, 2, "KeyError: 'encoder'")])

    assert record_of(started).status == "pending"
    assert folders(started) == {"0", "2"}
