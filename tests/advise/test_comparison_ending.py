"""The endings of comparisons and adoptions: a word, a line, a table, why, and what to type."""

from __future__ import annotations

import math

import pytest
from tests.advise import rounds
from tests.factories import experiment
from tests.form import MAX_HEADLINE_WORDS, words

from etude.advise.comparison_ending import searches_ending, trainings_ending
from etude.advise.ending import Reason
from etude.advise.search_comparison import searches, whole
from etude.analyze.comparison import comparison
from etude.analyze.comparison.retrainings import Retrainings

OLD = (0.51, 0.53, 0.52, 0.50, 0.52)
NEW = (0.41, 0.43, 0.42, 0.40, 0.42)


def compared(a, b, **given):
    sides = (Retrainings(name="old", values=tuple(a)), Retrainings(name="new", values=tuple(b)))
    return comparison(*sides, metric="valid/error", **given)


@pytest.mark.parametrize(
    ("b", "maximize", "word", "line"),
    [
        (NEW, False, "BETTER", "`new` is better than `old` by 0.1"),
        (NEW, True, "WORSE", "`new` is worse than `old` by 0.1"),
        (OLD[::-1], False, "NO DIFFERENCE", "`new` and `old`"),
        (OLD[:2], False, "UNCLEAR", "`new` "),
        ([math.nan] * 5, False, "WORSE", "No training of `new` has a value"),
    ],
)
def test_trainings_end_in_a_word_and_a_line(b, maximize, word, line):
    said = trainings_ending(compared(OLD, b, maximize=maximize))

    assert said.word == word
    assert said.line.startswith(line)
    assert words(said.line) <= MAX_HEADLINE_WORDS
    assert said.table[0][0] == "side"


def test_too_few_trainings_say_how_many_more():
    said = trainings_ending(compared(OLD[:2], NEW[:2]))

    assert "too few to tell" in said.reasons[0].text
    assert said.steps[0].text.endswith("each, then compare")


def test_what_is_better_may_be_adopted_where_it_is_an_experiment():
    result = compared(OLD, NEW)

    assert trainings_ending(result).steps[0].text.startswith("Take `new`")
    assert trainings_ending(result, experiments=["new"]).steps[0].command == "etude adopt new"


def test_failures_and_notes_are_reasons():
    note = Reason(text="They were trained for 10 and 20 steps", rules=("T8",))

    said = trainings_ending(compared(OLD, [*NEW, math.nan]), [note])

    assert said.reasons[-1] == note
    assert any(one.text.startswith("Trainings failed: 1 of `new`") for one in said.reasons)


def of_search(name, height):
    question = experiment(name=name)
    values = [height + 0.01 * at for at in range(20)]
    return whole(rounds.by_value(values, question=question).analysis)


def test_searches_say_what_retrainings_would_tell():
    result = searches(of_search("a", 0.5), of_search("b", 0.1), metric="valid/error")

    said = searches_ending(result, ["a", "b"])

    assert (said.word, said.line) == ("BETTER", "The search `b` ends ahead of `a` by 0.4")
    assert said.reasons[0].text.startswith("The best setting of `a` and `b` was trained once")
    assert [step.command for step in said.steps] == [
        "etude next a --seeds 5",
        "etude next b --seeds 5",
    ]


def test_searches_that_end_alike_are_open():
    result = searches(of_search("a", 0.1), of_search("b", 0.1), metric="valid/error")

    assert searches_ending(result, []).line == "`b` and `a` found the same best"
