"""Which trials are infeasible, why, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ..finding import Finding, Severity
from ..record import Record, Records
from ..space import Scalar
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Where infeasible trials lie along one axis: from `low` to `high`, in values and in units.

    Args:
        feasible: How many feasible trials lie in the same stretch.
        side: `high` where all lie above `low` and that is hardly chance, `low` likewise; else empty.
    """

    hyperparameter: str
    low: Scalar
    high: Scalar
    low_unit: float
    high_unit: float
    feasible: int
    side: str


@final
@dataclass(frozen=True, kw_only=True)
class Infeasible:
    """The infeasible trials of a study; `reasons` counts them, most frequent first."""

    study: str
    status: Severity
    ended: int
    trials: tuple[int, ...]
    reasons: Mapping[str, int]
    stretches: tuple[Stretch, ...]

    @property
    def fraction(self) -> float:
        """Of the ended trials, how many are infeasible; 0 where none has ended."""
        return len(self.trials) / self.ended if self.ended else 0.0


def infeasible(study: Study, records: Records | Sequence[Record]) -> Infeasible:
    """Counts, reasons and places of a study's infeasible trials.

    Source: C3.
    """
    raise NotImplementedError


def findings(result: Infeasible) -> list[Finding]:
    """One finding a study.

    Source: C3.
    """
    raise NotImplementedError
