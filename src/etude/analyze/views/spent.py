"""What trials cost, in steps and hours, and what their schedule saved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, final

from ...experiment import Resources
from ...record import Record
from ...wording import number, percent, quantity

_HOUR_S = 3600.0


@final
@dataclass(frozen=True, kw_only=True)
class Spent:
    """What the trials of a study, or of an experiment, took.

    Args:
        steps: Training steps; of a fork, those since its parent's checkpoint. Those that a lost
            worker had done, and another did again, count once.
        saved_steps: Training steps that the schedule left out, of the full length of each of its
            trials.
        worker_hours: In training, over all workers; None where it is not known.
        core_hours: That, by the cores of a worker.
        gpu_hours: That, by the GPUs of a worker.
        why: Why the core hours are not known, in a clause; empty where they are.
    """

    steps: int
    saved_steps: int
    worker_hours: float | None
    core_hours: float | None
    gpu_hours: float | None
    why: str

    @property
    def saved_share(self) -> float:
        """The saved share of the steps that the full lengths would have taken."""
        return self.saved_steps / max(self.steps + self.saved_steps, 1)

    @property
    def saved_core_hours(self) -> float | None:
        """Core hours that the schedule saved, at the pace of what was trained."""
        if self.core_hours is None or not self.steps:
            return None
        return self.core_hours * self.saved_steps / self.steps


def spent(
    records: Collection[Record], max_steps: int, resources: Resources, *, in_stacks: bool = False
) -> Spent:
    """What these trials took so far, and what their schedule saved.

    Args:
        records: Trials of one experiment, of a population the forks too.
        max_steps: Their full length.
        resources: What one trial takes; it tells the cores of a worker.
        in_stacks: Whether several trials may have shared the time of a worker.

    Source: W9, W10.
    """
    cut = [one for one in records if one.status == "stopped" and one.reason == "schedule"]
    # A fork trains what the member that it replaces did not.
    went_on = sum(max_steps - inherited_steps(one) for one in records if inherited_steps(one))
    saved = sum(max(max_steps - one.steps, 0) for one in cut) - went_on
    why = _why_unknown(records, resources, in_stacks=in_stacks)
    is_timed = not in_stacks and _is_timed(records)
    hours = sum(one.wall_s for one in records) / _HOUR_S if is_timed else None
    return Spent(
        steps=trained_steps(records),
        saved_steps=max(saved, 0),
        worker_hours=hours,
        core_hours=_times(hours, resources.cpus),
        gpu_hours=_times(hours, resources.gpus),
        why=why,
    )


def trained_steps(records: Iterable[Record]) -> int:
    """The training steps that trials did; of a fork, those since its parent's checkpoint.

    Source: R15.
    """
    return sum(record.steps - inherited_steps(record) for record in records)


def inherited_steps(record: Record) -> int:
    """The steps that a fork has of its parent."""
    if record.from_step is None or record.parent is None:
        return 0
    return record.from_step + 1


def spent_clause(known: Spent) -> str:
    """What trials took, in a clause."""
    steps = quantity(known.steps, "step")
    if known.core_hours is None:
        return f"{steps} trained, core hours unknown"
    return f"{steps} trained in {number(known.core_hours, 2)} core hours"


def saved_clause(known: Spent, schedule: str | None) -> str:
    """What a schedule saved of their full lengths, in a clause; empty where it saved nothing."""
    if not known.saved_steps:
        return ""
    hours = known.saved_core_hours
    about = f", about {number(hours, 2)} core hours" if hours is not None else ""
    share = percent(known.saved_share)
    return f"`{schedule}` saved {quantity(known.saved_steps, 'step')} ({share}){about}"


def spent_as_json(known: Spent) -> dict[str, Any]:
    """The same for programs; hours that are not known are null, with the reason."""
    return {
        "steps": known.steps,
        "saved_steps": known.saved_steps,
        "worker_hours": known.worker_hours,
        "core_hours": known.core_hours,
        "saved_core_hours": known.saved_core_hours,
        "gpu_hours": known.gpu_hours,
        "unknown": known.why,
    }


def _is_timed(records: Iterable[Record]) -> bool:
    """Whether every trial that trained says how long."""
    return all(one.wall_s > 0 for one in records if one.ended and one.steps > 0)


def _why_unknown(records: Iterable[Record], resources: Resources, *, in_stacks: bool) -> str:
    if in_stacks:
        return "trials may have shared a worker in stacks"
    if not _is_timed(records):
        return "not every trial has its time"
    return "" if resources.cpus is not None else "[resources] says no `cpus`"


def _times(hours: float | None, amount: float | None) -> float | None:
    return None if hours is None or amount is None else hours * amount
