"""T10: what follows another length of the trials, and what only a person can change."""

from __future__ import annotations

import pytest
from tests.factories import experiment

from etude.advise.new_length import left_words, new_length
from etude.experiment.change import applied
from etude.space import Choice, Integer, Real

OLD, LONGER, SHORTER = 400, 800, 200
DECAY = Integer(100, 400)


def question(**given):
    trials = len(given["configurations"]) if "configurations" in given else 20
    return experiment(max_steps=OLD, **{"nuisance": {}, "trials": trials, **given})


def held(**given):
    return question(fixed=given)


def moved(question, steps=LONGER, *, own_loop=True):
    length = new_length(question, steps, own_loop=own_loop)
    assert not length.left
    applied(question, [edit.change for edit in length.edits])  # it is an experiment still
    return {edit.path: edit.new for edit in length.edits}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"schedule": "linear", "decay_steps": 400}, {"constant_steps": 400}),
        ({"schedule": "linear"}, {"constant_steps": 400}),
        ({"schedule": "exponential", "decay_steps": 300}, {"constant_steps": 400}),
        ({"schedule": "step", "decay_steps": 300}, {"constant_steps": 400}),
        ({"schedule": "linear", "constant_steps": 100}, {"constant_steps": 500}),
        (
            {"schedule": "linear", "decay_fraction": 0.5, "warmup_fraction": 0.1},
            {"constant_steps": 400, "decay_fraction": 0.25, "warmup_fraction": 0.05},
        ),
        ({"schedule": "inverse_sqrt", "warmup_steps": 20}, {"constant_steps": 400}),
        (
            {"schedule": "inverse_sqrt", "decay_fraction": 0.1, "constant_steps": 50},
            {"constant_steps": 450, "decay_fraction": 0.05},
        ),
        ({"schedule": "cosine"}, {}),
        ({"schedule": "cosine", "decay_fraction": 1.0}, {}),
        ({"schedule": "cosine", "decay_steps": 390, "warmup_steps": 10}, {"decay_steps": 790}),
        ({"schedule": "cosine", "decay_steps": 200}, {"decay_steps": 400}),
        ({"schedule": "constant", "decay_steps": 400}, {}),
        ({"decay_steps": 400}, {}),
        ({"warmup_fraction": 0.1, "decay_fraction": 0.5}, {"warmup_fraction": 0.05}),
        ({}, {}),
    ],
)
def test_a_longer_training_moves_the_schedule_of_etudes_loop(given, expected):
    assert moved(held(**given)) == {f"fixed.{name}": new for name, new in expected.items()}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"schedule": "linear"}, {}),
        ({"schedule": "linear", "decay_steps": 150}, {}),
        ({"schedule": "linear", "decay_steps": 400}, {"decay_steps": 200}),
        (
            {"schedule": "linear", "decay_steps": 100, "constant_steps": 300},
            {"constant_steps": 100},
        ),
        (
            {"schedule": "linear", "decay_steps": 300, "constant_steps": 100},
            {"constant_steps": 0, "decay_steps": 200},
        ),
        ({"schedule": "linear", "constant_steps": 300}, {"constant_steps": 100}),
        ({"schedule": "cosine", "decay_steps": 390, "warmup_steps": 10}, {"decay_steps": 190}),
        ({"schedule": "inverse_sqrt", "decay_steps": 300}, {}),
        (
            {"schedule": "inverse_sqrt", "decay_steps": 30, "constant_steps": 100},
            {"constant_steps": 0},
        ),
    ],
)
def test_a_shorter_training_gives_up_the_constant_phase_first(given, expected):
    found = moved(held(**given), SHORTER)

    assert found == {f"fixed.{name}": new for name, new in expected.items()}


def test_why_an_inverse_square_root_is_not_run_on_or_stretched_is_said():
    given = held(schedule="inverse_sqrt", decay_steps=50)

    (edit,) = new_length(given, LONGER, own_loop=True).edits

    assert edit.because == (
        "an inverse square root has its added steps before it, at the full rate: it would spend "
        "them at too small a rate (T14)."
    )


