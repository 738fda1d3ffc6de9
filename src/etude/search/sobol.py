"""Sobol points under the scrambling, among all nested ones, that spreads them most evenly.

Axes: T points, N of them optimized, D dimensions, B binary digits, K powers of two, F nodes of the
tree of halves.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from ..space.directions import BITS, directions

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

VERSION = 1  # of the generator; a new one gives every study other points
CACHED_LOG2 = 14  # longer sequences are made anew each time, lest they fill the memory
PREFIX_LOG2 = 7
PREFIX = 2**PREFIX_LOG2  # first points, which are optimized; those after them move with them
LEVELS = PREFIX_LOG2 + 1  # of swaps: the last says in which half of its 128th a point lies
SWEEPS = 5  # over the axes; later ones swap next to nothing
MAX_VISITS = 40  # to axes, each under 2 ms; with more axes, 128 points fill no space anyway
PAIRS = 0.3  # weight of the projections on two axes: 4 to 8% better there, all axes within 1%
FIXED_SIZES = (8, 16, 25, 32, 50, 64, 100, 128)
SMALLEST = 4
SIZES_N = np.arange(1.0, PREFIX + 1.0)
INVERSE_N = np.where(SIZES_N >= SMALLEST, 1.0 / SIZES_N, 0.0)
WEIGHTS_N = (
    np.isin(SIZES_N, FIXED_SIZES) / len(FIXED_SIZES) + INVERSE_N / INVERSE_N.cumsum()[-1]
) / 2.0
LATER_NxN = np.maximum.outer(np.arange(PREFIX), np.arange(PREFIX))


def points(dimensions: int, seed: int, count: int) -> Floats:
    r"""The first `count` points of the sequence of this seed, shape (count, D), in (0, 1).

    A longer sequence begins with the shorter one, for nothing here depends on `count`. Version 1.

    Sobol (1967) with Joe and Kuo's direction numbers (scipy.stats.qmc), scrambled by a random
    linear matrix and a shift (Matousek 1998). Then, axis by axis and level by level, halves are
    swapped within each dyadic interval (Owen's nested scrambling, 1995) where that lowers

    .. math:: \sum_{n=4}^{128} w_n \, (\log CD_n^2 + 0.3 \log \overline{CD_n^2}),

    the centred discrepancy (Hickernell 1998) of the first n points in all dimensions and its mean
    over the pairs of axes. Half of the weight lies on the sizes 8, 16, 25, 32, 50, 64, 100 and
    128, half on all, as 1 / n. However scrambled, the points keep Sobol's evenness on every axis.
    Above 40 dimensions no half is swapped.

    Source: Q1-Q6.
    """
    # Powers of two, so that few lengths are ever computed and scipy finds the points balanced.
    exponent = max(count - 1, 1).bit_length()
    sequence = _sequence if exponent <= CACHED_LOG2 else _sequence.__wrapped__
    return sequence(dimensions, seed, exponent)[:count]


@lru_cache(maxsize=64)
def _sequence(dimensions: int, seed: int, exponent: int) -> Floats:
    if dimensions == 0:
        return np.empty((2**exponent, 0))
    linear_DxT = _linear(dimensions, seed, exponent)
    scrambled_DxT = linear_DxT ^ _mask(linear_DxT, _flips(dimensions, seed))
    # Half a digit in, so that no point is a corner.
    sequence_TxD: Floats = ((scrambled_DxT + 0.5) / 2**BITS).T
    sequence_TxD.flags.writeable = False
    return sequence_TxD


def _linear(dimensions: int, seed: int, exponent: int) -> Whole:
    """Sobol points, scrambled linearly and shifted, as whole numbers of `BITS` digits."""
    # NumPy promises the raw numbers of PCG64 to every later version.
    raw = np.random.PCG64(np.random.SeedSequence([VERSION, seed])).random_raw
    drawn_DxB = (raw(dimensions * (BITS + 1)) >> np.uint64(64 - BITS)).astype(np.int64)
    *columns_BxD, shift_D = drawn_DxB.reshape(dimensions, BITS + 1).T
    # The direction numbers times the lower triangular matrix, digit by digit (Matousek).
    direction_DxK = directions(dimensions, exponent)
    linear_DxK = np.zeros_like(direction_DxK)
    for digit, column_D in enumerate(columns_BxD[:exponent]):
        place = BITS - 1 - digit
        lower_D = column_D >> (digit + 1) | 1 << place
        linear_DxK ^= (direction_DxK >> place & 1) * lower_D[:, None]
    # The points: the shift, then twice as many again and again.
    linear_DxT = np.empty((dimensions, 2**exponent), np.int64)
    linear_DxT[:, 0] = shift_D
    for k in range(exponent):  # in Gray's order the second half is the first, backwards, one bit on
        half_DxT = linear_DxT[:, : 2**k]
        linear_DxT[:, 2**k : 2 ** (k + 1)] = half_DxT[:, ::-1] ^ linear_DxK[:, k, None]
    return linear_DxT


def _mask(linear_DxT: Whole, flips_DxF: Whole) -> Whole:
    """The digits that the flips change. Node 2**k + i is the i-th interval of length 2**-k."""
    first_F = np.arange(2**LEVELS)  # what the first digits of a point say, is all there is to know
    mask_DxF = np.zeros_like(flips_DxF)
    for level in range(LEVELS):
        node_F = 2**level + (first_F >> (LEVELS - level))
        mask_DxF |= flips_DxF[:, node_F] << (BITS - 1 - level)
    return np.take_along_axis(mask_DxF, linear_DxT >> (BITS - LEVELS), axis=1)


@lru_cache(maxsize=64)
def _flips(dimensions: int, seed: int) -> Whole:
    """1 for each node of each axis whose halves are swapped, shape (D, F)."""
    linear_DxN = _linear(dimensions, seed, PREFIX_LOG2)
    flips_DxF = np.zeros((dimensions, 2**LEVELS), np.int64)
    if dimensions > MAX_VISITS:
        return flips_DxF
    # The factors of each axis in both sums of the discrepancy.
    kernels = [_kernel(linear_N) for linear_N in linear_DxN]
    kernel_DxNxN = np.stack([pair_NxN for pair_NxN, _ in kernels])
    kernel_DxN = np.stack([single_N for _, single_N in kernels])
    for axis in islice(cycle(range(dimensions)), min(SWEEPS * dimensions, MAX_VISITS)):
        # On one axis, the others held: level by level, each node that lowers the criterion.
        slope_NxN, slope_N = _slopes(kernel_DxNxN, kernel_DxN, axis)
        now_N = linear_DxN[axis] ^ _mask(linear_DxN[[axis]], flips_DxF[[axis]])[0]
        for level in range(LEVELS):
            node_N = linear_DxN[axis] >> (BITS - level)
            change_F = _change(now_N, level, node_N, slope_NxN, slope_N)
            swap_F = (change_F < 0.0).astype(np.int64)
            flips_DxF[axis, 2**level : 2 ** (level + 1)] ^= swap_F
            now_N = now_N ^ swap_F[node_N] << (BITS - 1 - level)
        kernel_DxNxN[axis], kernel_DxN[axis] = _kernel(now_N)
    return flips_DxF


def _from_centre(whole_N: Whole) -> Floats:
    """Coordinates less 1/2, cut to 16 digits, so that what is summed below is exact."""
    return ((whole_N >> (BITS - 16)) + 0.5) / 2**16 - 0.5


def _kernel(whole_N: Whole) -> tuple[Floats, Floats]:
    """One axis' factors of the double and of the single sum of the centred discrepancy.

    (|a| + |b| - |a - b|) / 2 is the smaller distance from the centre on one side of it, else 0.
    """
    signed_N = _from_centre(whole_N)
    distance_N = np.abs(signed_N)
    same_NxN = np.equal.outer(signed_N > 0.0, signed_N > 0.0)
    pair_NxN = np.minimum.outer(distance_N, distance_N) * same_NxN
    return 1.0 + pair_NxN, 1.0 + (distance_N - signed_N**2) / 2.0


def _change(now_N: Whole, level: int, node_N: Whole, slope_NxN: Floats, slope_N: Floats) -> Floats:
    """What swapping the halves of each node of a level changes, whatever the others do.

    Of two points on one side of the centre only the nearer one's distance counts. So what lies
    farther out may be swapped or not, and all nodes of a level are decided at once, exactly.
    """
    # The kernel of the axis as it is, and with every half of this level swapped.
    flipped_N = now_N ^ 1 << (BITS - 1 - level)
    before_NxN, before_N = _kernel(now_N)
    after_NxN, after_N = _kernel(flipped_N)
    # A pair of one node changes with it; another one counts for the node of the nearer point.
    distance_N = np.abs(_from_centre(now_N))
    share_NxN = 2.0 * np.less.outer(distance_N, distance_N)
    share_NxN[np.equal.outer(node_N, node_N)] = 1.0
    # The change of each point, summed over the points of each node.
    change_N = (slope_NxN * share_NxN * (after_NxN - before_NxN)).sum(axis=1)
    change_N -= slope_N * (after_N - before_N)
    change_F = np.zeros(2**level)
    np.add.at(change_F, node_N, change_N)
    return change_F


def _slopes(kernel_DxNxN: Floats, kernel_DxN: Floats, axis: int) -> tuple[Floats, Floats]:
    """How the criterion changes with the kernel of one axis, of which its discrepancies are linear.

    A logarithm lies below its tangent, so what lowers the tangent lowers the criterion.
    """
    slope_NxN, slope_N = np.zeros_like(kernel_DxNxN[0]), np.zeros_like(kernel_DxN[0])
    doubles, singles = _product_and_pairs(kernel_DxNxN, axis), _product_and_pairs(kernel_DxN, axis)
    dimensions = len(kernel_DxN)
    constants = (13 / 12) ** dimensions, (13 / 12) ** 2 * dimensions * (dimensions - 1) / 2
    parts = zip(doubles, singles, constants, (1.0, PAIRS), strict=False)  # one axis: no pairs
    for (rest_NxN, all_NxN), (rest_N, all_N), constant, share in parts:
        # The squared discrepancy of the first n points, for every n; its logarithm's slope.
        double_N = all_NxN.cumsum(axis=0).cumsum(axis=1).diagonal()
        squared_N = constant - 2.0 * all_N.cumsum() / SIZES_N + double_N / SIZES_N**2
        weight_N = share * WEIGHTS_N / squared_N
        slope_NxN += rest_NxN * _suffix_sums(weight_N / SIZES_N**2)[LATER_NxN]
        slope_N += 2.0 * rest_N * _suffix_sums(weight_N / SIZES_N)
    # 22 binary digits: each row's sum in `_change` is exact, the same on every machine.
    scale = 2.0 ** (22 - int(np.frexp(slope_NxN.max())[1]))
    return np.rint(slope_NxN * scale), slope_N * scale


def _product_and_pairs(kernel_Dx: Floats, axis: int) -> Iterator[tuple[Floats, Floats]]:
    """The product over the axes and the sum over their pairs: what multiplies `axis`, and all."""
    rest_Dx = np.delete(kernel_Dx, axis, axis=0)
    product = rest_Dx.prod(axis=0)
    yield product, product * kernel_Dx[axis]
    if len(rest_Dx):
        total = rest_Dx.sum(axis=0)
        yield total, total * kernel_Dx[axis] + (total**2 - (rest_Dx**2).sum(axis=0)) / 2.0


def _suffix_sums(values_N: Floats) -> Floats:
    """At place i the sum from i on: over all prefixes that hold point i."""
    return values_N[::-1].cumsum()[::-1]
