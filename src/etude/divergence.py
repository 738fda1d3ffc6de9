"""Divergence: whether a loss, or the metric, has left the values with which a trial can go on."""

from __future__ import annotations

import math

from .errors import Infeasible
from .experiment.objective import Objective


def divergence(
    name: str,
    value: float,
    first: float,
    *,
    step: int,
    objective: Objective,
    threshold: float | bool,
) -> Infeasible | None:
    """Why a trial is infeasible by this value of a loss or the metric; None while it is not.

    Args:
        name: What the value is of.
        value: At this step.
        first: The first value of the same name.
        step: Where it was logged.
        objective: What the trial is judged by; of another name, lower is better.
        threshold: How many times its first value it may be worse than that; False for any.

    >>> accuracy = Objective("valid/accuracy", maximize=True)
    >>> divergence("train/loss", 0.5, 1.0, step=7, objective=accuracy, threshold=100.0)
    >>> str(divergence("train/loss", 102.0, 1.0, step=7, objective=accuracy, threshold=100.0))
    '`train/loss` is 102 at step 7, more than 100 times its first value 1 away from it.'
    """
    if not math.isfinite(value):
        return Infeasible("nan", f"`{name}` is {value} at step {step}.")
    oriented = objective if name == objective.metric else Objective(name)
    worse = oriented.loss(value) - oriented.loss(first)
    # A first value of 0 gives no unit to measure by: then only non-finite is divergence.
    if threshold is False or not first or not worse > threshold * abs(first):
        return None
    message = (
        f"`{name}` is {value:.4g} at step {step}, more than {threshold:g} times "
        f"its first value {first:.4g} away from it."
    )
    return Infeasible("diverged", message)
