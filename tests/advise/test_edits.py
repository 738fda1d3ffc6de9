from __future__ import annotations

from typing import Any

import pytest
from tests.analyze.trials import ORDERED, RATE, two_optimizers

from etude.advise.context import Context
from etude.advise.edits import applied
from etude.advise.next_steps import manual_steps, next_round
from etude.design.split import split
from etude.errors import ExperimentError
from etude.experiment import Experiment
from etude.experiment.change import Change
from etude.finding import Finding, Recommendation, Verdict
from etude.space import Choice, Integer, Real

CONDITIONAL = {
    "when": {
        "optimizer": {
            "adam": {"learning_rate": Real(1e-5, 1e-1, log=True)},
            "nesterov": {"learning_rate": Real(1e-3, 10.0, log=True)},
        }
    }
}


def flagged(
    study: str, name: str = "learning_rate", side: str = "high", *, hits: int = 3, **given: Any
) -> Finding:
    plain: dict[str, Any] = {"rule": "C1", "check": "boundary", "status": "problem"}
    return Finding(
        **{**plain, **given},
        subject={"study": study, "hyperparameter": name, "side": side},
        message=f"Too narrow in {study}.",
        evidence={"trials": list(range(hits)), "top": list(range(5)), "bound": 0.1},
    )


def advised(question: Experiment, *found: Finding, status: str = "unclear") -> list[Recommendation]:
    answer = Verdict(status=status, winner="", message="Open.")
    return next_round(question, split(question), found, answer)


def test_a_conditional_hyperparameter_is_widened_where_it_is_flagged():
    found = advised(two_optimizers(nuisance=CONDITIONAL), flagged("optimizer=adam"))

    assert [(each.path, each.part, each.old, each.new) for each in found] == [
        ("nuisance.when.optimizer.adam.learning_rate", "high", 0.1, 10.0)
    ]


def test_a_shared_hyperparameter_is_widened_for_all_and_says_so():
    found = advised(two_optimizers(nuisance={"learning_rate": RATE}), flagged("optimizer=adam"))

    assert [(each.path, each.new) for each in found] == [("nuisance.learning_rate", 3.2)]
    assert "`optimizer=nesterov` too" in found[0].because


def test_a_side_flagged_in_both_studies_is_widened_once():
    question = two_optimizers(nuisance={"learning_rate": RATE})

    found = advised(question, flagged("optimizer=adam"), flagged("optimizer=nesterov", hits=5))

    assert [each.because for each in found] == [
        "3 to 5 of the best 5 trials lie near the upper bound 0.1 of `learning_rate` in 2 studies."
    ]


def test_an_answer_that_draws_leave_open_asks_for_more_trials_in_one_line():
    behind = {"by": 0.1, "low": 0.01, "high": 0.2, "run": 2, "chance": 0.23, "max_chance": 0.05}
    question = two_optimizers()
    answer = Verdict(
        status="unclear", winner="", message="Open.", evidence={"leads": {"optimizer=adam": behind}}
    )

    found = next_round(question, split(question), [], answer)

    assert "happens in 23 % of draws from equal studies" in found[0].because


def test_more_seeds_of_one_setting_are_not_asked_for():
    question = two_optimizers()
    answer = Verdict(status="unclear", winner="", message="Open.", evidence={"means": {"a": {}}})

    assert next_round(question, split(question), [], answer) == []


def test_what_is_left_to_you_is_said_once():
    alike = [
        flagged("optimizer=adam", advice="Extend it."),
        flagged("optimizer=nesterov", advice="Extend it."),
    ]

    case = Context(
        experiment=two_optimizers(),
        studies=split(two_optimizers()),
        records=[],
        findings=alike,
        verdict=Verdict(status="unclear", winner="", message=""),
    )

    assert manual_steps(case, []) == ["C1: Extend it."]


@pytest.mark.parametrize(
    "finding",
    [
        flagged("optimizer=adam", status="notice"),
        flagged("optimizer=adam", status="unclear"),
        flagged("optimizer=adam", rule="C2"),
    ],
)
def test_only_a_boundary_problem_widens(finding):
    assert advised(two_optimizers(nuisance=CONDITIONAL), finding, status="better") == []


def test_an_open_answer_asks_for_twice_the_trials():
    found = advised(two_optimizers())

    assert [(each.rule, each.path, each.part, each.old, each.new) for each in found] == [
        ("Q10", "experiment.trials", "", 20, 40)
    ]


def test_more_trials_are_no_cure_for_a_space_that_breaks():
    broken = flagged("optimizer=adam", rule="C3", check="infeasible")

    assert advised(two_optimizers(), broken) == []


@pytest.mark.parametrize("status", ["better", "no_question"])
def test_nothing_to_change_is_nothing(status):
    assert advised(two_optimizers(), status=status) == []


@pytest.mark.parametrize("domain", [ORDERED, Choice(["relu", "gelu"])])
def test_choices_are_left_to_the_person(domain):
    question = two_optimizers(nuisance={"width": domain})

    assert advised(question, flagged("optimizer=adam", "width")) == []


def test_whole_numbers_stay_whole():
    question = two_optimizers(nuisance={"depth": Integer(2, 9)})

    found = advised(question, flagged("optimizer=adam", "depth"))

    assert [(each.new, type(each.new)) for each in found] == [(13, int)]


def test_a_bound_at_its_natural_limit_stays():
    question = two_optimizers(nuisance={"dropout": Real(0.0, 0.5)})

    assert advised(question, flagged("optimizer=adam", "dropout", "low"), status="better") == []


def test_changes_that_do_not_go_together_are_refused_with_the_lines_of_their_file():
    question = two_optimizers(nuisance={"learning_rate": RATE})
    keys = ("nuisance", "learning_rate")
    change = Recommendation(
        rule="C1", change=Change(keys, "high", -1.0), old=0.1, because="It lies there."
    )

    with pytest.raises(ExperimentError, match=r"^line 13: nuisance\.learning_rate: Real needs low"):
        applied(question, [change])
