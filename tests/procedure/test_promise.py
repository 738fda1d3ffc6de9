"""How far the launch of a configuration is from the value that it was adopted with."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.experiment.test_baseline import FIRST
from tests.form import words

from etude.advise.ending import REASON_WORDS
from etude.procedure.promise import promise

STEPS = FIRST.max_steps
ONE = replace(FIRST, trainings=1)


@pytest.mark.parametrize(
    ("adopted", "values", "holds"),
    [
        (0.25, [0.24, 0.26, 0.25, 0.25, 0.26], True),
        (0.0003, [0.0056, 0.0049, 0.006, 0.0055, 0.0061], False),
        (0.25, [0.01, 0.02, 0.01, 0.02, 0.01], False),
        (0.25, [0.25], None),
        (0.25, [math.nan, math.nan], None),
    ],
)
def test_chance_explains_what_it_can(adopted, values, holds):
    assert promise(replace(ONE, value=adopted), values, STEPS).holds is holds


@pytest.mark.parametrize(("maximize", "word"), [(False, "worse"), (True, "better")])
def test_worse_is_meant_as_the_metric_counts(maximize, word):
    one = replace(ONE, value=0.1, maximize=maximize)

    said = promise(one, [0.5, 0.51, 0.52], STEPS).sentence

    assert f" {word} than adopted (0.1, one training), more than chance explains" in said


def test_another_length_is_named_and_no_chance_spoken_of():
    longer = promise(ONE, [0.1, 0.11, 0.12], 2 * STEPS)

    assert longer.holds is None
    assert longer.sentence.endswith("(0.25, one training, 8 steps)")


@pytest.mark.parametrize(("before", "now"), [(5, 5), (5, 10), (1, 5)])
def test_of_equal_trainings_one_in_twenty_is_more_than_chance(before, now):
    rng = np.random.default_rng(0)

    def differs():
        value = float(rng.standard_normal(before).mean())
        adopted = replace(FIRST, trainings=before, value=value)
        return not promise(adopted, rng.standard_normal(now).tolist(), STEPS).holds

    assert sum(differs() for _ in range(1000)) / 1000 == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("values", [[0.1], [0.1, 0.2], [math.nan], [0.111111, 0.122222, 0.1555555]])
@pytest.mark.parametrize("steps", [STEPS, 100_000])
def test_a_sentence_is_short(values, steps):
    assert words(promise(FIRST, values, steps).sentence) <= REASON_WORDS
