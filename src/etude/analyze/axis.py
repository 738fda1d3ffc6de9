"""The objective against one hyperparameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ..record import Record, Records, Status
from ..space import Domain, Scalar
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class AxisPoint:
    """One ended trial; `objective` is its best value, None where it is infeasible or has none."""

    trial: int
    value: Scalar
    unit: float
    objective: float | None
    status: Status
    reason: str


@final
@dataclass(frozen=True, kw_only=True)
class Axis:
    """Every ended trial of a study along one hyperparameter, by trial id."""

    study: str
    hyperparameter: str
    domain: Domain
    metric: str
    maximize: bool
    points: tuple[AxisPoint, ...]


def axis(study: Study, records: Records | Sequence[Record], hyperparameter: str) -> Axis:
    """Every ended trial of the study along one hyperparameter.

    Source: C1, C13.
    """
    raise NotImplementedError


def axes(study: Study, records: Records | Sequence[Record]) -> list[Axis]:
    """One axis for every hyperparameter that varies.

    Source: C13.
    """
    raise NotImplementedError
