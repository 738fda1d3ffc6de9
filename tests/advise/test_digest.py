"""The digest: a line for what has one cause, whatever the checks and trials."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etude.advise.digest import digest, unlogged
from etude.finding import Caveat, Finding

SHORT = Finding(
    rule="C9",
    check="still_improving",
    status="unclear",
    subject={"study": "all", "trial": 3},
    headline="Trial 3 is too short",
    message="Trial 3 is too short.",
    kind="too_short",
)
NOTICE = replace(SHORT, status="notice", kind="", headline="Trial 3 still improves by 0.01")


def of_trial(finding, trial, **changes):
    return replace(finding, subject={"study": "all", "trial": trial}, **changes)


def texts(findings, **given):
    return [line.text for line in digest(findings, **given)]


def test_one_cause_of_many_checks_and_trials_is_one_line():
    found = [
        of_trial(SHORT, trial, rule=rule, check=check)
        for trial in (1, 2, 3)
        for rule, check in (("C10", "saturated"), ("C9", "still_improving"), ("T5", "best_step"))
    ]

    (line,) = digest(found)

    assert line.text == "3 trials have too few values for 3 checks"
    assert line.rules == ("C9", "C10", "T5")
    assert len(line.findings) == 9


def test_what_broke_is_said_of_its_trials():
    (text,) = texts([replace(SHORT, kind="infeasible")])

    assert text == "Trial 3 broke, too early to judge late improvement"


def test_what_holds_of_a_study_for_the_same_cause_is_no_other_line():
    of_study = replace(SHORT, subject={"study": "all"}, kind="")

    assert len(digest([SHORT, of_study])) == 1


def test_trials_that_are_alike_are_named_behind_the_first():
    found = [of_trial(NOTICE, trial) for trial in range(3, 10)]

    assert texts(found) == ["Trial 3 still improves by 0.01; likewise trials 4, 5, 6, 7 and 2 more"]


def test_studies_and_hyperparameters_that_are_alike_are_named():
    one = replace(NOTICE, subject={"study": "a", "hyperparameter": "x"}, headline="`x` is idle")
    others = [
        replace(one, subject={"study": "b", "hyperparameter": "x"}),
        replace(one, subject={"study": "a", "hyperparameter": "y"}),
    ]

    assert texts([one, *others[:1]]) == ["`x` is idle; likewise `b`"]
    assert texts([one, *others]) == ["`x` is idle; likewise `y`"]


def test_problems_come_first_and_the_compared_before_others():
    problem = of_trial(NOTICE, 1, status="problem", headline="One")
    aside, compared = of_trial(NOTICE, 2, headline="Two"), of_trial(NOTICE, 5, headline="Five")

    assert texts([aside, replace(compared, rule="C10"), problem], best=[5]) == [
        "One",
        "Five",
        "Two",
    ]


def test_what_a_reason_says_already_is_not_said_again():
    caveat = Caveat(text="It improves", rules=("C9",), weight=1.0, findings=(NOTICE,))

    assert texts([NOTICE, of_trial(NOTICE, 4)], caveats=[caveat]) == [
        "Trial 3 still improves by 0.01"
    ]


def test_what_was_never_logged_is_no_line_but_a_wish():
    found = [replace(SHORT, kind="no_grad_norm"), of_trial(SHORT, 4, kind="no_valid_loss")]

    assert digest(found) == []
    assert unlogged(found) == ["valid/loss", "grad_norm"]


def test_what_is_in_order_is_no_line():
    assert digest([replace(NOTICE, status="ok")]) == []


def test_without_a_headline_the_message_begins_the_line():
    bare = replace(NOTICE, headline="", message="Trial 3 still improves, by a lot. More follows.")

    assert texts([bare]) == ["Trial 3 still improves, by a lot"]


def test_of_trials_that_differ_no_more_is_said_than_holds_of_all():
    found = [
        SHORT,
        of_trial(SHORT, 4),
        of_trial(SHORT, 4, check="saturated", rule="C10"),
        of_trial(SHORT, 5, check="best_step", rule="T5"),
    ]

    assert texts(found) == ["3 trials have too few values for up to 2 checks"]
    assert texts([found[0], found[3]]) == ["2 trials have too few values for one check each"]


MATTERS = Finding(
    rule="R2",
    check="importance",
    status="unclear",
    subject={"study": "all"},
    headline="What matters is unclear",
    message="",
    kind="study",
)
OF_X = replace(
    MATTERS,
    subject={"study": "all", "hyperparameter": "x"},
    headline="Whether `x` matters is unclear",
    kind="hyperparameter",
)


def test_what_is_open_of_a_study_is_not_said_again_of_its_hyperparameters():
    assert texts([MATTERS, OF_X]) == ["What matters is unclear"]
    assert texts([OF_X]) == ["Whether `x` matters is unclear"]


@pytest.mark.rule("C15")
def test_what_matters_is_good_to_know_though_it_is_in_order():
    known = replace(MATTERS, status="ok", headline="What matters: `x` 46 %")
    of_x = replace(OF_X, status="ok", headline="`x` matters: 46 % of the differences")

    (line,) = digest([known, of_x])

    assert (line.status, line.text, line.rules) == ("notice", "What matters: `x` 46 %", ("R2",))


def test_a_study_is_kept_open_by_its_own_reason():
    stopped = [of_trial(SHORT, trial, kind="stopped") for trial in (1, 2)]
    of_study = replace(SHORT, subject={"study": "all"})

    assert texts([of_study, SHORT, *stopped]) == [
        "Trial 3 has too few values to judge late improvement",
        "2 trials were stopped, too early to judge late improvement",
    ]
