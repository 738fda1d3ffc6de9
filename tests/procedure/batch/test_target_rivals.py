"""Which sizes may train quicker than the one that seems to."""

from __future__ import annotations

import math

import pytest

from etude.procedure.batch.growth import Gain
from etude.procedure.batch.interval import Interval
from etude.procedure.batch.measured import Measured, SizeMeasurement
from etude.procedure.batch.target_rivals import rivals, step_ratio
from etude.procedure.batch.target_table import SizeRow, quickest


def size(batch_size: int, step_s: float, within: float) -> SizeMeasurement:
    speed = batch_size / step_s
    return SizeMeasurement(
        batch_size=batch_size,
        outcome="measured" if within <= 0.05 else "unclear",
        examples_per_s=speed,
        examples_per_s_low=speed / (1.0 + within),
        examples_per_s_high=speed * (1.0 + within),
        step_s=step_s,
    )


def rows(within: float) -> list[SizeRow]:
    steps = {8: 400.0, 16: 210.0, 32: 110.0, 64: 100.0}
    return [
        SizeRow(measurement=size(batch, 1e-3 * (1.0 + batch / 64), within), steps=one, smooth=one)
        for batch, one in steps.items()
    ]


def measured(of: list[SizeRow], gains: tuple[Gain, ...] = ()) -> Measured:
    sizes = tuple(one.measurement for one in of)
    return Measured(name="batch_size", sizes=sizes, verdict="growing", gains=gains)


def found(of: list[SizeRow], gains: tuple[Gain, ...] = ()) -> list[int]:
    choice = quickest(of)
    assert choice is not None
    return rivals(measured(of, gains), of, choice)


@pytest.mark.rule("S9")
def test_times_that_are_known_leave_no_rival():
    assert found(rows(within=0.05)) == []


def test_a_load_that_hides_the_times_leaves_open_which_is_quickest():
    assert found(rows(within=2.0)) == [8, 16, 64]


def test_what_sizes_gain_turn_by_turn_tells_where_their_times_do_not():
    of = rows(within=2.0)
    steps = {one.batch_size: one.measurement.step_s or 0.0 for one in of}
    gains = tuple(
        Gain(
            batch_size=2 * one,
            over=one,
            factor=Interval(math.log(2.0 * steps[one] / steps[2 * one]), 0.03),
        )
        for one in (8, 16, 32)
    )

    assert found(of, gains) == []
    ratio = step_ratio(measured(of, gains), of[3].measurement, of[1].measurement)
    assert ratio.mean == pytest.approx(steps[64] / steps[16])
