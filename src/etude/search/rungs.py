"""Rungs: the lengths at which trials of one study are compared."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..record import Record, Series
from ..study import Study, evaluation_steps


def evaluation_lengths(study: Study, lengths: Iterable[float]) -> list[int]:
    """The lengths in updates, each moved up to the next evaluation; the full length is none.

    Source: E2.
    """
    ends = [step + 1 for step in evaluation_steps(study.max_steps, study.evaluations)]
    places = {bisect_left(ends, length) for length in lengths}
    return [ends[place] for place in sorted(places) if place < len(ends) - 1]


def beyond(lengths: Iterable[int]) -> list[int]:
    """The lengths, and one update beyond each: a report there says that a trial did not pause.

    >>> beyond([3, 9])
    [3, 4, 9, 10]
    """
    return sorted({length + extra for length in lengths for extra in (0, 1)})


@final
@dataclass(frozen=True)
class RungTrial:
    """A trial and what it reported up to a rung."""

    study: Study
    record: Record

    def has_reached(self, length: int) -> bool:
        """Whether the trial reported the metric after `length` updates, or later."""
        steps_P = self._series.steps_P
        return bool(len(steps_P)) and int(steps_P[-1]) + 1 >= length

    def has_overrun(self, length: int) -> bool:
        """Whether it went past a length at which it was to pause, for it writes no checkpoint.

        One evaluation further: the checkpoint of an evaluation comes after its values, so before
        the next one nobody can tell whether there is none.
        """
        return not self.record.checkpoints and self.has_reached(length + 1)

    @property
    def missed_its_end(self) -> bool:
        """Whether it went past the length at which it was to pause, or has no checkpoint there."""
        record, until = self.record, self.record.until_step
        if until is None:
            return False
        return self.has_overrun(until) or (record.status == "paused" and record.steps > until)

    def best(self, length: int) -> float:
        """The best value up to `length` updates, lower is better; `inf` where none counts.

        Best, not last: C1 asks for the best value over the course of the trial. What an infeasible
        trial reported before it diverged or failed is no result: a curve that dips and then
        diverges must not win.

        Source: C1, C3.
        """
        if self.record.status == "infeasible":
            return math.inf
        values_P = self._losses[self._series.steps_P < length]
        return float(values_P[np.isfinite(values_P)].min(initial=math.inf))

    def value_at(self, length: int) -> float:
        """The first value reported after `length` updates or later; `inf` where none counts."""
        values_P = self._losses[self._series.steps_P >= length - 1]
        return float(values_P[0]) if len(values_P) and math.isfinite(values_P[0]) else math.inf

    @cached_property
    def _series(self) -> Series:
        return self.record.series(self.study.metric)

    @cached_property
    def _losses(self) -> NDArray[np.float64]:
        return self.study.objective.loss(self._series.values_P)
