"""A replayed schedule: values change at steps, by forks from checkpoints."""

from dataclasses import replace

import pytest
from tests.factories import played
from tests.search.world import World, a_trial, descent
from tests.train.workloads import WORKLOADS

import etude
from etude.design.split import split
from etude.errors import RunError
from etude.experiment import Experiment
from etude.move import Fork, Start, Stop
from etude.record import Checkpoint, Records
from etude.search import search_of
from etude.space import Real
from etude.train.torch.loop import Loop

CHANGES = [{"step": 3, "learning_rate": 0.05}, {"step": 6, "momentum": 0.6}]
SETTING = {"learning_rate": 0.1, "momentum": 0.9}


def replay_study(changes=CHANGES, **given):
    options = {"schedule": "replay", "schedule_options": {"changes": changes}}
    (study,) = split(descent(**options, **given))
    return study


def moves(records, free=64, **given):
    return search_of(replay_study(**given)).moves(replay_study(**given), Records.of(records), free)


def changing(change, **scientific):
    """One of several studies, of which some have names that this one has not."""
    study = replay_study(trials=1)
    return replace(study, scientific=scientific, schedule_options={"changes": [change]})


def paused(number, until, **given):
    checkpoints = (Checkpoint(until - 1, 0.1),)
    return a_trial(number, *[0.1] * until, until=until, checkpoints=checkpoints, **given)


def test_every_trial_begins_until_the_first_change():
    starts = moves([])

    assert [(type(start), start.until_step) for start in starts] == [(Start, 3)] * 10


def test_a_paused_trial_goes_on_as_a_fork_with_the_new_value():
    (fork,) = moves([paused(0, 3)], trials=1)

    assert fork == Fork(0, 2, {"learning_rate": 0.05, "momentum": 0.9}, until_step=6)


def test_a_value_that_the_file_holds_stays_changed_after_a_later_change():
    changes = [{"step": 3, "learning_rate": 0.05}, {"step": 6, "momentum": 0.6}]
    study = replay_study(
        changes, fixed={"learning_rate": 0.1}, nuisance={"momentum": Real(0.5, 0.99)}, trials=1
    )
    parent = a_trial(0, 0.1, 0.1, 0.1, until=3, status="stopped")
    changed = paused(1, 6, parent=0, setting={**SETTING, "learning_rate": 0.05})

    (fork,) = search_of(study).moves(study, Records.of([parent, changed]), 1)

    assert study.setting(fork.searched) == {"learning_rate": 0.05, "momentum": 0.6}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (a_trial(0, *[0.1] * 5, until=3, status="running"), "went past step 3 without one"),
        (
            a_trial(0, *[0.1] * 5, until=3, checkpoints=(Checkpoint(4, 0.1),)),
            "its next checkpoint came after 5",
        ),
    ],
)
def test_values_that_cannot_change_where_they_are_to_change_are_refused(record, said):
    with pytest.raises(RunError, match=said):
        moves([record])


def test_after_the_last_change_a_fork_trains_to_its_end():
    parent = a_trial(0, 0.1, 0.1, 0.1, until=3, status="stopped")
    warm = {**SETTING, "learning_rate": 0.05}
    (fork,) = moves([parent, paused(1, 6, parent=0, setting=warm)], trials=1)

    assert fork == Fork(1, 5, {"learning_rate": 0.05, "momentum": 0.6}, until_step=None)


def test_a_parent_is_stopped_once_its_fork_has_begun():
    fork = a_trial(1, until=6, status="pending", parent=0)

    assert moves([paused(0, 3), fork], trials=1) == [Stop(0)]


def test_as_many_trials_end_complete_as_began():
    records = played(descent(schedule="replay", schedule_options={"changes": CHANGES}), World(4))
    ended = [record.status for record in records if record.status != "stopped"]

    assert len([record for record in records if record.parent is None]) == 10
    assert len(ended) == 10


def test_two_changes_between_the_same_two_evaluations_are_refused():
    close = [{"step": 4, "momentum": 0.6}, {"step": 5, "momentum": 0.7}]

    with pytest.raises(RunError, match=r"changes values after steps 4, 5, each at an evaluation"):
        moves([], changes=close, evaluations=3)


def test_a_change_of_the_optimizer_goes_on_from_the_weights(tmp_path):
    experiment = Experiment(
        name="changes",
        metric="valid/error",
        max_steps=8,
        evaluations=4,
        fixed={
            "optimizer": "adam",
            "learning_rate": 0.01,
            "batch_size": 8,
            "beta1": 0.9,
            "beta2": 0.999,
            "epsilon": 1e-8,
        },
        configurations=({"weight_decay": 0.0},),
        schedule="replay",
        schedule_options={"changes": [{"step": 4, "optimizer": "sgd"}]},
    )

    result = etude.run(experiment, Loop(WORKLOADS["mlp"]), store=tmp_path / "a.db", runner="inline")

    assert [record.status for record in result.records] == ["stopped", "completed"]
    assert result.records[1].setting["optimizer"] == "sgd"


def test_a_change_of_what_exists_under_a_condition_leaves_the_others_as_they_are():
    study = changing({"step": 3, "learning_rate": 0.05, "beta1": 0.8})

    (fork,) = search_of(study).moves(study, Records.of([paused(0, 3)]), 1)

    assert fork == Fork(0, 2, {"learning_rate": 0.05, "momentum": 0.9}, until_step=None)


def test_a_change_of_the_optimizer_brings_what_exists_with_it():
    study = changing({"step": 3, "optimizer": "adam", "beta1": 0.8}, optimizer="sgd")

    (fork,) = search_of(study).moves(study, Records.of([paused(0, 3)]), 1)

    assert fork.searched["beta1"] == 0.8
