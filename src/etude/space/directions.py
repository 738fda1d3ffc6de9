"""Sobol's direction numbers without SciPy's statistics, which load for half a second.

Axes: D dimensions, K powers of two.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

Whole = NDArray[np.int64]

BITS = 30  # of a coordinate, as many as scipy's Sobol points have

# Joe and Kuo (2008), new-joe-kuo-6: of each axis but the first, a primitive polynomial modulo 2 as
# the digits of a number, and the odd numbers that its recurrence begins with. More axes than these
# are rare, and SciPy knows 21,201.
JOE_KUO = (
    (3, 1),
    (7, 1, 3),
    (11, 1, 3, 1),
    (13, 1, 1, 1),
    (19, 1, 1, 3, 3),
    (25, 1, 3, 5, 13),
    (37, 1, 1, 5, 5, 17),
    (41, 1, 1, 5, 5, 5),
    (47, 1, 1, 7, 11, 19),
    (55, 1, 1, 5, 1, 1),
    (59, 1, 1, 1, 3, 11),
    (61, 1, 3, 5, 5, 31),
    (67, 1, 3, 3, 9, 7, 49),
    (91, 1, 1, 1, 15, 21, 21),
    (97, 1, 3, 1, 13, 27, 49),
    (103, 1, 1, 1, 15, 7, 5),
    (109, 1, 3, 1, 15, 13, 25),
    (115, 1, 1, 5, 5, 19, 61),
    (131, 1, 3, 7, 11, 23, 15, 103),
    (137, 1, 3, 7, 13, 13, 15, 69),
    (143, 1, 1, 3, 13, 7, 35, 63),
    (145, 1, 3, 5, 9, 1, 25, 53),
    (157, 1, 3, 1, 13, 9, 35, 107),
)


def directions(dimensions: int, exponent: int) -> Whole:
    """By what point 2**k differs from the one before it, shape (D, K), as whole numbers.

    They are scipy.stats.qmc's own.

    Source: Q1.
    """
    if dimensions > len(JOE_KUO) + 1:
        return scipys_directions(dimensions, exponent)
    place_K = np.arange(BITS - 1, BITS - 1 - exponent, -1)
    odd_DxK = [[1] * exponent]  # van der Corput's
    odd_DxK += [_recurrence(*row, count=exponent) for row in JOE_KUO[: dimensions - 1]]
    directions_DxK: Whole = np.array(odd_DxK, np.int64) << place_K
    return directions_DxK


def _recurrence(polynomial: int, *first: int, count: int) -> list[int]:
    """The odd numbers of an axis (Bratley and Fox 1988, equation 2)."""
    degree = len(first)
    odd = list(first)
    while len(odd) < count:
        new = odd[-degree]
        for back in range(1, degree + 1):
            if polynomial >> (degree - back) & 1:
                new ^= odd[-back] << back
        odd.append(new)
    return odd[:count]


def scipys_directions(dimensions: int, exponent: int) -> Whole:
    """The same, of the points that scipy makes of them."""
    engine = scipy.stats.qmc.Sobol(dimensions, scramble=False, bits=BITS)
    pairs = [engine.random(2)]
    for k in range(1, exponent):
        engine.reset().fast_forward(2**k - 1)
        pairs.append(engine.random(2))
    whole_Kx2xD: Whole = (np.stack(pairs) * 2**BITS).astype(np.int64)
    directions_DxK: Whole = (whole_Kx2xD[:, 0] ^ whole_Kx2xD[:, 1]).T
    return directions_DxK
