from __future__ import annotations

import math

import numpy as np
import pytest

from etude.analyze.views.aligned import aligned
from etude.analyze.views.progress import progress

from ..traced import METRIC, at, long_study, traced


def shares(*courses, name=""):
    study = long_study()
    given = [{METRIC: course, "train/loss": 2.0 * course} for course in courses]
    return progress([aligned(trace) for trace in traced(study, *given)], name)


def falling(depth):
    return 1.0 - depth * (at() - at()[0])


def test_a_trial_that_goes_half_the_way_of_the_best_quarter_has_half():
    found = shares(*[falling(0.8)] * 4, falling(0.4))

    assert [each.best for each in found] == pytest.approx([1.0] * 4 + [0.5])


def test_failing_trials_in_the_majority_do_not_set_the_pace():
    found = shares(*[falling(0.8)] * 3, *[falling(0.0)] * 5)

    assert [each.best for each in found] == pytest.approx([1.0] * 3 + [0.0] * 5)


def test_what_was_lost_again_counts_at_the_end_only():
    collapsed = np.where(at() < 0.5, falling(0.8), 1.0)

    last = shares(*[falling(0.8)] * 4, collapsed)[-1]

    assert last.best > 0.4
    assert last.end == pytest.approx(0.0)


@pytest.mark.parametrize("count", [1, 4])
def test_few_trials_say_nothing_of_what_is_typical(count):
    assert all(math.isnan(each.best) for each in shares(*[falling(0.5)] * count))


def test_a_study_in_which_nothing_moves_says_nothing():
    assert all(math.isnan(each.end) for each in shares(*[falling(0.0)] * 6))


def test_a_series_that_lacks_says_nothing():
    assert math.isnan(shares(*[falling(0.5)] * 6, name="valid/loss")[0].best)


def test_a_way_of_the_size_of_the_noise_is_none():
    found = shares(*[0.01 * np.random.default_rng(seed).standard_normal(50) for seed in range(8)])

    assert all(math.isnan(each.best) for each in found)


def test_where_no_quarter_keeps_what_it_reached_nothing_is_lost_by_an_end():
    dip = 1.0 - 0.5 * np.exp(-(((at() - 0.5) / 0.06) ** 2))

    found = shares(*[dip] * 6)

    assert [each.best for each in found] == pytest.approx([1.0] * 6)
    assert all(math.isnan(each.end) for each in found)
