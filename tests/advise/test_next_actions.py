"""What to do next as data: the most telling first, with what it costs."""

from __future__ import annotations

import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.factories import experiment, record, study, two_optimizers

from etude.advise.next_actions import next_actions
from etude.advise.policy import advice


def actions_of(context, records=()):
    return next_actions(context, advice(context), records)


def test_the_next_round_says_what_it_changes_and_what_it_costs():
    first = actions_of(rounds.cliff(experiment()))[0]

    assert (first.kind, first.cost_trials, first.cost_steps) == ("round", 20, 2000)
    assert first.text.startswith("Redraw the space: `learning_rate` high 0.1 to ")


def test_more_trials_cost_only_those_that_come():
    first = actions_of(rounds.sparse(experiment(trials=12)))[0]

    assert (first.kind, first.cost_trials) == ("round", 8)


def test_what_repairs_optimization_comes_before_the_round():
    first = actions_of(rounds.breaks_early(experiment(**rounds.LONG)))[0]

    assert (first.kind, first.procedure) == ("procedure", "stability")
    assert "D11" in first.rules


def test_trials_that_run_are_waited_for():
    running = record(study(), 0)

    (action,) = actions_of(context_of(experiment(), [running]), [running])

    assert (action.kind, action.text) == ("wait", "Let the round finish: 1 trial has not ended")


@pytest.mark.parametrize(
    "make",
    [rounds.cliff, rounds.edge, rounds.breaks_early, rounds.overfits, rounds.dense, rounds.healthy],
)
def test_an_action_is_short_and_there_are_at_most_three(make):
    actions = actions_of(make(experiment(**rounds.LONG)))

    assert 1 <= len(actions) <= 3
    assert all(len(action.text.split()) <= 20 for action in actions)
    assert not any(action.text.endswith(".") for action in actions)


def test_two_leaders_are_trained_again_with_five_seeds_each():
    question = two_optimizers()

    actions = actions_of(rounds.valleys(question, (0.1, 0.11)))

    assert [action.cost_trials for action in actions if action.kind == "seeds"] == [10]


def test_where_only_a_person_can_amend_the_round_nothing_says_stop():
    kinds = [action.kind for action in actions_of(rounds.overfits(experiment()))]

    assert kinds == ["by_hand"]


def test_where_nothing_is_left_the_best_setting_is_trained_again():
    assert actions_of(rounds.healthy(experiment()))[-1].kind in ("seeds", "round")
