"""What advice makes of an experiment."""

from __future__ import annotations

import pytest
from tests.advise import rounds
from tests.advise.contexts import context_of
from tests.analyze.trials import ORDERED
from tests.factories import RATE, record, two_optimizers

from etude.advise.edits import applied
from etude.advise.policy import advice
from etude.design.studies import studies
from etude.errors import ExperimentError
from etude.experiment.change import Change
from etude.finding import Recommendation
from etude.space import Choice, Integer, Real

CONDITIONAL = {
    "when": {
        "optimizer": {
            "adam": {"learning_rate": Real(1e-5, 1e-1, log=True)},
            "nesterov": {"learning_rate": Real(1e-3, 10.0, log=True)},
        }
    }
}
SHARED = {"learning_rate": RATE}
HIGH, INSIDE = {"learning_rate": 1.2}, {"learning_rate": 0.5}


def advised(context):
    return list(advice(context).recommendations)


def test_a_conditional_hyperparameter_is_widened_where_it_is_flagged():
    context = rounds.with_bottoms(two_optimizers(nuisance=CONDITIONAL), HIGH, INSIDE)

    assert [(edit.path, edit.part, edit.old, edit.new) for edit in advised(context)] == [
        ("nuisance.when.optimizer.adam.learning_rate", "high", 0.1, 1.0)
    ]


def test_a_shared_hyperparameter_is_widened_for_all_and_says_so():
    edits = advised(rounds.with_bottoms(two_optimizers(nuisance=SHARED), HIGH, INSIDE))

    assert [(edit.path, edit.new) for edit in edits] == [("nuisance.learning_rate", 1.0)]
    assert "`optimizer=nesterov` too" in edits[0].because


def test_a_side_flagged_in_both_studies_is_widened_once():
    question = two_optimizers(nuisance=SHARED)
    adam, nesterov = studies(question)
    records = [
        *rounds.trained(adam, bottom=HIGH),
        *rounds.trained(nesterov, bottom=HIGH, count=60, begin=20),
    ]

    edits = advised(context_of(question, records))

    assert [edit.because for edit in edits] == [
        "3 to 5 of the best 5 trials lie near the upper bound 0.1 of `learning_rate` in 2 studies, "
        "and the objective still improves there."
    ]


def test_an_answer_that_draws_leave_open_asks_for_more_trials_in_one_line():
    # Four of the best four belong to one study: in 6.1 % of draws from equal studies, one has them.
    best = [0.1, 0.1, 0.1, 0.1, 0.9, 0.9]
    behind = [0.3, 0.301, 0.302, 0.303, 0.304, 0.305]

    edits = advised(rounds.by_value(best, behind, question=two_optimizers(trials=6)))

    assert "as in 6.1 % of draws from equal studies" in edits[0].because


def test_more_seeds_of_one_setting_are_not_asked_for():
    question = two_optimizers(nuisance={})
    records = [
        record(study, 6 * k + seed, 0.1 + 0.01 * (seed % 3), {})
        for k, study in enumerate(studies(question))
        for seed in range(6)
    ]
    context = context_of(question, records)

    assert context.verdict.means
    assert advised(context) == []


def test_an_open_answer_asks_for_twice_the_trials():
    edits = advised(rounds.valleys(two_optimizers(), [0.1, 0.1]))

    assert [(edit.rule, edit.path, edit.part, edit.old, edit.new) for edit in edits] == [
        ("Q10", "experiment.trials", "", 20, 40)
    ]


def test_more_trials_are_no_cure_for_a_space_that_breaks():
    context = rounds.breaks_anywhere(two_optimizers())

    assert context.verdict.status == "unclear"
    assert len(context.of("infeasible", "C3", "problem")) == 2
    assert advised(context) == []


MANY = [0.1 + 0.01 * k for k in range(20)]


def test_nothing_to_change_is_nothing():
    question = two_optimizers(trials=20)

    context = rounds.by_value(MANY, [1.0 + value for value in MANY], question=question)

    assert context.verdict.status == "leads"
    assert advised(context) == []


def test_a_list_of_numbers_goes_on_by_its_steps():
    question = two_optimizers(nuisance={"width": ORDERED})
    context = rounds.with_bottoms(question, {"width": 1.2}, {"width": 0.5})

    assert [edit.new for edit in advised(context)] == [(*ORDERED.values, 512)]


def test_what_comes_beyond_other_values_is_left_to_the_person():
    sizes = Choice(["tiny", "small", "middle", "large", "huge"], ordered=True)
    question = two_optimizers(nuisance={"width": sizes})
    context = rounds.with_bottoms(question, {"width": 1.2}, {"width": 0.5})

    assert len(context.of("boundary", "C1", "problem")) == 1
    assert advised(context) == []


def test_whole_numbers_stay_whole():
    question = two_optimizers(nuisance={"depth": Integer(2, 9)})

    edits = advised(rounds.with_bottoms(question, {"depth": 1.2}, {"depth": 0.5}))

    assert [(edit.new, type(edit.new)) for edit in edits] == [(13, int)]


def test_changes_that_do_not_go_together_are_refused_with_the_lines_of_their_file():
    question = two_optimizers(nuisance=SHARED)
    keys = ("nuisance", "learning_rate")
    change = Recommendation(
        rule="C1", change=Change(keys, "high", -1.0), old=0.1, because="It lies there."
    )

    with pytest.raises(ExperimentError, match=r"^line 13: nuisance\.learning_rate: Real needs low"):
        applied(question, [change])
