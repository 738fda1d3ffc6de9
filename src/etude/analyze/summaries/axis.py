"""The objective against one hyperparameter."""

from __future__ import annotations

from collections import Counter
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


@final
@dataclass(frozen=True, kw_only=True)
class AxisGrid:
    """Hyperparameters of several studies: a row a hyperparameter, a column a study.

    Args:
        columns: The names of the studies.
        rows: Each hyperparameter with its axis in every study, None where a study has it not.
        values: The objectives of all trials that the columns share an axis with.
    """

    metric: str
    maximize: bool
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Axis | None, ...]], ...]
    values: tuple[float, ...]


def axis_grids(
    compared: Sequence[tuple[Study, Sequence[Outcome]]],
    names: Sequence[str] | None = None,
    *,
    columns: int = 4,
) -> list[AxisGrid]:
    """The hyperparameters of studies beside each other, at most so many studies in a grid.

    Scientific hyperparameters come first, then those that most studies share; one along which no
    trial of a grid ended is left out.

    Args:
        compared: The studies with their outcomes.
        names: The hyperparameters to draw; None draws all.
        columns: Studies in a grid.

    Source: C1, C13.
    """
    counts = Counter(name for study, _ in compared for name in study.space.domains)
    scientific = {name for study, _ in compared for name in study.merged}
    order = sorted(counts, key=lambda name: (name not in scientific, -counts[name]))
    drawn = [name for name in order if names is None or name in names]
    values = [outcome.value for _, ended in compared for outcome in ended]
    grids = [compared[at : at + columns] for at in range(0, len(compared), columns)]
    return [
        _grid(given, drawn, tuple(value for value in values if value is not None))
        for given in grids
    ]


def _grid(
    compared: Sequence[tuple[Study, Sequence[Outcome]]],
    names: Sequence[str],
    values: tuple[float, ...],
) -> AxisGrid:
    rows = [
        (
            name,
            tuple(
                axis(study, ended, name) if name in study.space.domains else None
                for study, ended in compared
            ),
        )
        for name in names
    ]
    return AxisGrid(
        metric=compared[0][0].metric,
        maximize=compared[0][0].maximize,
        columns=tuple(study.name for study, _ in compared),
        rows=tuple(row for row in rows if any(cell and cell.points for cell in row[1])),
        values=values,
    )


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
