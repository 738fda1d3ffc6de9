"""Whether the best trials lie at an edge of the space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

from ..finding import Finding, Severity
from ..record import Record, Records
from ..space import Scalar
from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of one axis.

    Args:
        bound: The value at this side.
        near: How wide the edge is, as a fraction of the axis.
        top: The best feasible trials (more than asked for where values tie).
        near_top: Those of them in the edge.
        best_unit: Where the best trial lies on the axis, 0 to 1; None without a feasible trial.
        chance: How likely so many of the top would lie in the edge of any side of this study, did the
            hyperparameters not matter; None where it was not computed.
        infeasible: The infeasible trials in the edge.
        cliff: Whether infeasible trials fill the edge, so that it is the feasible region that ends.
        natural: Whether the bound is a natural limit, which cannot move.
    """

    hyperparameter: str
    side: Literal["low", "high"]
    status: Severity
    bound: Scalar
    near: float
    top: tuple[int, ...] = ()
    near_top: tuple[int, ...] = ()
    best_unit: float | None = None
    chance: float | None = None
    infeasible: tuple[int, ...] = ()
    cliff: bool = False
    natural: bool = False
    reason: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Boundary:
    """Every side of every axis of a study that has sides (an unordered Choice has none)."""

    study: str
    feasible: int
    sides: tuple[Side, ...]


def boundary(study: Study, records: Records | Sequence[Record]) -> Boundary:
    """For each side of each axis, whether the best trials crowd against it.

    Source: C1, D3.
    """
    raise NotImplementedError


def findings(result: Boundary) -> list[Finding]:
    """One finding a side.

    Source: C1, D3.
    """
    raise NotImplementedError
