"""What other splits of the data say: the round that trains on them, and its reasons."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.factories import minimal
from tests.form import MAX_HEADLINE_WORDS, MAX_REASON_WORDS, words

from etude.advise.splits import split_reasons, splits_experiment, variances_ending
from etude.analyze.comparison.variances import (
    Variances,
    data_variation,
    pairs_of,
    study_variation,
    trial_variation,
)
from etude.experiment import changes

LOW = {1: 0.20, 2: 0.30, 3: 0.25, 4: 0.35}
HIGH = {1: 0.21, 2: 0.32, 3: 0.26, 4: 0.37}


def variances(
    values: dict[int, float], *, name: str = "b", given: float = math.nan, trial: Any = (0.2, 0.21)
) -> Variances:
    return Variances(
        name=name,
        metric="valid/error",
        maximize=False,
        trial=trial_variation(trial),
        study=study_variation([], [0.1 + one / 100 for one in range(12)]),
        data=data_variation(list(values.values()), trial),
        values=values,
        given=given,
    )


def test_the_round_trains_one_setting_on_other_splits_and_can_grow():
    few, more = (splits_experiment(minimal(), {"x": 0.5}, trial=3, splits=n) for n in (2, 4))

    assert few.name.endswith("-splits-3")
    assert few.is_of_splits
    assert dict(few.fixed) == {"x": 0.5}
    assert changes(few, more) == []


def test_two_experiments_meet_on_the_same_splits():
    rounds = [
        splits_experiment(minimal(name=name, seed=seed), {"x": 0.5}, trial=0, splits=3)
        for name, seed in (("a", 1), ("b", 2))
    ]

    assert rounds[0].configurations == rounds[1].configurations


def test_data_variance_beyond_the_difference_is_said_first():
    sides = variances(LOW, name="a"), variances(HIGH)

    reasons = split_reasons(pairs_of(*sides), sides, gap=0.01)

    assert "Another split moves `b` by 0.0" in reasons[0].text
    assert "more than the 0.01 between the two" in reasons[0].text
    assert "`b` is better in 0, on average worse by 0.015" in reasons[1].text


def test_data_variance_below_the_difference_is_no_reason():
    sides = variances(LOW, name="a"), variances(HIGH)

    reasons = split_reasons(pairs_of(*sides), sides, gap=0.4)

    assert [reason.text for reason in reasons if "more than" in reason.text] == []


@pytest.mark.parametrize("divider", ["etude", "workload", "function"])
def test_the_ending_keeps_its_form_whatever_is_to_be_said(divider):
    odd = {**LOW, 5: math.nan}
    sides = variances(odd, name="a:1", given=0.9, trial=()), variances(dict.fromkeys(LOW, 0.2))

    ending = variances_ending(sides, divider)

    assert words(ending.line) <= MAX_HEADLINE_WORDS
    assert max(words(reason.text) for reason in ending.reasons) <= MAX_REASON_WORDS
    assert [reason.rules for reason in ending.reasons] == [
        ("C3",),
        ("A1",),
        ("A1",),
        ("A1",),
        ("A2",),
    ]
    assert [step.command for step in ending.steps] == ["etude next a --seeds 5"]


def test_without_trial_variance_the_table_says_that_it_is_still_in():
    ending = variances_ending([variances(LOW, trial=())], "etude")

    assert ending.table[1][2] == "not known"
    assert ending.table[3][2].endswith(" with trial")
