"""Where training broke in earlier rounds, and what makes that no evidence any more."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import experiment

from etude.analyze.views.walls import AxisSide, EarlierTrials, differences, lifted_wall, wall
from etude.design.studies import studies
from etude.space import Integer, Real

HIGH = AxisSide(name="x", side="high", bound=1.0)


def at(*values):
    return tuple({"x": value} for value in values)


def before(trained, broken, **changes):
    given = {"round": "first", "trained": at(*trained), "broken": at(*broken)}
    return EarlierTrials(**{**given, **changes})


def found(*earlier, own=()):
    return wall(HIGH, own=own, earlier=earlier, min_beyond=3)


def test_three_that_broke_beyond_all_that_train_make_a_wall():
    assert found(before([0.2, 0.9], [0.5, 1.1, 2.0, 3.0])).begins == 1.1


def test_two_are_no_wall_but_where_the_range_reached_further_once():
    assert found(before([0.2], [1.1, 2.0])) is None
    assert found(before([0.2], [1.1], ranges={"x": (0.0, 5.0)})).begins == 1.1


def test_what_trained_beyond_in_any_round_is_before_the_wall():
    rounds = before([0.2], [1.1, 2.0, 3.0]), before([1.5], [], round="second")

    assert found(*rounds) is None


def test_a_trial_of_this_round_moves_the_wall_nearer():
    own = [({"x": 0.3}, True), ({"x": 0.95}, False)]

    assert found(before([0.2], [1.1, 2.0, 3.0]), own=own).begins == 0.95


def test_a_wall_of_another_training_is_lifted_and_says_by_what():
    earlier = before([0.2], [1.1, 2.0, 3.0], changed=frozenset({"warmup_steps"}))

    assert found(earlier) is None
    lifted = lifted_wall(HIGH, own=(), earlier=[earlier], min_beyond=3)
    assert lifted.changed == ("warmup_steps",)


@given(
    trained=st.lists(st.floats(0.0, 1.0), min_size=1),
    broken=st.lists(st.floats(1.5, 9.0), min_size=3),
    more=st.lists(st.floats(0.0, 9.0)),
)
def test_no_wall_stands_before_what_trains(trained, broken, more):
    stands = found(before([*trained, *more], broken))

    assert stands is None or stands.begins > max([*trained, *more])


@given(st.lists(st.floats(-9.0, 9.0), max_size=12), st.lists(st.floats(-9.0, 9.0), max_size=12))
def test_the_low_side_is_the_mirror_of_the_high_one(trained, broken):
    low = wall(
        AxisSide(name="x", side="low", bound=-1.0),
        own=(),
        earlier=[before([-one for one in trained], [-one for one in broken])],
        min_beyond=3,
    )
    high = found(before(trained, broken))

    assert (low is None) == (high is None)
    assert low is None or low.begins == -high.begins


def changed(before_changes, now_changes):
    then, now = experiment(**before_changes), experiment(**now_changes)
    (past,), (study,) = studies(then), studies(now)
    return differences((then, past), (now, study))


RATE = {"learning_rate": Real(1e-4, 1.0, log=True)}


@pytest.mark.parametrize(
    ("then", "now", "names"),
    [
        ({}, {}, set()),
        ({}, {"nuisance": {"learning_rate": Real(1e-3, 9.0, log=True)}}, set()),
        ({}, {"max_steps": 3}, {"max_steps"}),
        ({}, {"metric": "valid/other"}, {"metric"}),
        ({"fixed": {"width": 8}}, {"fixed": {"width": 16}}, {"width"}),
        ({}, {"fixed": {"width": 16}}, {"width"}),
        ({"fixed": {"dropout": 0.0}}, {"nuisance": {**RATE, "dropout": Real(0.0, 0.5)}}, set()),
        (
            {"fixed": {"warmup_steps": 0}},
            {"nuisance": {**RATE, "warmup_steps": Integer(1, 9)}},
            {"warmup_steps"},
        ),
        (
            {"fixed": {"gradient_clip": 0.0}},
            {"nuisance": {**RATE, "gradient_clip": Real(0.1, 9.0, log=True)}},
            {"gradient_clip"},
        ),
        (
            {"nuisance": {**RATE, "warmup_steps": Integer(1, 9)}},
            {"nuisance": {**RATE, "warmup_steps": Integer(1, 5)}},
            set(),
        ),
        ({"nuisance": {**RATE, "width": Integer(4, 9)}}, {"fixed": {"width": 8}}, set()),
        ({"nuisance": {**RATE, "width": Integer(4, 9)}}, {"fixed": {"width": 16}}, {"width"}),
    ],
)
def test_what_trains_otherwise_is_named(then, now, names):
    base = {"nuisance": RATE}

    assert changed({**base, **then}, {**base, **now}) == names


def test_scientific_values_are_no_difference_but_pick_the_trials():
    then = experiment(nuisance=RATE, scientific={"depth": [1, 2]})
    now = replace(then, name="next")
    past, study = studies(then)[0], studies(now)[0]

    assert differences((then, past), (now, study)) == set()
