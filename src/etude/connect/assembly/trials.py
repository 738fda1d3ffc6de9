"""How a trial of another tool ended, in the words of this house."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...event import Ended
from ...space import Choice, Domain, Integer, Scalar, is_number, value_text
from ..base import Row, SourceTrial

# What is said where the other tool gave no reason of its own.
_UNSTATED = {"infeasible": "unstated", "stopped": "pruned"}


def ending(trial: SourceTrial, trial_id: int, metric: str) -> Ended | None:
    """The end of a trial; None for one that still runs there.

    What failed is infeasible (`error`); what was pruned is stopped, which is censored and no
    failure; where nothing is known of the end, it is infeasible (`nan`) if the last value of the
    metric or of a loss is not finite, else completed. A trial without a value of the metric is
    missing one, and has not diverged.

    Source: C3.
    """
    if trial.status == "running":
        return None
    broken = is_broken(trial.rows, metric)
    status, reason = trial.status, trial.reason
    if status == "unknown":
        status = "infeasible" if broken else "completed"
    if status == "failed":
        status, reason = "infeasible", "error"
    if status == "infeasible" and not reason and broken:
        reason = "nan"
    told = trial.reason if trial.reason not in ("", reason) else ""
    return Ended(
        trial_id,
        status,
        reason=reason or _UNSTATED.get(status, ""),
        detail=": ".join(filter(None, (told, trial.detail))),
        steps=updates(trial.rows),
        wall_s=trial.wall_s,
    )


def is_broken(rows: Sequence[Row], metric: str) -> bool:
    """Whether the last value of the metric, or of a loss, is not finite."""
    last: dict[str, tuple[int, float]] = {}
    for step, name, value in rows:
        if name == metric or name.endswith("loss"):
            before = last.get(name)
            if before is None or step >= before[0]:
                last[name] = (step, value)
    return any(not math.isfinite(value) for _, value in last.values())


def updates(rows: Sequence[Row]) -> int:
    """How many updates were done for certain: step i means that i + 1 were."""
    return max((step for step, _, _ in rows), default=-1) + 1


def matched(domain: Domain, value: Scalar) -> Scalar | None:
    """The value of the domain that this one is; None where the domain does not hold it.

    >>> matched(Integer(1, 32), 16.0), matched(Choice(["1", "2"]), 1), matched(Integer(1, 32), 40)
    (16, '1', None)
    """
    if isinstance(domain, Choice):
        return next((one for one in domain.values if is_same(one, value)), None)
    if not is_number(value) or not domain.low <= value <= domain.high:
        return None
    if isinstance(domain, Integer):
        return int(value) if value == int(value) else None
    return float(value)


def is_same(left: Scalar, right: Scalar) -> bool:
    """Whether two values mean the same where only their text may be known."""
    if value_text(left) == value_text(right):
        return True
    return is_number(left) and is_number(right) and left == right
