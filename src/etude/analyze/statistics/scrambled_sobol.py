"""Scrambled Sobol points, the same as `scipy.stats.qmc` draws, without half a second of loading.

Axes: N points, D dimensions, B digits of a coordinate, K powers of two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...space.directions import BITS, directions

Floats = NDArray[np.float64]


def scrambled_sobol(dimensions: int, exponent: int, rng: np.random.Generator) -> Floats:
    """The first 2**exponent points, shape (N, D), as SciPy's `Sobol(dimensions, rng=rng)` has them.

    Sobol (1967) with Joe and Kuo's direction numbers, scrambled by a random linear matrix and a
    shift (Matousek 1998).

    Source: Q1.
    """
    # SciPy's draws in its order, by a generator of its own: the shift, then triangular matrices.
    (rng,) = rng.spawn(1)
    shift_DxB = rng.integers(2, size=(dimensions, BITS), dtype=np.uint32)
    shift_D = shift_DxB.astype(np.int64) @ (1 << np.arange(BITS))
    lower_DxBxB = np.tril(rng.integers(2, size=(dimensions, BITS, BITS), dtype=np.uint32))
    lower_DxBxB[:, np.arange(BITS), np.arange(BITS)] = 1
    # The matrix times the digits of each direction number, the highest digit first, modulo 2.
    place_B = np.arange(BITS)[::-1]
    digit_DxKxB = directions(dimensions, exponent)[:, :, None] >> place_B & 1
    scrambled_DxKxB = np.einsum("dpb,dkb->dkp", lower_DxBxB.astype(np.int64), digit_DxKxB) % 2
    scrambled_DxK = scrambled_DxKxB @ (1 << place_B)
    # In Gray's order the second half is the first, backwards, one direction on.
    whole_DxN = np.empty((dimensions, 2**exponent), np.int64)
    whole_DxN[:, 0] = shift_D
    for k in range(exponent):
        half_DxN = whole_DxN[:, : 2**k]
        whole_DxN[:, 2**k : 2 ** (k + 1)] = half_DxN[:, ::-1] ^ scrambled_DxK[:, k, None]
    return np.asarray(whole_DxN.T * (1.0 / 2**BITS))
