"""The table of batch sizes: times, what is marked the best, and what a change costs once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etude.procedure.batch.measured import SizeMeasurement
from etude.procedure.batch.target_table import SizeRow, best_by, one_off, quickest


def row(
    batch_size: int, steps: float | None, step_s: float | None = 1e-3, *, speed: float = 1e3
) -> SizeRow:
    measurement = SizeMeasurement(
        batch_size=batch_size, outcome="measured", examples_per_s=speed, step_s=step_s
    )
    time_s = None if steps is None or step_s is None else steps * step_s
    return SizeRow(
        measurement=measurement,
        steps=steps,
        smooth=steps,
        time_s=time_s,
        resource_core_s=None if time_s is None else 4.0 * time_s,
    )


@pytest.mark.rule("S9")
def test_each_column_has_its_own_best():
    rows = [
        row(8, 400.0, 1e-3, speed=8e3),
        row(16, 210.0, 1.1e-3, speed=15e3),
        row(32, 150.0, 2e-3, speed=16e3),
    ]

    assert best_by(rows) == {"throughput": 32, "step_time": 8, "time": 16, "resources": 16}


def test_the_largest_that_cuts_the_time_is_taken_and_none_beyond():
    rows = [row(8, 400.0), row(16, 200.0), row(32, 100.0), row(64, 99.0), row(128, 98.0, 2e-3)]

    assert quickest(rows).batch_size == 32


@pytest.mark.parametrize("rows", [[], [row(8, None)], [row(8, 400.0, None)]])
def test_without_a_time_no_batch_is_quickest(rows):
    assert quickest(rows) is None
    assert best_by(rows)["time"] is None


def test_a_cost_paid_once_is_paid_back_by_what_trainings_save():
    rows = [row(8, 3600.0, 1.0), row(16, 1800.0, 1.0)]

    cost = one_off(5.0, rows, 8, rows[1])

    assert (cost.saved_s, cost.break_even) == (1800.0, 10)


def test_a_cost_that_saves_nothing_is_never_paid_back():
    rows = [row(8, 3600.0, 1.0)]

    assert one_off(5.0, rows, 8, rows[0]).break_even is None


@pytest.mark.parametrize(("hours", "size"), [(None, 8), (5.0, 64)])
def test_without_a_cost_or_a_time_of_now_nothing_is_weighed(hours, size):
    rows = [row(8, 3600.0, 1.0)]

    assert one_off(hours, rows, size, replace(rows[0])) is None
