"""A row a study for the table of a verdict: value, count, interval, best trial."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scipy import stats

from ..analyze.comparison.comparison import Side
from ..finding import SAMPLING_ERRORS, StudyRow
from .ranking import RankedStudy

_NO_SIDES: Mapping[str, Side] = {}


def study_rows(
    studies: Sequence[RankedStudy], examples: int | None, sides: Mapping[str, Side] = _NO_SIDES
) -> tuple[StudyRow, ...]:
    """The studies as a table says them, in their order.

    Args:
        studies: The leader first.
        examples: Validation examples behind a value.
        sides: The trainings of the best settings, by study, where the verdict rests on them.

    Source: A1, A2, R13.
    """
    return tuple(_row(study, examples, sides.get(study.study.name)) for study in studies)


def _row(ranked: RankedStudy, examples: int | None, side: Side | None) -> StudyRow:
    feasible, ended = ranked.feasible, len(ranked.outcomes)
    best, error = ranked.best, ranked.standard_error
    if best is None or best.value is None:
        return StudyRow(study=ranked.study.name, value=None, feasible=feasible, ended=ended)
    value, low, high = best.value, None, None
    count = round(value * examples) if error is not None and examples else None
    if error is not None:
        low = max(0.0, value - SAMPLING_ERRORS * error)
        high = min(1.0, value + SAMPLING_ERRORS * error)
    if side is not None and side.finite:
        value, count = side.mean, None
        low, high = _interval(side)
    return StudyRow(
        study=ranked.study.name,
        value=value,
        count=count,
        low=low,
        high=high,
        trial=best.trial,
        step=best.step,
        feasible=feasible,
        ended=ended,
        retrained=1 if side is None else side.trainings,
    )


def _interval(side: Side) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of a mean, by Student's t; None where one value has no spread."""
    if math.isnan(side.sd):
        return None, None
    count = len(side.finite)
    reach = float(stats.t.isf(0.025, count - 1)) * side.sd / math.sqrt(count)
    return side.mean - reach, side.mean + reach
