"""Which batch sizes may train quicker than the one that seems to: times per step are intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .growth import Gain
from .interval import Interval
from .measured import Measured, SizeMeasurement
from .target_table import SizeRow


# Heuristic: what is known to 5 % each may differ by a tenth, and nobody turns a choice for less.
def rivals(
    measured: Measured, rows: Sequence[SizeRow], choice: SizeRow, *, quicker: float = 1.25
) -> list[int]:
    """The batch sizes that may train quicker than the chosen one by a quarter or more.

    Args:
        measured: The batch sizes with their times, and what each gains over smaller ones.
        rows: Of all batch sizes.
        choice: The row of the one that seems quickest.
        quicker: So many times.

    Source: S8, S9.
    """
    assert choice.smooth is not None
    found = []
    for row in rows:
        if row is choice or not row.smooth or not row.steps or row.measurement.step_s is None:
            continue
        step = step_ratio(measured, row.measurement, choice.measurement)
        if row.smooth / choice.smooth * step.low < 1.0 / quicker:
            found.append(row.batch_size)
    return found


def step_ratio(measured: Measured, one: SizeMeasurement, other: SizeMeasurement) -> Interval:
    """The time of a step of one size over that of the other, with its interval at 95 %.

    By what sizes gain over each other, turn by turn, where that is known between the two: a load
    that both share makes no difference. Else by the interval of each.

    Source: S4.
    """
    small, large = sorted((one.batch_size, other.batch_size))
    path = _path(measured.gains, small, large)
    if path and all(math.isfinite(gain.factor.half) for gain in path):
        log_gain = sum(gain.factor.log_mean for gain in path)
        half = math.hypot(*(gain.factor.half for gain in path))
        log_step = math.log(large / small) - log_gain
        return Interval(log_step if one.batch_size == large else -log_step, half)
    assert one.step_s is not None
    assert other.step_s is not None
    return Interval(math.log(one.step_s / other.step_s), math.hypot(_half(one), _half(other)))


def _path(gains: Sequence[Gain], small: int, large: int) -> list[Gain]:
    """The gains that lead from one size to a smaller one; empty where they do not meet it."""
    by_size = {gain.batch_size: gain for gain in gains}
    path = []
    at = large
    while at > small and at in by_size:
        path.append(by_size[at])
        at = by_size[at].over
    return path if at == small else []


def _half(size: SizeMeasurement) -> float:
    """The half of its interval, on a logarithmic scale; 0 where it has none."""
    low, high = size.examples_per_s_low, size.examples_per_s_high
    return 0.0 if not low or not high else math.log(high / low) / 2.0
