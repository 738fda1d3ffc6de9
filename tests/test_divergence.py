import math

import pytest

from etude.divergence import divergence
from etude.experiment.objective import Objective


def reason(value, first, *, maximize=False, threshold=100.0):
    objective = Objective("loss", maximize)
    why = divergence("loss", value, first, step=3, objective=objective, threshold=threshold)
    return why and why.reason


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_divergence_whatever_the_threshold(value):
    assert reason(value, 1.0, threshold=False) == "nan"


@pytest.mark.parametrize("first", [0.5, -2.0, 1e-3])
def test_what_stays_within_the_threshold_is_none(first):
    assert reason(first + 100.0 * abs(first), first) is None
    assert reason(first + 101.0 * abs(first), first) == "diverged"


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_the_unit_of_a_loss_does_not_matter(unit):
    assert reason(250.0 * unit, 2.0 * unit) == "diverged"
    assert reason(150.0 * unit, 2.0 * unit) is None


@pytest.mark.parametrize(("value", "first"), [(300.0, 1.0), (-300.0, 1.0), (0.9, 1.0)])
def test_maximized_is_the_mirror_of_minimized(value, first):
    assert reason(value, first, maximize=True) == reason(-value, -first)


def test_a_first_value_of_zero_gives_no_unit():
    assert reason(1e300, 0.0) is None


def test_without_a_threshold_only_what_is_no_number_is_divergence():
    assert reason(1e300, 1.0, threshold=False) is None


def test_a_loss_is_minimized_whatever_the_metric_is():
    accuracy = Objective("valid/accuracy", maximize=True)

    why = divergence("train/loss", 300.0, 1.0, step=3, objective=accuracy, threshold=100.0)

    assert why is not None
