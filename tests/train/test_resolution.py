from __future__ import annotations

import numpy as np
import pytest

from etude.errors import WorkloadError
from etude.train.resolution import (
    examples_to_resolve,
    resolved_difference,
    selection_bias,
    standard_error,
)


@pytest.mark.rule("E4")
def test_the_difference_is_told_as_often_as_was_asked():
    count = examples_to_resolve(0.03, 0.1, disagreement=0.07)
    rng = np.random.default_rng(0)
    # Of the examples that one alone has right, 5 % of all are the better one's and 2 % the other's.
    better, worse, _ = rng.multinomial(count, [0.05, 0.02, 0.93], size=4000).T

    told = (better - worse) / np.sqrt(better + worse) > 1.96

    assert told.mean() == pytest.approx(0.8, abs=0.03)


def test_without_a_difference_seldom_any_is_told():
    rng = np.random.default_rng(1)
    one, other, _ = rng.multinomial(2000, [0.04, 0.04, 0.92], size=4000).T

    told = np.abs(one - other) / np.sqrt(one + other) > 1.96

    assert told.mean() == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("difference", [0.001, 0.01, 0.05])
def test_the_two_directions_agree(difference):
    examples = examples_to_resolve(difference, 0.1)

    assert resolved_difference(0.1, examples) == pytest.approx(difference, rel=0.01)


def test_so_few_examples_that_nothing_is_told_from_the_error():
    assert resolved_difference(0.1, 5) == 0.1


@pytest.mark.parametrize("trials", [2, 20, 200])
def test_the_best_of_many_alike_looks_better_by_what_a_simulation_says(trials):
    drawn = np.random.default_rng(0).normal(size=(20_000, trials)).max(axis=1)

    assert selection_bias(trials, 1.0) == pytest.approx(drawn.mean(), abs=0.02)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: standard_error(3.0, 100), "not percent"),
        (lambda: standard_error(0.3, 0), "1 example or more"),
        (lambda: examples_to_resolve(0.2, 0.1), "no room"),
        (lambda: selection_bias(0, 0.1), "1 trial or more"),
    ],
)
def test_what_is_no_rate_is_refused(call, says):
    with pytest.raises(WorkloadError, match=says):
        call()
