"""Stop is said with the numbers that say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import factories
from tests.advise import rounds
from tests.advise.contexts import context_of, only
from tests.analyze.trials import ORDERED
from tests.factories import experiment, record, two_optimizers
from tests.search.history import PLANE

from etude.advise.context import step_text
from etude.advise.next_steps import amendments, manual_steps
from etude.advise.policy import advice
from etude.analyze.checks.coverage import coverage
from etude.design.studies import studies
from etude.finding import Finding
from etude.record import Records
from etude.search.quasi_random import QuasiRandom
from etude.wording import number

SETTING = {"learning_rate": 0.01, "share": 0.5}


def test_where_nothing_is_to_be_gained_the_advice_is_to_stop_with_numbers():
    context = rounds.dense(experiment())
    gain = context.analysis.result(context.studies[0], coverage).gain

    (sentence,) = manual_steps(context, [])

    assert sentence.startswith("Stop here")
    assert "inside on 4 of 4 sides (C1)" in sentence
    assert f"Twice the trials of the study would gain about {number(gain, 2)} (C2)" in sentence


def test_the_noise_of_retraining_is_among_the_numbers():
    records = [record(factories.study(), k, value, SETTING) for k, value in enumerate([0.1, 0.3])]

    (sentence,) = manual_steps(context_of(experiment(), records), records)

    assert "Retraining one setting of the study moves it by 0.14 (A2)" in sentence


def test_a_best_setting_that_was_trained_again_is_ready_to_be_adopted():
    again = [record(factories.study(), k, 0.1 + k, SETTING) for k in (0, 1)]
    others = [
        record(factories.study(), 2 + k, 0.05 + k / 100, {**SETTING, "share": 0.3 + k / 50})
        for k in range(10)
    ]

    (ready,) = manual_steps(context_of(experiment(name="many"), again), again)
    (single,) = manual_steps(context_of(experiment(), [*again, *others]), [*again, *others])

    assert "To adopt, its best setting has been trained again: `etude adopt many`" in ready
    assert "To adopt, train the best setting again with other seeds" in single


def test_what_a_population_found_is_a_schedule_to_be_trained_again():
    (sentence,) = manual_steps(rounds.dense(experiment(schedule="pbt", name="many")), [])

    assert "train the schedule that it found again" in sentence
    assert "`etude next many --replay`" in sentence


def test_a_problem_is_no_reason_to_stop():
    context = rounds.cliff(experiment())
    problem = only(context, "infeasible", "C3", "problem")

    (sentence,) = manual_steps(context, [])

    assert problem.advice.rstrip(".") in sentence
    assert len(sentence.split()) <= 20


def test_what_is_left_to_you_is_said_once():
    question = two_optimizers(nuisance={"width": ORDERED})
    context = rounds.with_bottoms(question, {"width": 1.2}, {"width": 1.2})
    problems = context.of("boundary", "C1", "problem")

    assert len(problems) == 2
    (sentence,) = manual_steps(context, [])
    assert problems[0].advice.rstrip(".") in sentence


def test_what_a_remedy_says_is_not_said_again():
    context = rounds.overfits(experiment())
    advised = advice(context)

    assert len(advised.words) == 1
    assert manual_steps(context, [], advised) == list(advised.words)


def of_bayesian(count, **given):
    """What is said after so many trials of a Bayesian search over a bowl."""
    question = experiment(nuisance=dict(PLANE.domains), search="bayesian", **given)
    (study,) = studies(question)
    settings = [dict(one.searched) for one in QuasiRandom().moves(study, Records.of([]), count)]
    losses = [(one["x"] - 0.3) ** 2 + (one["y"] - 0.6) ** 2 for one in settings]
    pairs = enumerate(zip(settings, losses, strict=True))
    records = [record(study, trial, loss, setting) for trial, (setting, loss) in pairs]
    (sentence,) = manual_steps(context_of(question, records), records)
    return sentence


def test_bayesian_search_stops_when_its_model_expects_too_little():
    assert of_bayesian(6).startswith(
        "Not done yet: one more trial of the study is expected to gain"
    )
    sentence = of_bayesian(32)
    assert sentence.startswith("Stop here")
    assert "One more trial of the study is expected to gain 0." in sentence


@pytest.mark.rule("X3")
def test_the_test_set_is_looked_at_when_exploration_is_over_and_not_before():
    (explored,) = manual_steps(rounds.dense(experiment()), [])

    assert "now the test set may be looked at (X3)" in of_bayesian(32)
    assert "test set" not in of_bayesian(6)
    assert "test set" not in explored


@pytest.mark.parametrize(
    "make", [rounds.dense, rounds.cliff, rounds.overfits, rounds.jumps, rounds.breaks_anywhere]
)
def test_a_step_has_at_most_20_words_a_sentence(make):
    context = make(experiment())

    for step in manual_steps(context, [], advice(context)):
        assert all(len(sentence.split()) <= 20 for sentence in step.split(". "))


def test_of_trials_of_unequal_length_no_gain_is_computed():
    assert "is expected to gain" not in of_bayesian(6, schedule="asha")


@pytest.mark.parametrize(
    ("subject", "advice", "text"),
    [
        ({"study": "all"}, "Give every study the same.", "Give every study the same (C1)."),
        (
            {"trial": 3},
            "Run it again before comparing.",
            "Run trial 3 again before comparing (C1).",
        ),
        ({"hyperparameter": "x"}, "Fix it, and leave it.", "Fix `x`, and leave it (C1)."),
        ({"hyperparameter": "x"}, "Fix `x`.", "Fix `x` (C1)."),
        ({"trial": 3}, "Evaluate more often.", "Evaluate more often: trial 3 (C1)."),
    ],
)
def test_a_step_is_one_imperative_sentence(subject, advice, text):
    finding = Finding(
        rule="C1", check="x", status="problem", subject=subject, message="It is bad.", advice=advice
    )

    assert step_text(finding) == text


@pytest.mark.parametrize("count", [1, 4, 9])
def test_too_few_trials_to_judge_are_never_a_reason_to_stop(count):
    records = [
        record(factories.study(), k, 0.1 + k / 100, {**SETTING, "share": 0.3 + k / 50})
        for k in range(count)
    ]

    context = context_of(experiment(trials=count), records)

    (edit,) = advice(context).recommendations
    assert (edit.path, edit.new) == ("experiment.trials", 10)
    assert not any("Stop here" in step for step in manual_steps(context, records))


def test_where_a_line_ends_the_range_only_the_other_way_is_left_to_you():
    context = rounds.cliff(experiment())
    advised = advice(context)

    (step,) = amendments(context, advised)

    assert advised.recommendations[0].rule == "C3"
    assert step.startswith("Or stabilize training from `learning_rate` = ")
    assert "end the range there" in amendments(context, replace(advised, recommendations=()))[0]
