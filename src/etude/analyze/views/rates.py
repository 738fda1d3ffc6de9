"""Rates: metrics that are shares of examples, by their names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from ...experiment.objective import Objective
from ...record import Series
from .outcomes import Outcome

# Shares of examples; what may stand before says of which data, or how many guesses count.
_RATE = re.compile(
    r"(?:(?:train|training|valid|validation|val|dev|test|eval|top_?\d+|classification)_)*"
    r"(?:error|accuracy|acc|error_rate|misclassification_rate)"
)

# What single precision makes of a share of 1.
LARGEST_SHARE: Final = 1.0 + 1e-6
# Heuristic: a mean of shares so far, or a loss of the same name, is logged on the way too.
_MOST_ON_THE_WAY = 2.0


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


def in_percent(metric: str, outcomes: Iterable[Outcome]) -> bool:
    """Whether a rate is told in percent: no share is above 1, and the best may be 0.8 %.

    Source: A1.
    """
    return is_rate(metric) and any(
        (outcome.value is not None and outcome.value > LARGEST_SHARE)
        or _largest(outcome.record.series(metric)) > _MOST_ON_THE_WAY
        for outcome in outcomes
    )


def _largest(series: Series) -> float:
    values_P = series.values_P
    return float(np.max(values_P, initial=0.0, where=np.isfinite(values_P)))


def standard_error(
    objective: Objective, value: float, examples: int | None, *, percent: bool
) -> float | None:
    """The sampling error of a rate on so many examples; None where it cannot be known.

    It is not known of what is told in `percent`.

    For a share p of n examples, sqrt(p (1 - p) / n), with two examples of either kind added so that
    no mistake in n examples does not count as certainty (Agresti and Coull 1998).

    Source: A1.
    """
    is_share = is_rate(objective.metric) and 0.0 <= value <= LARGEST_SHARE and not percent
    if examples is None or not is_share:
        return None
    share = (min(value, 1.0) * examples + 2) / (examples + 4)
    return math.sqrt(share * (1 - share) / (examples + 4))
