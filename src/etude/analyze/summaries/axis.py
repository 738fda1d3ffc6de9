"""The objective against one hyperparameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...record import Status
from ...space import Domain, Scalar
from ...study import Study
from ..views.outcomes import Outcome


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


def axis(study: Study, ended: Sequence[Outcome], hyperparameter: str) -> Axis:
    """Every ended trial of the study along one hyperparameter.

    Source: C1, C13.
    """
    domain = study.space.domains[hyperparameter]
    return Axis(
        study=study.name,
        hyperparameter=hyperparameter,
        domain=domain,
        metric=study.metric,
        maximize=study.maximize,
        points=tuple(
            _point(outcome, domain, hyperparameter)
            for outcome in ended
            if hyperparameter in outcome.record.setting
        ),
    )


def axes(study: Study, ended: Sequence[Outcome]) -> list[Axis]:
    """One axis for every hyperparameter that varies.

    Source: C13.
    """
    return [axis(study, ended, name) for name in study.space.domains]


def _point(outcome: Outcome, domain: Domain, hyperparameter: str) -> AxisPoint:
    value = outcome.record.setting[hyperparameter]
    return AxisPoint(
        trial=outcome.trial,
        value=value,
        unit=domain.unit(value),
        objective=outcome.value,
        status=outcome.record.status,
        reason=outcome.record.reason,
    )
