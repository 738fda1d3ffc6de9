"""The end of another tool's trial, and its values, as Etude states them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...event import Ended
from ...playbook.error_kinds import kind_of
from ...playbook.metrics import is_loss
from ...space import Choice, Domain, Integer, Scalar, is_number, value_text
from ..base import Row, SourceTrial

# The reason where the other tool gave none.
_UNSTATED = {"infeasible": "unstated", "stopped": "pruned"}


def trial_end(trial: SourceTrial, trial_id: int, metric: str) -> Ended | None:
    """The end of a trial; None for a trial that still runs there.

    A failed trial is infeasible: `nan` where its last values say so and no error is told, else
    `error`. A pruned one is stopped: censored, and no failure. Where
    nothing is known of the end, the trial is infeasible (`nan`) if the last value of the metric or
    of a loss is not finite, else completed. A trial without a value of the metric lacks it, and has
    not diverged.

    Source: C3.
    """
    if trial.status == "running":
        return None
    diverged = has_diverged(trial.rows, metric)
    status, reason = trial.status, trial.reason
    if status == "unknown":
        status = "infeasible" if diverged else "completed"
    if status == "failed":
        status, reason = "infeasible", "nan" if diverged and not _tells_error(trial) else "error"
    if status == "infeasible" and not reason and diverged:
        reason = "nan"
    other_reason = trial.reason if trial.reason not in ("", reason) else ""
    return Ended(
        trial_id,
        status,
        reason=reason or _UNSTATED.get(status, ""),
        detail=": ".join(filter(None, (other_reason, trial.detail))),
        steps=updates_done(trial.rows),
        wall_s=trial.wall_s,
    )


def _tells_error(trial: SourceTrial) -> bool:
    """Whether another reason than `nan` or an error is told; `MLflow says FAILED.` is neither."""
    # An error may stand anywhere: Ray writes when it was above, Python whence it came.
    is_told = any(kind_of(line) for line in trial.detail.splitlines())
    return is_told or trial.reason not in ("", "nan")


def was_cut_off(trial: SourceTrial) -> bool:
    """Whether it has no value and did not complete: it may lack a part of its setting.

    Source: C3.
    """
    return not trial.rows and trial.status in ("failed", "infeasible", "stopped", "running")


def has_diverged(rows: Sequence[Row], metric: str) -> bool:
    """Whether the last value of the metric or of a loss is not finite."""
    last_values: dict[str, tuple[int, float]] = {}
    for step, name, value in rows:
        if name == metric or is_loss(name):
            earlier = last_values.get(name)
            if earlier is None or step >= earlier[0]:
                last_values[name] = (step, value)
    return any(not math.isfinite(value) for _, value in last_values.values())


def updates_done(rows: Sequence[Row]) -> int:
    """How many updates were certainly done: a value at step i means that i + 1 were."""
    return max((step for step, _, _ in rows), default=-1) + 1


def domain_value(domain: Domain, value: Scalar) -> Scalar | None:
    """The value of a domain that another tool's value means; None where it holds no such value.

    >>> domain_value(Integer(1, 32), 16.0), domain_value(Choice(["1", "2"]), 1)
    (16, '1')
    >>> domain_value(Integer(1, 32), 40) is None
    True
    """
    if isinstance(domain, Choice):
        return next((choice for choice in domain.values if is_same_value(choice, value)), None)
    if not is_number(value) or not domain.low <= value <= domain.high:
        return None
    if isinstance(domain, Integer):
        return int(value) if value == int(value) else None
    return float(value)


def is_same_value(left: Scalar, right: Scalar) -> bool:
    """Whether two values mean the same, where of one only the text may be known."""
    if value_text(left) == value_text(right):
        return True
    return is_number(left) and is_number(right) and left == right
