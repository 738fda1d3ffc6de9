"""The highest point of a score over spaces of every kind."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domains import CHOICES, INTEGERS, UNITS
from tests.search.history import PLANE, bayesian_study

from etude.search.acquisition import is_new, maximize_acquisition, value_centres
from etude.space import Choice, Integer, Real, Space

NONE = np.empty((0, 2))


def peak(units_NxD):
    return -((units_NxD - np.array([0.31, 0.77])) ** 2).sum(axis=1)


def proposed(score=peak, space=PLANE, taken=NONE, anchors=NONE):
    return maximize_acquisition(
        bayesian_study(space=space), score, anchors, taken_NxD=taken, seed=0
    )


def test_a_peak_is_found_to_a_thousandth():
    assert proposed() == pytest.approx([0.31, 0.77], abs=1e-3)


def test_a_needle_is_found_from_an_anchor_beside_it():
    needle = np.array([0.123, 0.456])
    score = lambda units: np.exp(-1e6 * ((units - needle) ** 2).sum(axis=1))  # noqa: E731  # short

    assert proposed(score, anchors=np.array([[0.13, 0.45]])) == pytest.approx(needle, abs=2e-3)


def test_constraints_hold():
    unit = proposed(space=replace(PLANE, constraints=("x >= y",)))

    assert unit[0] >= unit[1]
    assert unit == pytest.approx([0.54, 0.54], abs=0.01)


def test_constraints_that_leave_little_are_searched_around_the_anchors():
    # Weights of a mixture: one point of 5,040 lies below the plane.
    names = "abcdefg"
    space = Space(
        {name: Real(0.0, 1.0) for name in names}, constraints=(" + ".join(names) + " <= 1.0",)
    )
    anchor = np.full((1, 7), 0.05)

    unit = proposed(
        lambda units: -((units - 0.1) ** 2).sum(axis=1),
        space=space,
        taken=np.empty((0, 7)),
        anchors=anchor,
    )

    assert unit.sum() <= 1.0
    assert unit == pytest.approx(np.full(7, 0.1), abs=0.03)


def test_what_is_taken_is_not_found():
    space = Space({"a": Choice(["p", "q"]), "b": Choice(["r", "s"])})
    every = np.array([[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]])

    assert proposed(space=space, taken=every[[0, 1, 3]]) == pytest.approx([0.75, 0.25])
    assert proposed(space=space, taken=every) is None


@given(INTEGERS.filter(lambda one: one.high < 10**9) | CHOICES, UNITS)
def test_the_centre_of_a_value_is_where_the_value_lies(domain, unit):
    centre = float(value_centres([domain], np.array([[unit]]))[0, 0])

    assert centre == pytest.approx(domain.unit(domain.value(unit)), abs=1e-9)


@given(st.floats(0.0, 1.0))
def test_a_real_value_is_left_where_it_is(unit):
    assert value_centres([Real(0.0, 1.0)], np.array([[unit]]))[0, 0] == unit


def test_of_many_points_those_taken_are_told():
    points = np.random.default_rng(0).random((500, 3))

    assert is_new(points, points[::2]).tolist() == [False, True] * 250


def test_whole_numbers_are_their_own_place():
    space = Space({"depth": Integer(1, 4), "width": Integer(8, 512, log=True)})
    unit = proposed(space=space)

    assert space.unit(space.setting(unit)) == pytest.approx(unit)
