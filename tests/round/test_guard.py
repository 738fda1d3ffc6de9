"""What stops a run that cannot succeed, and what does not."""

from dataclasses import replace

import pytest
from tests.round.scripted import (
    Scripted,
    completes,
    dies,
    fails,
    five_trials,
    interrupts,
    is_nan,
    perform,
    refuses,
    statuses,
)
from tests.runner import loops

import etude
from etude.errors import RunError, StoreError, TrainError
from etude.event import Began, Ended


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
        perform(store, Scripted(fails(), fails()), five_trials(trials=trials))


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


def misuses(trial_id):
    told = 'Traceback:\n  File "train.py", line 3, in train\netude.errors.RunError: Once alone.'
    ended = Ended(trial_id, "infeasible", "error", told, 1, error_site="RunError at train.py:3")
    return [Began(trial_id, 0), ended]


@pytest.mark.parametrize("script", [[misuses], [completes, misuses]])
def test_a_call_that_cannot_be_stops_the_run_at_the_first(store, script):
    with pytest.raises(TrainError, match=r"^Once alone\.\nEvery trial would meet this"):
        perform(store, Scripted(*script))

    assert statuses(store)[len(script) - 1 :] == ["pending"] * (6 - len(script))


def test_the_exception_itself_is_the_cause_where_it_was_raised_here(store):
    error = ValueError("no width")

    def fails_here(trial_id):
        began, ended = fails()(trial_id)
        return [began, replace(ended, cause=error)]

    with pytest.raises(TrainError) as stop:
        perform(store, Scripted(*[fails_here] * 3))

    assert stop.value.__cause__ is error
    assert str(stop.value).endswith("ValueError: no width")
    assert "type the same command" not in str(stop.value)


def test_a_store_that_lasts_is_gone_on_with_by_the_same_command(tmp_path):
    with pytest.raises(TrainError, match="type the same command again"):
        etude.run(five_trials(), loops.raises, store=tmp_path / "etude.db")


@pytest.mark.parametrize(
    ("last", "advice"),
    [
        ("ModuleNotFoundError: No module named 'apex'", "Python finds no `apex`. Install it"),
        ("ImportError: attempted relative import beyond", "its relative imports leave its package"),
        ("SystemExit: 2\nusage: train.py", 'Parse below `if __name__ == "__main__":`'),
        (
            '  File "/a/s.py", line 18, in <module>\n    sys.exit(main())\nSystemExit: 0',
            'line 18 ends the program at import. Put it below `if __name__ == "__main__":`',
        ),
        ("SystemExit", "a line ends the program at import."),
        ("SystemExit: no data", "a line ends the program at import."),
        ("IndentationError: unexpected indent", "module fails to import: Python cannot read it."),
        ("ValueError: no", "or its workload cannot be made"),
    ],
)
def test_an_import_that_fails_says_what_to_do(store, last, advice):
    with pytest.raises(TrainError) as stop:
        perform(store, Scripted(refuses("import", f"Traceback:\n{last}")))

    assert advice in stop.value.summary
    assert str(stop.value).endswith(last)


@pytest.mark.parametrize("value", [[0.1], {"valid/loss": 0.1}, True])
def test_what_is_no_number_and_was_returned_without_reports_costs_one_training(value):
    trained = []

    def train(trial):
        for _ in trial.steps():
            pass
        trained.append(trial.is_rehearsal)
        return value

    with pytest.raises(TrainError, match=r"(?s)The train function returned .* the run stops"):
        etude.run(five_trials(), train)

    assert trained.count(False) == 1


@pytest.mark.parametrize("value", [None, 0, [0.1]])
def test_a_function_that_was_tried_whole_and_reported_nothing_stops_before_any_trial(value):
    trained = []

    def train(trial):
        trained.append(trial.is_rehearsal)
        return value

    with pytest.raises(TrainError, match="Every trial would meet this"):
        etude.run(five_trials(), train)

    assert False not in trained
