"""Trials that differ in one hyperparameter and their seed."""

from __future__ import annotations

import numpy as np
import pytest
from tests import factories
from tests.factories import record

from etude.analyze.views.contrasts import contrasts
from etude.analyze.views.outcomes import outcomes
from etude.analyze.views.repeats import repeats
from etude.space import Choice

STUDY = factories.study({"a": Choice(["x", "y", "z"]), "b": Choice(["p", "q"])})


def settings(values, seeds=4):
    """The outcomes by setting: for each setting's level, so many values around it."""
    rng = np.random.default_rng(1)
    records = [
        record(STUDY, 10 * place + seed, level and level + 0.01 * rng.normal(), {"a": a, "b": b})
        for place, ((a, b), level) in enumerate(values.items())
        for seed in range(seeds)
    ]
    return repeats(outcomes(STUDY, records))


def test_a_difference_beyond_repeats_is_seen():
    groups = settings({("x", "p"): 0.5, ("y", "p"): 0.6, ("x", "q"): 0.5})

    found = contrasts(groups, ["a", "b"], seed=0)

    assert found["a"].chance < 0.001
    assert found["a"].share > 0.9
    assert (found["a"].values, found["a"].trials) == (2, 8)
    assert found["b"].chance > 0.05


def test_settings_that_differ_in_two_are_no_contrast():
    assert contrasts(settings({("x", "p"): 0.5, ("y", "q"): 0.6}), ["a", "b"], seed=0) == {}


def test_without_repeats_there_is_no_noise_to_compare_with():
    groups = settings({("x", "p"): 0.5, ("y", "p"): 0.6}, seeds=1)

    assert contrasts(groups, ["a", "b"], seed=0) == {}


def test_repeats_that_tie_by_rounding_are_no_noise_of_0():
    values = {("x", 0): 0.91, ("x", 1): 0.91, ("y", 0): 0.90}
    records = [
        record(STUDY, place, [0.95 - 0.01 * seed, value], {"a": a, "b": "p"})
        for place, ((a, seed), value) in enumerate(values.items())
    ]

    found = contrasts(repeats(outcomes(STUDY, records)), ["a"], seed=0)

    assert found["a"].chance > 0.05


def test_repeats_that_ignore_their_seed_are_no_noise():
    levels = {("x", "p"): 0.5, ("y", "p"): 0.6}
    records = [
        record(STUDY, 10 * place + seed, level, {"a": a, "b": b})
        for place, ((a, b), level) in enumerate(levels.items())
        for seed in range(3)
    ]
    groups = repeats(outcomes(STUDY, records))

    assert [len(group) for group in groups] == [3, 3]
    assert contrasts(groups, ["a", "b"], seed=0) == {}


def test_what_fails_is_worse_than_all_values():
    groups = settings({("x", "p"): 0.5, ("y", "p"): None})

    assert contrasts(groups, ["a"], seed=0)["a"].chance < 0.05


@pytest.mark.parametrize("values", [2, 3])
def test_equal_values_differ_in_one_of_twenty_studies(values):
    def chance(seed):
        rng = np.random.default_rng(seed)
        records = [
            record(STUDY, 10 * place + k, rng.normal(), {"a": "xyz"[place], "b": "p"})
            for place in range(values)
            for k in range(3)
        ]
        groups = repeats(outcomes(STUDY, records))
        return contrasts(groups, ["a"], seed=seed)["a"].chance

    rare = np.mean([chance(seed) <= 0.05 for seed in range(400)])

    # Two standard errors of a share of 5 % in 400 are 2.2 %.
    assert 0.028 <= rare <= 0.072
