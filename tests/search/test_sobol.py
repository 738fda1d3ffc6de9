import hashlib
import os
import subprocess
import sys
from itertools import combinations
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from etude.search import sobol
from etude.search.sobol import points
from etude.space.directions import BITS

SEEDS = st.integers(0, 2**31 - 1)
some = settings(deadline=None, max_examples=25)  # up to 0.1 s for each seed


def discrepancy(points_TxD):
    return qmc.discrepancy(points_TxD, method="CD") ** 0.5


def over_pairs(points_TxD):
    pairs = combinations(range(points_TxD.shape[1]), 2)
    return sum(discrepancy(points_TxD[:, pair]) ** 2 for pair in pairs) ** 0.5


def over_plain(measure, dimensions, size, seeds=15):
    """The median of a measure over seeds, over that of plain scrambled Sobol."""
    ours = [measure(points(dimensions, seed, size)) for seed in range(seeds)]
    plain = [
        measure(qmc.Sobol(dimensions, rng=seed).random_base2(7)[:size]) for seed in range(seeds)
    ]
    return median(ours) / median(plain)


@some
@given(
    seed=SEEDS,
    dimensions=st.integers(0, 12),
    lengths=st.tuples(st.integers(1, 400), st.integers(1, 400)).map(sorted),
)
def test_a_longer_sequence_begins_with_the_shorter_one(seed, dimensions, lengths):
    short, long = lengths

    assert np.array_equal(points(dimensions, seed, short), points(dimensions, seed, long)[:short])


@some
@given(seed=SEEDS, dimensions=st.integers(1, 12))
def test_no_coordinate_is_a_bound(seed, dimensions):
    points_TxD = points(dimensions, seed, 512)

    assert np.all((points_TxD > 0.0) & (points_TxD < 1.0))


@pytest.mark.rule("Q1", "Q4")
@some
@given(seed=SEEDS, dimensions=st.integers(1, 8), exponent=st.integers(0, 10))
def test_every_axis_is_filled_evenly(seed, dimensions, exponent):
    count = 2**exponent
    strata_TxD = np.sort((points(dimensions, seed, count) * count).astype(int), axis=0)

    # A Sobol sequence is a (0, 1)-sequence on every axis: one point in each of 2^k parts.
    assert np.array_equal(strata_TxD, np.tile(np.arange(count)[:, None], dimensions))


@pytest.mark.parametrize("wide", [0, 1, 2, 3, 4, 5, 6, 7, 8])
def test_two_axes_stay_a_net(wide):
    points_TxD = points(2, 3, 256)
    boxes_TxD = (points_TxD * [2**wide, 2 ** (8 - wide)]).astype(int)

    # Sobol's first two axes are a (0, 2)-sequence, and nested scrambling keeps it so (Owen 1995).
    assert len(np.unique(boxes_TxD, axis=0)) == 256


@pytest.mark.rule("Q1")
@pytest.mark.parametrize("dimensions", [2, 4, 8])
@pytest.mark.parametrize("size", [8, 16, 25, 50, 100])
def test_more_even_than_plain_scrambled_sobol(dimensions, size):
    assert over_plain(discrepancy, dimensions, size) < 0.98


@pytest.mark.parametrize("size", [16, 25, 50, 100])
def test_so_are_the_projections_on_two_axes(size):
    assert over_plain(over_pairs, 8, size) < 0.98


def test_sizes_that_nothing_was_chosen_for_lose_nothing():
    ratios = [over_plain(discrepancy, 4, size) for size in range(5, 128, 9)]

    assert max(ratios) < 1.02


def test_points_of_other_seeds_are_others():
    first, second = points(4, 0, 100), points(4, 1, 100)

    assert not np.any(first == second)


def test_without_dimensions_points_are_empty():
    assert points(0, 0, 7).shape == (7, 0)


def test_many_dimensions_are_scrambled_only():
    points_TxD = points(sobol.MAX_VISITS + 1, 0, 64)

    assert points_TxD.shape == (64, sobol.MAX_VISITS + 1)
    assert not sobol._flips(sobol.MAX_VISITS + 1, 0).any()


def test_swaps_decided_together_are_what_each_changes_alone():
    level, axis = 2, 1
    linear_DxN = sobol._linear(3, 5, sobol.PREFIX_LOG2)
    kernels = [sobol._kernel(linear_N) for linear_N in linear_DxN]
    kernel_DxNxN, kernel_DxN = (np.stack(each) for each in zip(*kernels, strict=True))
    slopes = sobol._slopes(kernel_DxNxN, kernel_DxN, axis)
    node_N = linear_DxN[axis] >> (BITS - level)
    swapped = [linear_DxN.copy() for _ in range(4)]
    for node, each_DxN in enumerate(swapped):
        each_DxN[axis, node_N == node] ^= 1 << (BITS - 1 - level)

    change_F = sobol._change(linear_DxN[axis], level, node_N, *slopes)

    alone = np.array([tangent(linear_DxN, each_DxN) for each_DxN in swapped])
    assert change_F / np.abs(change_F).max() == pytest.approx(alone / np.abs(alone).max(), rel=1e-3)


def tangent(before_DxN, after_DxN):
    """The criterion's change to first order in the squared discrepancies, by scipy's own."""
    before, after = (squares((each + 0.5) / 2**BITS) for each in (before_DxN, after_DxN))
    relative = (after - before)[:, sobol.SMALLEST - 1 :] / before[:, sobol.SMALLEST - 1 :]
    return np.dot([1.0, sobol.PAIRS], relative @ sobol.WEIGHTS_N[sobol.SMALLEST - 1 :])


def squares(points_DxN):
    sizes = range(1, sobol.PREFIX + 1)
    return np.array(
        [
            [discrepancy(points_DxN[:, :n].T) ** 2 for n in sizes],
            [over_pairs(points_DxN[:, :n].T) ** 2 for n in sizes],
        ]
    )


def digest(points_TxD):
    return hashlib.sha256(np.ascontiguousarray(points_TxD).tobytes()).hexdigest()[:16]


@pytest.mark.rule("Q3")
@pytest.mark.parametrize(
    ("dimensions", "expected"),
    [
        (1, "43914b8381abec57"),
        (2, "e3e563601757d5a8"),
        (8, "f66b34cee4a6b839"),
        (50, "1b9b09f53d6816c8"),
    ],
)
def test_this_version_gives_these_points(dimensions, expected):
    # Another digest is another sequence for every study there is: it needs another VERSION.
    assert (sobol.VERSION, digest(points(dimensions, 0, 300))) == (1, expected)


def test_another_process_finds_the_same_points_and_loads_no_statistics_of_scipy():
    code = "import sys; from etude.search.sobol import points; print(points(5, 11, 130).tolist(), "
    code += "[one for one in ('scipy.stats', 'scipy.optimize') if one in sys.modules])"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "3"}

    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )

    assert ran.stdout.strip() == f"{points(5, 11, 130).tolist()} []"
