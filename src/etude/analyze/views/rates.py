"""Rates: metrics that are shares of examples, by their names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import numpy as np

from ...experiment.objective import Objective
from ...record import Record

# Shares of examples; what may stand before says of which data, or how many guesses count.
_RATE = re.compile(
    r"(?:(?:train|training|valid|validation|val|dev|test|eval|top_?\d+|classification)_)*"
    r"(?:error|accuracy|acc|error_rate|misclassification_rate)"
)

# What single precision makes of a share of 1.
_ONE = 1.0 + 1e-6


def is_rate(metric: str) -> bool:
    """Whether the metric's name says that it is a share of examples.

    Its last part must say so as a whole: a squared error and a balanced accuracy are no shares.

    Source: A1.

    >>> is_rate("valid/error"), is_rate("valid/top1_error"), is_rate("valid/mean_squared_error")
    (True, True, False)
    """
    return bool(_RATE.fullmatch(re.split(r"[./]", metric)[-1].casefold().replace("-", "_")))


def lowest_loss(objective: Objective, losses: Sequence[float]) -> float:
    """The loss that cannot be bettered: no error, every example right; -inf where not known.

    Source: A1.

    >>> lowest_loss(Objective("valid/accuracy", maximize=True), [-0.97, -0.9])
    -1.0
    """
    if not is_rate(objective.metric) or not losses:
        return -math.inf
    best = min(losses)
    # A share of mistakes; then of what is right, in percent where one is above 1.
    return next((floor for floor in (0.0, -1.0, -100.0) if floor <= best), -math.inf)


def largest_value(metric: str, records: Iterable[Record]) -> float:
    """The largest finite value of a metric over all trials and steps; 0 where none is above it.

    A rate with a value above 1 is told in percent: its best may be 0.8, and is no share then.

    Source: A1.
    """
    values = (record.series(metric).values_P for record in records)
    return max(
        (float(np.max(one, initial=0.0, where=np.isfinite(one))) for one in values), default=0.0
    )


def standard_error(
    objective: Objective, value: float, examples: int | None, *, largest: float
) -> float | None:
    """The sampling error of a rate on so many examples; None where it cannot be known.

    It is not known of percent, which the largest value that was logged tells from a share.

    For a share p of n examples, sqrt(p (1 - p) / n), with two examples of either kind added so that
    no mistake in n examples does not count as certainty (Agresti and Coull 1998).

    Source: A1.
    """
    is_share = is_rate(objective.metric) and 0.0 <= value <= 1.0 and largest <= _ONE
    if examples is None or not is_share:
        return None
    share = (value * examples + 2) / (examples + 4)
    return math.sqrt(share * (1 - share) / (examples + 4))
