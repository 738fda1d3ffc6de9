"""Sobol's direction numbers are those of SciPy's statistics, which a search does not load."""

import numpy as np
import pytest

from etude.space.directions import JOE_KUO, directions, scipys_directions


@pytest.mark.parametrize("dimensions", [1, 2, len(JOE_KUO) + 1, len(JOE_KUO) + 2])
@pytest.mark.parametrize("exponent", [1, 2, 7, 16])
def test_direction_numbers_are_those_of_scipy(dimensions, exponent):
    expected_DxK = scipys_directions(dimensions, exponent)

    assert np.array_equal(directions(dimensions, exponent), expected_DxK)
