"""Training curves: every trial, the best few marked.

Letters: P points of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ..record import Record, Records, Status
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class Curve:
    """One metric of one trial, thinned for drawing: finite values only.

    Args:
        rank: 1 for the study's best trial by its metric, up to the number asked for; 0 otherwise.
        broke_at: The step of the first value that is not finite; None where all are.
    """

    trial: int
    status: Status
    reason: str
    rank: int
    steps_P: tuple[int, ...]
    values_P: tuple[float, ...]
    broke_at: int | None

    @property
    def infeasible(self) -> bool:
        """Whether the trial is infeasible."""
        return self.status == "infeasible"


@final
@dataclass(frozen=True, kw_only=True)
class Curves:
    """One metric of every trial of a study that has values of it, by trial id; `best` are ids, best first."""

    study: str
    metric: str
    best: tuple[int, ...]
    curves: tuple[Curve, ...]


def curves(
    study: Study,
    records: Records | Sequence[Record],
    metric: str,
    *,
    best: int = 3,
    max_points: int = 200,
) -> Curves:
    """The curves of one metric, each thinned to `max_points` with its extremes kept.

    Source: C5, C13.
    """
    raise NotImplementedError


def metrics(study: Study, records: Records | Sequence[Record]) -> list[str]:
    """The metrics the study's trials have values of: its own first, the others by name.

    Source: C5.
    """
    raise NotImplementedError
