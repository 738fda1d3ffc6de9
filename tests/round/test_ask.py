import math
from functools import partial

import pytest
from tests.factories import played, rates
from tests.search.world import World, descent, rate_of_descent, sketch

import etude
from etude.errors import OwnedError, RunError

LOSS = {"valid/loss": 1.0}
ASHA = {"schedule": "asha", "schedule_options": {"min_steps": 1}}


def trained(asking, trial, **options):
    """A loop that is not Etude's: the world's loss, checkpoints where it is told to save."""
    weight = 10.0
    if trial.checkpoint:
        weight = float((trial.checkpoint / "weight").read_text())
    for step in range(trial.from_step, trial.max_steps):
        weight *= 1.0 - rate_of_descent(trial.setting)
        value = math.nan if trial["learning_rate"] > 0.3 else weight
        if not trial.report(step, {"valid/loss": value}, **saving(weight, **options)):
            break
    asking.tell(trial)


def saving(weight, *, checkpoints=True):
    if not checkpoints:
        return {}
    return {"checkpoint": lambda folder: (folder / "weight").write_text(repr(weight))}


def all_told(asking, **options):
    while trial := asking.next():
        trained(asking, trial, **options)
    return asking.result().records


@pytest.mark.parametrize(
    "given",
    [{}, {"search": "random"}, {"search": "grid"}, ASHA, {"schedule": "pbt", "trials": 4}],
    ids=["quasi_random", "random", "grid", "asha", "pbt"],
)
def test_a_loop_of_ones_own_has_the_trials_of_a_run(given):
    one = descent(**given)

    with etude.ask(one) as asking:
        told = all_told(asking)

    assert sketch(told) == sketch(played(one, World()))


def test_a_trial_that_does_not_lead_is_told_to_stop_where_there_are_no_checkpoints():
    with etude.ask(descent(**ASHA)) as asking:
        told = all_told(asking, checkpoints=False)

    assert told.count("stopped") > 5
    assert told.count("completed") >= 1


def test_several_trials_are_out_at_once():
    with etude.ask(descent(trials=3)) as asking:
        out = [asking.next() for _ in range(4)]

        assert [one and one.id for one in out] == [0, 1, 2, None]


def test_a_final_value_is_enough():
    with etude.ask(descent(trials=1)) as asking:
        asking.tell(asking.next(), 0.25)
        (record,) = asking.result().records

    assert (record.status, record.steps) == ("completed", 9)
    assert record.best("valid/loss", maximize=False).value == 0.25


@pytest.mark.parametrize(
    ("told", "reason"), [({"value": math.nan}, "nan"), ({"failed": "no memory"}, "error")]
)
def test_what_went_wrong_is_kept_as_infeasible(told, reason):
    with etude.ask(descent(trials=1)) as asking:
        asking.tell(asking.next(), **told)
        (record,) = asking.result().records

    assert (record.status, record.reason) == ("infeasible", reason)


def test_a_trial_told_of_at_its_full_length_is_complete_whoever_wanted_it_stopped():
    with etude.ask(descent(**ASHA, trials=4)) as asking:
        while trial := asking.next():
            asking.tell(trial, rate_of_descent(trial.setting))
        told = asking.result().records

    assert told.count("completed") == 4


def test_nothing_to_tell_is_refused_with_the_way_out():
    with etude.ask(descent()) as asking, pytest.raises(RunError, match="tell its value"):
        asking.tell(asking.next())


def test_a_trial_is_told_of_once():
    with etude.ask(descent()) as asking:
        trial = asking.next()
        asking.tell(trial, 1.0)

        with pytest.raises(RunError, match="told of before"):
            asking.tell(trial, 1.0)


def test_what_was_closed_says_how_to_go_on(tmp_path):
    with etude.ask(descent(), store=tmp_path / "etude.db") as asking:
        trial = asking.next()

    for late in (asking.next, partial(asking.tell, trial, 1.0), partial(trial.report, 0, LOSS)):
        with pytest.raises(RunError, match=r"closed. `etude.ask` with the same store opens it"):
            late()


def test_a_trial_that_another_ask_gave_is_not_out_here(tmp_path):
    with etude.ask(descent(), store=tmp_path / "etude.db") as asking:
        lost = asking.next()

    again = etude.ask(descent(), store=tmp_path / "etude.db")
    with again, pytest.raises(RunError, match="`next` of this round did not give it"):
        again.tell(lost, 1.0)


def test_a_report_without_a_name_is_told_how_to_write_it():
    with etude.ask(descent()) as asking:
        trial = asking.next()

        with pytest.raises(RunError, match=r'trial.report\(step, {"valid/loss": value}\)'):
            trial.report(0.3, 0)


def test_a_number_is_no_trial():
    with etude.ask(descent()) as asking:
        trial = asking.next()

        with pytest.raises(RunError, match=r"Trial 0 is not out.* each trial that it gave"):
            asking.tell(trial.id, 1.0)


def test_what_another_tool_trained_cannot_be_asked_for():
    with pytest.raises(RunError, match="trained by another tool"):
        etude.ask(descent(search="imported"))


def test_what_nobody_told_of_is_handed_out_again(tmp_path):
    with etude.ask(descent(), store=tmp_path / "etude.db") as asking:
        asking.tell(asking.next(), 1.0)
        lost = asking.next()

    with etude.ask(descent(), store=tmp_path / "etude.db") as again:
        assert again.next().id == lost.id


def test_one_loop_at_a_time_owns_an_experiment(tmp_path):
    with etude.ask(descent(), store=tmp_path / "etude.db"), pytest.raises(OwnedError):
        etude.ask(descent(), store=tmp_path / "etude.db")


def test_a_torn_checkpoint_is_left_for_step_0(tmp_path):
    place = tmp_path / "etude.db"
    one = rates(trials=1, max_steps=8, evaluations=4)
    with etude.ask(one, store=place) as asking:
        trial = asking.next()
        trial.report(3, {"valid/loss": 0.5}, checkpoint=lambda path: (path / "w").write_text("w"))
    (tmp_path / "etude.db.checkpoints" / "rates" / "0" / "3" / "w").write_text("")

    with etude.ask(one, store=place) as asking:
        trial = asking.next()

    assert trial.checkpoint is None
    assert trial.from_step == 0
