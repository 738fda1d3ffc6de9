"""Where nothing but the luck of single trainings keeps a lead open, it is retrained first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.advise.test_failed_checks import lead, problem
from tests.analyze.trials import valley
from tests.factories import experiment, two_optimizers

from etude.advise.next_actions import next_actions
from etude.advise.policy import RETRAIN, advice
from etude.advise.verdict import verdict
from etude.design.split import split
from etude.finding import Finding


def with_findings(context, *found):
    findings = [*context.findings, *found]
    return replace(context, findings=findings, verdict=verdict(context.analysis, findings))


def test_a_lead_that_only_luck_keeps_open_is_retrained():
    asked = advice(lead())

    assert (asked.goal, asked.seeds, asked.recommendations) == (RETRAIN, 5, ())


def test_its_cost_is_told_first():
    context = lead()

    first = next_actions(context, advice(context))[0]

    assert (first.kind, first.cost_trials, first.cost_steps) == ("seeds", 10, 1000)


def test_what_only_betters_the_leader_waits():
    context = rounds.valleys(two_optimizers(), (0.1, 0.5))
    high = problem(
        "boundary", "C1", context.verdict.winner, hyperparameter="learning_rate", side="high"
    )

    asked = advice(with_findings(context, high))

    assert asked.seeds == 5
    assert any("learning_rate" in one for one in asked.waiting)


def test_what_was_retrained_is_not_asked_for_again():
    context = replace(lead(), retraining="experiment-seeds")

    actions = next_actions(context, asked := advice(context))

    assert asked.seeds == 0
    assert actions[-1].kind == "answered"
    assert not any(action.kind == "seeds" for action in actions)


@pytest.mark.parametrize(("study", "seeds"), [("optimizer=adam", 5), ("optimizer=nesterov", 0)])
def test_who_is_behind_and_still_improves_is_trained_longer_first(study, seeds):
    question = two_optimizers()
    records = []
    for place, one in enumerate(split(question)):
        late = one.name == study

        def curves(spot, late=late, place=place):
            course_E = rounds.STRAIGHT_E if late else rounds.STOPS_E + 0.5
            return rounds.course(spot, course_E + 0.6 * place)

        records += rounds.trained(one, curves, begin=20 * place)
    context = context_of(question, records)
    assert (context.verdict.status, context.verdict.winner) == ("leads", "optimizer=adam")

    assert advice(context).seeds == seeds


def test_a_failed_check_that_keeps_the_verdict_open_comes_first():
    context = with_findings(lead(), problem("code", "K3", "optimizer=adam"))

    assert advice(context).seeds == 0


@pytest.mark.parametrize(
    "question",
    [
        two_optimizers(schedule="pbt", trials=20),
        two_optimizers(studies="merged", trials=40),
    ],
)
def test_what_no_retraining_of_both_could_settle_is_not_asked_for(question):
    context = lead()
    analysis = context.analysis
    other = type(analysis)(question, analysis.studies, analysis.records)

    assert advice(replace(context, analysis=other)).seeds == 0


def test_one_of_several_scientific_hyperparameters_may_differ():
    question = experiment(
        scientific={"optimizer": ["adam", "nesterov"], "activation": ["relu", "tanh"]}
    )
    heights = {"optimizer=adam": 0.1, "optimizer=nesterov": 0.5}
    records = []
    for place, study in enumerate(split(question)):
        height = heights[f"optimizer={study.scientific['optimizer']}"]
        height += 0.05 * (study.scientific["activation"] == "tanh")
        records += valley(study, [0.5, 0.5], height=2 * height, begin=20 * place)
    context = context_of(question, records)

    assert context.verdict.status == "leads"
    assert advice(context).seeds == 5


def untuned(trials, first, second):
    from tests.advise.test_verdict import retrainings

    question = two_optimizers(nuisance={}, trials=trials)
    return context_of(question, retrainings(question, first, second))


def test_too_few_trainings_of_each_ask_for_five():
    asked = advice(untuned(3, [0.1, 0.11, 0.12], [0.5, 0.51, 0.52]))

    (edit,) = asked.recommendations
    assert (edit.rule, edit.path, edit.new) == ("A2", "experiment.trials", 5)


def test_five_trainings_that_nearly_tell_ask_for_a_few_more():
    asked = advice(untuned(5, [0.10, 0.12, 0.14, 0.16, 0.18], [0.14, 0.16, 0.19, 0.2, 0.22]))

    (edit,) = asked.recommendations
    assert edit.rule == "A2"
    assert 5 < edit.new <= 20


@pytest.mark.parametrize("kind", ["better", "within noise"])
def test_five_trainings_that_tell_ask_for_no_more(kind):
    second = [0.5, 0.51, 0.52, 0.53, 0.54] if kind == "better" else [0.11, 0.1, 0.12, 0.13, 0.14]

    assert not advice(untuned(5, [0.1, 0.11, 0.12, 0.13, 0.14], second)).recommendations


@pytest.mark.parametrize(
    ("second", "kinds"),
    [([0.5, 0.51, 0.52, 0.53, 0.54], ["adopt"]), ([0.11, 0.1, 0.12, 0.13, 0.14], ["search"])],
)
def test_a_round_of_retrainings_ends_in_an_adoption_or_in_its_search(second, kinds):
    context = replace(untuned(5, [0.1, 0.11, 0.12, 0.13, 0.14], second), retrains="opt")

    actions = next_actions(context, advice(context))

    assert [action.kind for action in actions] == kinds


def test_a_round_of_retrainings_is_turned_into_no_search():
    improves = Finding(
        rule="C9",
        check="still_improving",
        status="notice",
        subject={"study": "optimizer=adam", "trial": 0},
        message="It improves.",
    )
    context = replace(with_findings(untuned(5, [0.1] * 5, [0.5] * 5), improves), retrains="opt")

    assert not advice(context).recommendations


@pytest.mark.rule("A2", "X1")
def test_what_is_ahead_by_a_search_that_follows_its_results_is_retrained():
    context = rounds.valleys(two_optimizers(search="bayesian", trials=20), (0.1, 0.5))

    asked = advice(context)

    assert context.verdict.status == "unclear"
    assert (asked.goal, asked.seeds, asked.recommendations) == (RETRAIN, 5, ())
