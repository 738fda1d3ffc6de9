"""C9, C10, T5: one length for all trials, longer or shorter than it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advise import rounds
from tests.advise.contexts import changes, context_of, only, with_status
from tests.factories import experiment, two_optimizers

from etude.advise.remedies.training_length import train_longer, train_shorter


@pytest.mark.parametrize("make", [rounds.improves_late, rounds.only_best_improves])
def test_what_still_improves_is_trained_twice_as_long(make):
    assert changes(train_longer(make(experiment()))) == [("experiment.max_steps", "", 200)]


@pytest.mark.parametrize(
    ("make", "longer_by"),
    [(rounds.others_improve, 0), (rounds.improves_little, 0), (rounds.improves_late, 1)],
    ids=["flat", "too little", "enough"],
)
def test_a_late_gain_must_be_worth_a_round(make, longer_by):
    assert len(train_longer(make(experiment()))) == longer_by


def test_a_loop_that_ends_by_itself_is_not_trained_longer_by_the_file_again():
    short = rounds.improves_late(experiment())
    asked = replace(short.experiment, max_steps=2 * short.experiment.max_steps)
    repeated = context_of(asked, short.analysis.records)

    (remedy,) = train_longer(repeated)

    assert not remedy.edits
    end = short.experiment.max_steps - 1
    told = f"Your loop ends at step {end} whatever `max_steps` is: read `trial.max_steps`"
    assert remedy.words.startswith(told)
    assert only(repeated, "still_improving", "T1", "notice").advice == f"{told}."


def test_what_is_long_enough_is_not_trained_longer():
    late = rounds.improves_late(experiment())
    steps = only(late, "best_step", "T5", "notice")
    regime = only(late, "still_improving", "T1", "notice")

    assert train_longer(with_status(with_status(late, steps, "ok"), regime, "ok")) == []
    assert train_longer(rounds.best_steps_early(experiment())) == []


def test_where_it_is_open_whether_the_best_improves_it_is_not_trained_longer():
    context = rounds.improves_in_noise(experiment())

    late = only(context, "best_step", "T5", "notice")
    assert "improves is open" in late.headline
    assert late.advice == ""
    assert train_longer(context) == []


def test_best_steps_that_all_fall_early_ask_for_several_times_the_latest():
    context = rounds.best_steps_early(experiment())

    assert changes(train_shorter(context)) == [("experiment.max_steps", "", 4)]


def test_a_saturated_best_asks_for_half_as_many_again_as_its_best_value_took():
    context = rounds.saturates(experiment(), share=0.2)

    level = only(context, "saturated", "C10", "notice")
    # Its level is reached after 20 steps, its best value, within noise of it, after 40.
    assert level.evidence["lowest_at"] == 39
    assert changes(train_shorter(context)) == [("experiment.max_steps", "", 60)]


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (rounds.saturates, {"share": 0.6}),
        (rounds.improves_late, {}),
        (rounds.lowest_late_by_luck, {}),
    ],
)
def test_steps_that_are_used_are_kept(make, given):
    assert train_shorter(make(experiment(), **given)) == []


def test_one_saturated_study_of_two_shortens_nothing():
    context = rounds.saturates(two_optimizers())

    assert len(context.of("saturated", "C10", "notice")) == 1
    assert train_shorter(context) == []


DECAY = {"schedule": "linear", "decay_steps": 100}


def late(own_loop, **fixed):
    return replace(rounds.improves_late(experiment(fixed=fixed)), own_loop=own_loop)


def test_a_longer_training_takes_its_schedule_along():
    (longer,) = train_longer(late(own_loop=True, **DECAY))

    assert changes([longer]) == [
        ("experiment.max_steps", "", 200),
        ("fixed.constant_steps", "", 100),
    ]
    assert [edit.rule for edit in longer.edits] == ["T5", "T10"]


def test_a_length_that_would_leave_a_schedule_behind_is_told_not_made():
    (longer,) = train_longer(late(own_loop=False, **DECAY))

    assert not longer.edits
    assert longer.words.startswith("Raise `max_steps` to 200 with `fixed.decay_steps`: ")


def test_what_is_assumed_of_a_loop_whose_schedule_nobody_sees_is_said():
    ((own,), (users,)) = (train_longer(late(own_loop=whose)) for whose in (True, False))

    assert "assumed" in users.edits[0].brief
    assert "a schedule of your loop is assumed to follow" in users.edits[0].because
    assert "assumed" not in f"{own.edits[0].brief}{own.edits[0].because}"


def test_a_shorter_training_ends_its_decay():
    early = replace(rounds.best_steps_early(experiment(fixed=DECAY)), own_loop=True)

    assert changes(train_shorter(early)) == [
        ("experiment.max_steps", "", 4),
        ("fixed.decay_steps", "", 4),
    ]
    (told,) = train_shorter(replace(early, own_loop=False))
    assert told.words.startswith("Lower `max_steps` to 4 with `fixed.decay_steps`")
