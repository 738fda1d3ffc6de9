"""A row a study for the table of a verdict: value, count, sampling error, best trial."""

from __future__ import annotations

from collections.abc import Sequence

from ..analyze.views.outcomes import Outcome
from ..finding import StudyRow
from .ranking import RankedStudy

# A 95 % interval of a normal value, in standard errors.
_REACH = 1.96


def study_rows(studies: Sequence[RankedStudy], examples: int | None) -> tuple[StudyRow, ...]:
    """The studies as a table says them, in their order.

    Source: A1, R13.
    """
    return tuple(_row(study, examples) for study in studies)


def _row(ranked: RankedStudy, examples: int | None) -> StudyRow:
    feasible, ended = ranked.feasible, len(ranked.outcomes)
    best, error = ranked.best, ranked.standard_error
    if best is None or best.value is None:
        return StudyRow(study=ranked.study.name, value=None, feasible=feasible, ended=ended)
    return StudyRow(
        study=ranked.study.name,
        value=best.value,
        count=round(best.value * examples) if error is not None and examples else None,
        low=None if error is None else max(0.0, best.value - _REACH * error),
        high=None if error is None else min(1.0, best.value + _REACH * error),
        trial=best.trial,
        step=best.step,
        feasible=feasible,
        ended=ended,
        retrained=_retrained(ranked.outcomes, best),
    )


def _retrained(ended: Sequence[Outcome], best: Outcome) -> int:
    """How often the setting of the best trial was trained."""
    return sum(outcome.record.setting == best.record.setting for outcome in ended)
