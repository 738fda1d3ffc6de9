"""The table of S9: throughput, time per step, training time and resource use of each size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from ...wording import duration, number
from .measured import Measured, SizeMeasurement
from .target_curve import Curve
from .target_study import SizeStudy, middle

# The columns whose best is marked, as JSON names them.
MARKED = ("throughput", "step_time", "time", "resources")


@final
@dataclass(frozen=True, kw_only=True)
class SizeRow:
    """A feasible batch size: what was measured of it, and what a training to the target takes.

    Args:
        steps: To the target; None where no training met it.
        smooth: The same by the curve through all sizes, of a size that was not trained too; as
            trained where there is no curve.
        time_s: Time per step times steps; None without either.
        resource_core_s: Cores, or devices, times that time.
    """

    measurement: SizeMeasurement
    steps: float | None = None
    smooth: float | None = None
    learning_rate: float | None = None
    time_s: float | None = None
    resource_core_s: float | None = None

    @property
    def batch_size(self) -> int:
        """Its batch size."""
        return self.measurement.batch_size

    @property
    def whole_steps(self) -> int | None:
        """Its steps as whole ones, rounded up."""
        return None if self.steps is None else math.ceil(self.steps - 1e-9)

    def as_json(self) -> dict[str, Any]:
        """What a training of it takes, for its entry among `sizes`."""
        return {
            "steps_to_target": self.whole_steps,
            "learning_rate": self.learning_rate,
            "projected_s": self.time_s,
            "resource": self.resource_core_s,
        }


def size_rows(measured: Measured, studies: Sequence[SizeStudy], curve: Curve) -> list[SizeRow]:
    """A row a feasible batch size, the smallest first.

    Training time is time per step times steps, and resource use is that by what a step occupies.

    Args:
        measured: The batch sizes with their times.
        studies: What was trained of them.
        curve: The curve through them.

    Source: S8, S9.
    """
    by_size = {one.batch_size: one for one in studies}
    # Of another device than a processor a training holds one, whatever threads feed it.
    cores = measured.cores if measured.device == "cpu" else 1.0
    rows = [_row(one, by_size.get(one.batch_size), cores) for one in measured.feasible]
    return [replace(one, smooth=curve.steps(one.batch_size) or one.steps) for one in rows]


def _row(measurement: SizeMeasurement, study: SizeStudy | None, cores: float) -> SizeRow:
    best = None if study is None else study.best
    if best is None:
        return SizeRow(measurement=measurement)
    steps, step_s = middle(best), measurement.step_s
    time_s = None if step_s is None else steps * step_s
    return SizeRow(
        measurement=measurement,
        steps=steps,
        learning_rate=best.rate,
        time_s=time_s,
        resource_core_s=None if time_s is None else time_s * cores,
    )


def best_by(rows: Sequence[SizeRow]) -> dict[str, int | None]:
    """The batch size that is best by each column; of equals the smallest. None where none is known.

    Source: S9.
    """
    return {
        "throughput": _least(rows, [_negative(one.measurement.examples_per_s) for one in rows]),
        "step_time": _least(rows, [one.measurement.step_s for one in rows]),
        "time": _least(rows, [one.time_s for one in rows]),
        "resources": _least(rows, [one.resource_core_s for one in rows]),
    }


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _least(rows: Sequence[SizeRow], values: Sequence[float | None]) -> int | None:
    known = [
        (value, row.batch_size)
        for row, value in zip(rows, values, strict=True)
        if value is not None
    ]
    return min(known)[1] if known else None


# Heuristic: time per step is known to 5 %, and steps hardly better.
def quickest(rows: Sequence[SizeRow], *, equal: float = 0.05) -> SizeRow | None:
    """The batch size beyond which no larger one cuts the training time; None without times.

    By steps of the curve, where there is one: between sizes that take as long, seeds decide else.

    Source: S8.
    """
    timed = [
        (row.smooth * row.measurement.step_s, row)
        for row in rows
        if row.smooth and row.steps and row.measurement.step_s is not None
    ]
    if not timed:
        return None
    least_s = min(time_s for time_s, _ in timed)
    return min(
        (row for time_s, row in timed if time_s <= (1.0 + equal) * least_s),
        key=lambda row: row.batch_size,
    )


def table(
    rows: Sequence[SizeRow],
    best: Mapping[str, int | None],
    device: str,
    rate_name: str,
    *,
    projects: bool,
) -> tuple[tuple[str, ...], ...]:
    """The rows as cells, the best of each column with a star.

    Args:
        rows: The rows, the smallest size first.
        best: The best size of each column.
        device: What trains them.
        rate_name: The user's name of the learning rate.
        projects: Whether the curve tells the steps of what was not trained.

    Source: S9.
    """
    use = "core" if device == "cpu" else "device"
    head = (
        "batch size",
        "examples/s",
        "a step",
        "steps to target",
        rate_name,
        "training",
        f"{use} time",
    )
    return (head, *(_cells(one, best, projects=projects) for one in rows))


def _cells(row: SizeRow, best: Mapping[str, int | None], *, projects: bool) -> tuple[str, ...]:
    def marked(text: str, column: str) -> str:
        return f"{text} *" if text and best[column] == row.batch_size else text

    speed, step_s = row.measurement.examples_per_s, row.measurement.step_s
    if projects and row.steps is None and row.smooth is not None:
        # By the curve, since nobody trained it.
        steps = f"~{row.smooth:,.0f}"
        time = "" if step_s is None else f"~{_short_time(row.smooth * step_s)}"
    else:
        steps = "" if row.whole_steps is None else f"{row.whole_steps:,}"
        time = marked(_short_time(row.time_s), "time")
    return (
        f"{row.batch_size:,}",
        marked("" if speed is None else number(speed, 2), "throughput"),
        marked(_short_time(step_s), "step_time"),
        steps,
        "" if row.learning_rate is None else number(row.learning_rate, 2),
        time,
        marked(_short_time(row.resource_core_s), "resources"),
    )


def _short_time(seconds: float | None) -> str:
    """A time with two digits, whichever unit it is read in."""
    if seconds is None:
        return ""
    if seconds < 1.0:
        return f"{number(1000.0 * seconds, 2)} ms"
    return f"{number(seconds, 2)} s" if seconds < 10.0 else duration(seconds)


# --- what a change costs once


@final
@dataclass(frozen=True, kw_only=True)
class OneOff:
    """A cost that is paid once, beside what each training saves.

    Args:
        hours: Of work or hardware, before the first training.
        saved_s: What a training at the better batch size saves, in seconds; 0 where it saves none.

    Source: S15.
    """

    hours: float
    saved_s: float

    @property
    def break_even(self) -> int | None:
        """So many trainings pay it back; None where none do."""
        return math.ceil(self.hours * 3600.0 / self.saved_s) if self.saved_s > 0.0 else None

    def as_json(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {
            "hours": self.hours,
            "saved_s": self.saved_s,
            "break_even_trainings": self.break_even,
        }


def one_off(
    hours: float | None, rows: Sequence[SizeRow], batch_size: int, choice: SizeRow | None
) -> OneOff | None:
    """What is paid once, against what the chosen batch size saves a training.

    None without such a cost, and where the time of either batch size is not known.

    Args:
        hours: What is paid once.
        rows: Of all batch sizes.
        batch_size: Of the configuration.
        choice: The row of the batch size that is chosen.

    Source: S15.
    """
    now = next((one.time_s for one in rows if one.batch_size == batch_size), None)
    if hours is None or choice is None or choice.time_s is None or now is None:
        return None
    return OneOff(hours=hours, saved_s=max(now - choice.time_s, 0.0))
