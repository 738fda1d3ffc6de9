"""Late fall: by which share of itself a loss still falls, however little that is of all it fell.

A loss that follows a power of the steps gains ever less beside what it gained first, and never
stops. Axes: P points of a curve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ...experiment.objective import Objective
from ...record import Record
from ..base import Round

Lateness: TypeAlias = Literal["falls", "stands", "open"]
# The stretches that are compared with the last fifth: that before it, and that in the middle.
_LAST, _BEFORE, _MIDDLE = (0.8, 1.0), (0.6, 0.8), (0.4, 0.6)
# Heuristic: fewer evaluations in a fifth tell no noise.
_MIN_POINTS = 4


@final
@dataclass(frozen=True, kw_only=True)
class Fall:
    """By which share of itself a loss fell, the mean of trainings, and its standard error."""

    share: float
    error: float


@final
@dataclass(frozen=True, kw_only=True)
class LateFall:
    """What trainings of one setting lost until their last fifth.

    Args:
        since_middle: Since the fifth in the middle: while the steps about doubled.
        since_before: Since the fifth before.
    """

    since_middle: Fall
    since_before: Fall

    def status(self, *, least: float = 0.02, sure: float = 3.0, doubt: float = 2.0) -> Lateness:
        """Whether it falls beyond its noise to the very end, or stands, or noise leaves it open.

        Args:
            least: Heuristic: a power law as slow as the 30th root of the steps falls by more while
                they double.
            sure: Standard errors, as for what still improves (C9).
            doubt: Standard errors that are not called none.

        Source: T1.
        """
        since_middle, since_before = self.since_middle, self.since_before
        if since_middle.share > max(least, sure * since_middle.error):
            return "falls" if since_before.share > since_before.error else "open"
        hidden = since_middle.share + doubt * since_middle.error
        # Heuristic: what is hidden is worth steps where it may be more than twice the least.
        return "open" if hidden > max(2 * least, -since_middle.share) else "stands"


def late_fall(played: Round, record: Record, objective: Objective) -> LateFall | None:
    """The late fall over all trainings of a record's setting in its round.

    None where a loss is not above 0, which has no shares, or too few evaluations tell its noise.

    Source: T1, A1.
    """
    alike = [
        one
        for one in played.records
        if one.status == "completed" and dict(one.setting) == dict(record.setting)
    ]
    curves = [_fifths(one, objective, played.experiment.max_steps) for one in alike or [record]]
    whole = [one for one in curves if one is not None]
    if objective.maximize or not whole or len(whole) < len(curves):
        return None
    return LateFall(
        since_middle=_mean([_fall(middle, last) for middle, _, last in whole]),
        since_before=_mean([_fall(before, last) for _, before, last in whole]),
    )


def _fifths(
    record: Record, objective: Objective, max_steps: int
) -> tuple[NDArray[np.float64], ...] | None:
    """The losses of the fifth in the middle, of the last but one, and of the last."""
    series = record.series(objective.metric)
    share_P = (series.steps_P + 1) / max_steps
    values_P = series.values_P
    fifths = tuple(
        values_P[(share_P > low) & (share_P <= high)] for low, high in (_MIDDLE, _BEFORE, _LAST)
    )
    usable = all(len(one) >= _MIN_POINTS and np.isfinite(one).all() for one in fifths)
    return fifths if usable and all((one > 0).all() for one in fifths) else None


def _fall(early_P: NDArray[np.float64], late_P: NDArray[np.float64]) -> Fall:
    before, after = float(early_P.mean()), float(late_P.mean())
    error = math.hypot(_error(early_P) / before, _error(late_P) / after) * after / before
    return Fall(share=1.0 - after / before, error=error)


def _error(values_P: NDArray[np.float64]) -> float:
    """The standard error of a mean, by what follows one another: a slope is no noise."""
    return float(np.sqrt(np.mean(np.diff(values_P) ** 2) / 2 / len(values_P)))


def _mean(falls: Sequence[Fall]) -> Fall:
    """The mean over trainings; its error by their noise, or by how they differ if that is more."""
    count = len(falls)
    noise = math.sqrt(sum(one.error**2 for one in falls)) / count
    between = stdev([one.share for one in falls]) / math.sqrt(count) if count > 1 else 0.0
    return Fall(share=fmean(one.share for one in falls), error=max(noise, between))
