from __future__ import annotations

import numpy as np
import pytest
import scipy

from etude.analyze.statistics.scrambled_sobol import scrambled_sobol


@pytest.mark.parametrize(("dimensions", "exponent"), [(1, 9), (2, 1), (5, 9), (24, 6), (30, 3)])
def test_the_points_are_those_of_scipy_bit_for_bit(dimensions, exponent):
    engine = scipy.stats.qmc.Sobol(dimensions, scramble=True, seed=np.random.default_rng(0))

    points_NxD = scrambled_sobol(dimensions, exponent, np.random.default_rng(0))

    assert np.array_equal(points_NxD, engine.random(2**exponent))
