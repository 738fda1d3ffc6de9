"""Procedures that go further than the round that is advised, and what each costs at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.advise import rounds
from tests.factories import experiment

from etude.advise import alternatives as costs
from etude.advise.action import Action
from etude.advise.context import Context
from etude.advise.ending import ending
from etude.advise.follow_up import SEEDS
from etude.advise.next_actions import MOST_ACTIONS, next_actions
from etude.advise.policy import Advice, advice
from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.exploit import Exploit
from etude.procedure.extend import Extend
from etude.procedure.training_length import TrainingLength


def question(**given: Any) -> Experiment:
    return experiment(train="train.py:train", **given)


def actions_of(context: Context) -> list[Action]:
    return next_actions(context, advice(context))


def procedures_of(context: Context) -> list[Action]:
    return [one for one in actions_of(context) if one.kind == "procedure"]


def commands_of(context: Context, file: str = "my rates.toml") -> list[str]:
    return [one.command for one in ending(context, actions_of(context), file=file).steps]


def test_where_best_steps_fall_early_a_sweep_finds_the_length_too() -> None:
    context = rounds.best_steps_early(question())

    assert advice(context).goal == "train shorter"
    (action,) = procedures_of(context)
    assert (action.procedure, action.cost_trials, action.cost_steps) == (
        "training-length",
        51,
        15 * context.experiment.max_steps,
    )
    assert "etude training-length 'my rates.toml'" in commands_of(context)


def test_where_the_best_still_improve_the_leaders_alone_can_be_extended() -> None:
    context = rounds.improves_late(question())

    assert advice(context).goal == "train longer"
    steps, name = context.experiment.max_steps, context.experiment.name
    assert f"etude extend {name} --max-steps {2 * steps}" in commands_of(context)
    (action,) = procedures_of(context)
    assert (action.cost_trials, action.cost_steps) == (2 * 4 * 5, 4 * 5 * 3 * steps)


@pytest.mark.parametrize(
    ("search", "trials", "text"),
    [("quasi_random", 20 + 15, "Or search, and train"), ("bayesian", 15, "Or train the best 3")],
)
def test_where_the_space_is_explored_one_command_searches_and_confirms(
    search: str, trials: int, text: str
) -> None:
    context = rounds.dense(question(search=search))

    (action,) = costs.alternatives(context, Advice(goal="exploit"))

    assert (action.procedure, action.cost_trials) == ("exploit", trials)
    assert action.text.startswith(text)


def test_a_repair_of_optimization_is_the_cure_of_its_file() -> None:
    context = rounds.breaks_early(question(**rounds.LONG))

    assert commands_of(context)[0] == "etude stability 'my rates.toml' --cure"


def test_an_experiment_from_python_without_a_file_is_told_in_words_alone() -> None:
    context = rounds.breaks_early(experiment(**rounds.LONG))

    first = ending(context, actions_of(context)).steps[0]

    assert first.command == ""
    assert first.text.startswith("Add a warmup")
    assert not procedures_of(rounds.improves_late(experiment()))


def test_trials_of_another_tool_are_proposed_no_procedure() -> None:
    for make in (rounds.breaks_early, rounds.improves_late, rounds.best_steps_early):
        assert not procedures_of(make(question(search="imported", **rounds.LONG)))


@pytest.mark.parametrize(
    "make", [rounds.best_steps_early, rounds.improves_late, rounds.breaks_early]
)
def test_a_procedure_is_one_of_three_things_in_at_most_twenty_words(
    make: Callable[..., Context],
) -> None:
    actions = actions_of(make(question(**rounds.LONG)))

    assert len(actions) <= MOST_ACTIONS
    assert all(len(action.text.split()) <= 20 for action in actions)


def test_the_costs_are_those_of_the_procedures() -> None:
    known = Known(base=question(), setting={"learning_rate": 0.1})

    length = TrainingLength().cost(known)

    full = costs.LENGTH_FULL * known.base.max_steps
    assert (length.trials, length.steps) == (costs.LENGTH_TRAININGS, full)
    assert (Exploit().settings, Exploit().seeds) == (costs.CONFIRMED_SETTINGS, SEEDS)
    extend = Extend(max_steps=2 * known.base.max_steps)
    assert (extend.studies, extend.seeds) == (costs.EXTENDED_STUDIES, SEEDS)
    assert len(extend.lengths(known)) == 2