def test_the_reason_is_that_of_the_schedule_that_a_constant_phase_stands_under():
    compared = question(scientific={"schedule": ["linear", "inverse_sqrt"]}, fixed={"warmup": 9})

    edits = new_length(compared, LONGER, own_loop=True).edits

    reasons = {edit.path.split(".")[3]: "T14" in edit.because for edit in edits}
    assert reasons == {"linear": False, "inverse_sqrt": True}


@pytest.mark.parametrize(("steps", "verb"), [(LONGER, "Raise"), (SHORTER, "Lower")])
def test_pieces_are_left_to_who_chose_them(steps, verb):
    given = held(schedule="piecewise", schedule_pieces="0:1 200:0.1", warmup_steps=10)

    length = new_length(given, steps, own_loop=True)

    words = left_words(given, steps, length.left)
    assert (length.left, length.edits) == (("fixed.schedule_pieces",), ())
    assert words.startswith(f"{verb} `max_steps` to {steps} with `fixed.schedule_pieces`")
    assert ("by the procedure that made it (T10)" in words) == (steps > OLD)


def test_schedules_that_are_searched_together_and_shorten_in_different_ways_are_left():
    searched = question(nuisance={"schedule": Choice(["linear", "inverse_sqrt"])})

    assert new_length(searched, SHORTER, own_loop=True).left == ("nuisance.schedule",)
    assert moved(searched) == {"fixed.constant_steps": 400}


def test_ranges_and_lists_move_as_numbers_do():
    searched = {"decay_steps": DECAY, "constant_steps": Choice([0, 100])}
    shares = {"decay_fraction": Real(0.2, 1.0)}

    linear = moved(question(nuisance=searched, fixed={"schedule": "linear"}))
    cosine = moved(question(nuisance={"decay_steps": DECAY}, fixed={"schedule": "cosine"}))
    fraction = moved(question(nuisance=shares, fixed={"schedule": "linear"}))

    assert linear == {"nuisance.constant_steps": Choice([400, 500])}
    assert cosine == {"nuisance.decay_steps": Integer(200, 800)}
    assert fraction == {"nuisance.decay_fraction": Real(0.1, 0.5), "fixed.constant_steps": 400}


def test_each_schedule_of_a_comparison_moves_in_its_own_way():
    compared = question(
        scientific={"schedule": ["linear", "cosine", "constant"]},
        fixed={
            "when": {
                "schedule": {"linear": {"decay_steps": 400}, "cosine": {"decay_steps": 400}},
            }
        },
    )

    assert moved(compared) == {
        "fixed.when.schedule.linear.constant_steps": 400,
        "fixed.when.schedule.cosine.decay_steps": 800,
    }


def test_a_schedule_of_one_optimizer_moves_there():
    compared = question(
        scientific={"optimizer": ["adam", "sgd"]},
        fixed={"when": {"optimizer": {"adam": {"schedule": "linear", "decay_steps": 400}}}},
    )

    assert moved(compared) == {"fixed.when.optimizer.adam.constant_steps": 400}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (
            {"scientific": {"schedule": ["linear", "cosine"]}, "fixed": {"decay_steps": 400}},
            "fixed.decay_steps",
        ),
        (
            {"scientific": {"decay_steps": [100, 400]}, "fixed": {"schedule": "cosine"}},
            "scientific.decay_steps",
        ),
        ({"nuisance": {"schedule": Choice(["linear", "cosine"])}}, "nuisance.schedule"),
        (
            {
                "configurations": [{"decay_steps": 100}, {"decay_steps": 400}],
                "fixed": {"schedule": "cosine"},
                "search": "listed",
            },
            "configurations.decay_steps",
        ),
    ],
)
def test_what_no_edit_can_say_is_left_to_a_person(given, left):
    assert new_length(question(**given), LONGER, own_loop=True).left == (left,)


