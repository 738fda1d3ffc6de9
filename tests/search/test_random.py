import numpy as np
import pytest
from scipy.stats import kstest

from etude.search.random import points


def test_a_longer_sequence_begins_with_the_shorter_one():
    assert points(3, 7, 50)[:20].tolist() == points(3, 7, 20).tolist()


def test_another_seed_has_other_points():
    assert points(2, 0, 5).tolist() != points(2, 1, 5).tolist()


def test_points_are_those_of_the_first_version():
    assert points(2, 0, 2) == pytest.approx(
        np.array([[0.69227534, 0.22334388], [0.80962031, 0.18967197]]), abs=1e-8
    )


def test_points_are_uniform_and_axes_independent():
    points_TxD = points(2, 0, 2000)

    assert kstest(points_TxD[:, 0], "uniform").pvalue > 0.01
    assert abs(np.asarray(np.corrcoef(points_TxD.T))[0, 1]) < 0.06
