from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc
from tests import factories

from etude.errors import RunError
from etude.record import Records
from etude.search.merged import Stratified, combinations, stratified
from etude.search.quasi_random import QuasiRandom, points
from etude.space import Choice, Real, Space

RATE = Real(1e-4, 1.0, log=True)


def merged(domains, names, **given):
    space = Space({"learning_rate": RATE, **domains})
    study = replace(factories.study(), space=space, seed=0)
    return replace(study, merged=tuple(names), **given)


def settings(one):
    starts = Stratified(QuasiRandom()).moves(one, Records.of([]), 1000)
    return [start.searched for start in starts]


def discrepancies(points_TxD, groups_T):
    mine = [points_TxD[groups_T == group] for group in np.unique(groups_T)]
    return [qmc.discrepancy(each) ** 0.5 for each in mine]


@pytest.mark.rule("R14")
@given(
    groups=st.integers(1, 9),
    count=st.integers(1, 60),
    dimensions=st.integers(0, 4),
    seed=st.integers(0, 1000),
)
def test_every_combination_has_an_equal_share_of_any_first_points(groups, count, dimensions, seed):
    groups_T = stratified(points(dimensions, seed, count), groups, seed=seed)

    shares = np.bincount(groups_T, minlength=groups)

    assert shares.max() - shares.min() <= 1


@pytest.mark.parametrize("groups", [2, 4, 7, 16])
@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_each_combination_is_spread_better_than_chance(groups, dimensions):
    found, chance = [], []
    for seed in range(10):
        points_TxD = points(dimensions, seed, 10 * groups)
        at_random_T = np.random.default_rng(seed).permutation(10 * groups) % groups
        found += discrepancies(points_TxD, stratified(points_TxD, groups, seed=seed))
        chance += discrepancies(points_TxD, at_random_T)

    assert np.median(found) < 0.9 * np.median(chance)
    assert np.quantile(found, 0.9) < np.median(chance)


def test_no_combination_is_bound_to_half_of_an_axis():
    # In a fixed turn it is: every second point of a Sobol sequence lies in one half.
    rates = [
        (one["optimizer"], one["learning_rate"] < 1e-2)
        for one in settings(merged({"optimizer": Choice(["a", "b"])}, ["optimizer"], max_trials=32))
    ]

    assert {rates.count((optimizer, low)) for optimizer in "ab" for low in (True, False)} == {8}


def test_all_points_together_are_the_sequence_itself():
    one = merged({"depth": Choice([1, 2, 3])}, ["depth"], seed=5)
    alone = replace(factories.study({"learning_rate": RATE}), seed=5)
    starts = QuasiRandom().moves(alone, Records.of([]), 1000)

    assert [each["learning_rate"] for each in settings(one)] == [
        start.searched["learning_rate"] for start in starts
    ]


def test_a_scientific_range_is_a_dimension_of_the_search():
    one = merged({"weight_decay": RATE}, ["weight_decay"], max_trials=32)
    low = [each["weight_decay"] < 1e-2 for each in settings(one)]

    assert sum(low) == 16
    assert combinations(one) == [{}]


def test_a_list_and_a_range_are_covered_together():
    one = merged({"w": RATE, "depth": Choice([1, 2])}, ["depth", "w"], max_trials=32)
    found = [(each["depth"], each["w"] < 1e-2) for each in settings(one)]

    assert [sum(depth == 1 for depth, _ in found), sum(low for _, low in found)] == [16, 16]
    assert all(6 <= found.count((depth, low)) <= 10 for depth in (1, 2) for low in (True, False))


def test_the_seed_decides_who_comes_first():
    firsts = {
        settings(merged({"depth": Choice([1, 2, 3])}, ["depth"], seed=seed))[0]["depth"]
        for seed in range(20)
    }

    assert firsts == {1, 2, 3}


def test_a_search_that_adapts_is_refused():
    class Adaptive:
        adapts = True

        def moves(self, study, records, free):
            return []

    with pytest.raises(RunError, match="R14"):
        Stratified(Adaptive())


@pytest.mark.parametrize("trials", [3000])
def test_a_long_merged_study_is_quick_to_stratify(trials):
    groups_T = stratified(points(4, 0, trials), 10, seed=0)

    assert np.bincount(groups_T).tolist() == [trials // 10] * 10