@pytest.mark.parametrize(
    "given",
    [
        {"fixed": {"decay_steps": 400}},
        {"fixed": {"lr_decay_epochs": 30}},
        {"fixed": {"T_max": 400}},
        {"fixed": {"epochs": 10}},
        {"fixed": {"tau": 300}, "names": {"tau": "decay_steps"}},
        {"nuisance": {"decay_steps": DECAY}},
        {"nuisance": {"lr_drop": Choice([100, 200])}},
        {"scientific": {"decay_steps": [100, 400]}},
        {
            "scientific": {"optimizer": ["adam", "sgd"]},
            "fixed": {"when": {"optimizer": {"adam": {"decay_steps": 400}}}},
        },
        {"configurations": [{"num_training_steps": 400}], "search": "listed"},
        {"fixed": {"schedule": "cosine", "decay_steps": 400}},
    ],
)
def test_a_length_that_a_loop_of_the_users_reads_is_left_behind(given):
    (left,) = new_length(question(**given), LONGER, own_loop=False).left

    words = left_words(question(**given), LONGER, (left,))
    assert f"`{left}`" in words or f"`{left.rpartition('.')[2]} = " in words
    assert "800" in words
    assert len(words.split()) <= 20


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"schedule": "cosine"},
        {"schedule": "constant", "decay_steps": 400},
        {"warmup_steps": 10, "decay_fraction": 0.5},
        {"final_factor": 0.1, "decay_steps": 0},
        {"decay_steps": True},
        {"n_steps": 5},
    ],
)
def test_a_loop_of_the_users_without_a_length_follows_by_itself(given):
    assert moved(held(**given), own_loop=False) == {}


def test_a_schedule_that_was_written_down_is_left_to_a_person():
    replayed = question(
        schedule="replay",
        schedule_options={"changes": [{"step": 200, "learning_rate": 0.01}]},
        configurations=[{"learning_rate": 0.1}],
        search="listed",
    )

    assert new_length(replayed, LONGER, own_loop=True).left == ("schedule.changes",)


@pytest.mark.parametrize(
    ("fixed", "lines"),
    [
        ({"epochs": 10}, "`epochs = 20` (T10)"),
        ({"T_max": 400, "lr_scheduler": "cosine"}, "`T_max = 800`: a cosine is stretched (T10)"),
        (
            {"milestone_1": 200, "milestone_2": 300},
            "`milestone_1 = 600`, `milestone_2 = 700`: each comes 400 steps later (T10)",
        ),
        (
            {"lr_schedule": "linear", "decay_steps": 400},
            "`fixed.decay_steps`: a linear decay begins 400 steps later (T10)",
        ),
        (
            {"schedule_type": "linear", "lr_decay_steps": 400},
            "`fixed.lr_decay_steps`: a linear decay begins 400 steps later (T10)",
        ),
        (
            {"lr_schedule": "rsqrt", "decay_steps": 400},
            "`fixed.decay_steps`: an inverse square root is not stretched, or most steps have too "
            "small a rate (T10)",
        ),
        (
            {"lr_schedule": "inverse_sqrt", "epochs": 5, "hold_steps": 30},
            "`epochs = 10`, `hold_steps = 430`: an inverse square root is not stretched, or most "
            "steps have too small a rate (T10)",
        ),
    ],
)
def test_each_kind_of_length_is_told_as_the_line_to_write(fixed, lines):
    given = held(**fixed)
    left = new_length(given, LONGER, own_loop=False).left

    assert left_words(given, LONGER, left) == f"Raise `max_steps` to 800 with {lines}."


def test_a_length_that_is_searched_is_to_leave_the_search():
    given = question(nuisance={"num_train_steps": Choice([400, 500])})
    left = new_length(given, LONGER, own_loop=False).left

    assert "`num_train_steps` out of the search" in left_words(given, LONGER, left)
    assert "T4" in left_words(given, LONGER, left)
