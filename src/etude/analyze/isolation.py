"""The best trial of each study, beside those of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from ..record import Record, Records
from ..space import Scalar
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class StudyBest:
    """The best trial of one study.

    Args:
        trial: Its id; None (as `value`, `step`, `low`, `high`) where no trial is feasible.
        low: With `high`, the 95 % interval of the best from the luck of the search, `low <= high`.
            None where the samples held no feasible trial.
        values: The best value of every feasible trial, by trial id.
    """

    study: str
    scientific: Mapping[str, Scalar]
    trial: int | None
    value: float | None
    step: int | None
    low: float | None
    high: float | None
    ended: int
    feasible: int
    infeasible: int
    values: Mapping[int, float]


@final
@dataclass(frozen=True, kw_only=True)
class Isolation:
    """The best trial of each study, in the studies' order."""

    metric: str
    maximize: bool
    studies: tuple[StudyBest, ...]


def isolation(studies: Sequence[Study], records: Records | Sequence[Record]) -> Isolation:
    """The objective of the best trial over the nuisance hyperparameters, for each scientific setting.

    Source: C12, Q10.
    """
    raise NotImplementedError
