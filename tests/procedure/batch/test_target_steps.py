"""Steps to a target: the first evaluation that meets it and stays, and the line before it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from etude.procedure.batch.target_metric import Target
from etude.procedure.batch.target_steps import RateReach, Reach, closest, fewest, reach
from etude.record import POINT, Points, Record

TARGET = Target(metric="valid/error", value=0.1)


def training(*values: float, every: int = 10) -> Record:
    """A training that reports these errors, each after so many updates more."""
    rows_P = np.zeros(len(values), POINT)
    rows_P["step"] = np.arange(1, len(values) + 1) * every - 1
    rows_P["value"] = values
    return Record(
        id=0, study="all", index=0, setting={}, seed=0, points=Points(rows_P, ("valid/error",))
    )


def test_between_two_evaluations_the_line_through_both_counts():
    found = reach(training(0.3, 0.2, 0.0, 0.0), TARGET)

    # Half way from 0.2 after 20 updates to 0 after 30.
    assert found.steps == pytest.approx(25.0)
    assert found.interval == 10.0


def test_at_the_first_evaluation_nothing_is_known_of_the_time_before():
    found = reach(training(0.05, 0.04, 0.03), TARGET)

    assert (found.steps, found.is_first) == (10.0, True)


def test_a_lucky_dip_is_no_target_met():
    found = reach(training(0.3, 0.05, 0.3, 0.3, 0.3, 0.1, 0.05, 0.05), TARGET)

    assert found.steps == pytest.approx(60.0)


def test_a_target_that_is_lost_again_long_after_was_met():
    found = reach(training(0.3, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2), TARGET)

    assert found.steps == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("values", "nearest"), [((0.3, 0.2), 0.1), ((), math.inf), ((math.nan, math.inf), math.inf)]
)
def test_a_target_that_is_never_met_has_no_steps(values, nearest):
    found = reach(training(*values), TARGET)

    assert found.steps == math.inf
    assert found.nearest == pytest.approx(nearest)


def rate(value: float, *steps: float, nearest: float = 0.0) -> RateReach:
    reaches = tuple(Reach(steps=one, nearest=nearest) for one in steps)
    return RateReach(rate=value, reaches=reaches)


def test_the_best_rate_has_the_fewest_steps_and_of_equals_the_middle():
    rates = [rate(0.1, 50.0), rate(0.2, 40.0), rate(0.4, 40.2), rate(0.8, 40.1), rate(1.6, 60.0)]

    assert fewest(rates).rate == 0.4


def test_a_rate_that_half_of_its_trainings_do_not_meet_never_does():
    assert fewest([rate(0.1, 50.0, math.inf)]) is None


def test_where_none_meets_it_the_nearest_is_closest():
    rates = [rate(0.1, math.inf, nearest=0.3), rate(0.2, math.inf, nearest=0.1)]

    assert closest(rates).rate == 0.2
