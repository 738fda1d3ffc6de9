from __future__ import annotations

import pytest

from etude.space import Real

from ..designs import BETA, RATE, design, findings_of

EPSILON = Real(1e-10, 1e-3, log=True)
ALL = {"learning_rate": RATE, "beta1": BETA, "beta2": BETA, "epsilon": EPSILON}
ADAM = {"optimizer": "adam"}


@pytest.mark.rule("Q11")
@pytest.mark.parametrize(
    ("trials", "beyond"),
    [
        (9, {"beta1": 10, "beta2": 100, "epsilon": 25}),
        (10, {"beta2": 100, "epsilon": 25}),
        (24, {"beta2": 100, "epsilon": 25}),
        (25, {"beta2": 100}),
        (99, {"beta2": 100}),
        (100, {}),
    ],
)
def test_a_budget_pays_for_so_many_of_adams_hyperparameters(trials, beyond):
    found = findings_of(design(trials=trials, scientific={}, nuisance=ALL, fixed=ADAM), "Q11")

    assert [one.evidence["tuned_from"] for one in found] == [beyond] * bool(beyond)


def test_numbers_of_the_playbook_are_told_from_ours():
    (one,) = findings_of(design(trials=12, scientific={}, nuisance=ALL, fixed=ADAM), "Q11")

    assert one.message == (
        "Of Adam's the playbook tunes `learning_rate` and `beta1` with 12 trials. The search of "
        "`all` also frees `beta2` (with substantially more than 25) and `epsilon` (from 25 trials "
        "on)."
    )


def test_only_what_the_space_has_is_named_and_no_number_of_ours_advised():
    given = {"learning_rate": RATE, "beta2": BETA}

    (few,) = findings_of(design(trials=12, scientific={}, nuisance=given, fixed=ADAM), "Q11")
    (more,) = findings_of(design(trials=60, scientific={}, nuisance=given, fixed=ADAM), "Q11")

    assert "tunes `learning_rate` with 12 trials" in few.message
    assert "beta1" not in few.message
    assert few.advice == more.advice == "Fix `beta2` for this round."
    assert "substantially more than 25, which we take as 100" in more.message


def test_each_study_is_judged_by_its_own_budget():
    compared = design(scientific={"optimizer": ["adam", "adamw"]}, nuisance=ALL)

    found = findings_of(compared, "Q11", trials=(30, 100))

    assert [one.subject for one in found] == [{"study": "optimizer=adam"}]


@pytest.mark.parametrize(
    ("optimizer", "speaks"),
    [("Adam", True), ("nadam", True), ("rmsprop", False), ("lion", False)],
)
def test_only_adams_epsilon_is_meant(optimizer, speaks):
    given = {"learning_rate": RATE, "epsilon": EPSILON}

    found = findings_of(design(nuisance=given, fixed={"optimizer": optimizer}), "Q11")

    assert bool(found) == speaks


def test_an_epsilon_in_the_company_of_a_beta_is_adams():
    alone = design(nuisance={"learning_rate": RATE, "epsilon": EPSILON})
    together = design(nuisance={"learning_rate": RATE, "epsilon": EPSILON, "beta1": BETA})

    assert not findings_of(alone, "Q11")
    assert findings_of(together, "Q11")


@pytest.mark.rule("R13")
def test_unequal_trials_are_a_problem_with_their_numbers():
    (one,) = findings_of(design(), "R13", trials=(20, 40))

    assert one.status == "problem"
    assert one.evidence["trials"] == {"activation=relu": 20, "activation=gelu": 40}
    assert "`activation=relu` 20 trials, `activation=gelu` 40 trials" in one.message


@pytest.mark.rule("R15")
def test_unequal_dimensions_are_a_notice_with_their_numbers():
    slopes = {"learning_rate": RATE, "when": {"activation": {"gelu": {"slope": Real(0.1, 1.0)}}}}

    (one,) = findings_of(design(nuisance=slopes), "R15")

    assert one.status == "notice"
    assert one.evidence["dimensions"] == {"activation=relu": 1, "activation=gelu": 2}
    assert one.evidence["trials_per_dimension"] == {"activation=relu": 20, "activation=gelu": 10}


def test_many_studies_are_cut_in_the_message_alone():
    depths = design(scientific={"depth": list(range(1, 10))})

    (one,) = findings_of(depths, "R13", trials=tuple(range(1, 10)))

    assert "and 3 more" in one.message
    assert len(one.evidence["trials"]) == 9


def test_a_single_study_compares_nothing():
    assert (
        findings_of(design(scientific={}), "R13") == findings_of(design(scientific={}), "R15") == []
    )


@pytest.mark.parametrize(("shares", "problems"), [((50, 44), 0), ((50, 30), 1)])
def test_trials_that_another_tool_dealt_by_chance_are_no_unequal_budgets(shares, problems):
    imported = design(search="imported")

    assert len(findings_of(imported, "R13", trials=shares)) == problems
