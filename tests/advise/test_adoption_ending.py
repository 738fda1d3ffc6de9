"""The ending of an adoption: a word, a line, why, and what to type."""

from __future__ import annotations

import math

import pytest
from tests.advise.test_adoption import HIGH, LOW, decided, setting
from tests.advise.test_failed_checks import lead, problem
from tests.form import MAX_HEADLINE_WORDS, words

from etude.advise.adoption import round_doubts
from etude.advise.adoption_ending import Proposal, adoption_ending
from etude.advise.ending import REASON_WORDS

COST = Proposal(command="etude run all-retrain.toml", trainings=5, seconds=180.0)
FAILED = [*LOW[:4], math.nan]


def first(values, **given):
    return decided(setting(values), None, **given)


@pytest.mark.parametrize(
    ("values", "proposal", "line"),
    [
        ([0.1], COST, "`all:0` is no baseline yet: 5 trainings, about 3 min, come first"),
        (FAILED, None, "`all:0` does not become the baseline"),
    ],
)
def test_what_is_not_adopted_says_what_comes_first(values, proposal, line):
    said = adoption_ending(first(values), file="", proposal=proposal)

    assert (said.word, said.line) == ("NOT ADOPTED", line)
    assert said.steps[-1].command == "etude adopt all:0 --as-is"


def test_five_trainings_without_failure_are_adopted():
    said = adoption_ending(first(LOW), file="baseline.toml")

    assert said.line == "`all:0` is the baseline now: baseline.toml"
    assert said.steps[0].command == "etude launch --baseline baseline.toml"


def test_as_is_it_is_a_starting_point_that_waits_for_its_trainings():
    said = adoption_ending(first([0.1], as_is=True), file="baseline.toml")

    assert "as a starting point" in said.line
    assert said.steps[0].command == "etude adopt all:0"


def test_what_has_no_value_is_offered_to_nobody():
    said = adoption_ending(first([math.nan]), file="")

    assert said.steps == ()


@pytest.mark.parametrize("values", [[0.1], LOW, FAILED, HIGH, [0.1, 0.2]])
@pytest.mark.parametrize("as_is", [False, True])
def test_an_adoption_is_said_in_few_words(values, as_is):
    context = lead()
    findings = [*context.findings, problem("boundary", "C1", "optimizer=adam")]
    doubts = tuple(round_doubts("optimizer", context.verdict, findings))
    decision = first(values, as_is=as_is)
    file = "baseline.toml" if decision.decision == "adopt" else ""

    said = adoption_ending(decision, file=file, proposal=COST, doubts=doubts)

    assert [doubt.rules[0] for doubt in doubts] == ["R1", "C14"]
    assert words(said.line) <= MAX_HEADLINE_WORDS
    assert max(words(reason.text) for reason in said.reasons) <= REASON_WORDS


def test_what_retrainings_answered_is_open_no_more():
    context = lead()

    assert not list(round_doubts("optimizer", context.verdict, [], answered=True))
