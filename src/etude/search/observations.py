"""Observations for the surrogate: measured losses, infeasible trials and pending trials of a study.

Axes: T trials with a result, P trials that still run or wait, D hyperparameters that vary.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ..errors import SpaceError
from ..move import Start
from ..record import Record, Records, unsaid
from ..space import Scalar, Space
from ..study import Prior, Study
from .quasi_random import QuasiRandom

Floats: TypeAlias = NDArray[np.float64]

# X5's 15 of 60.
START = 0.25
# X2's "many standard deviations above the mean", robust: the playbook's own number.
DIVERGED_SD = 5.0
# Heuristic: of fewer losses, spread and outlier cannot be told apart.
FEWEST_LOSSES = 5
# The interquartile range of a normal distribution, in standard deviations.
IQR_SD = 1.349


@final
@dataclass(frozen=True, kw_only=True)
class Observations:
    """Results and waiting trials as points of the study's unit cube.

    Args:
        losses_T: Oriented, lower is better; NaN where the trial was infeasible.
        centre: The median loss of the start, which spreads evenly.
        spread: The robust standard deviation of the start's losses; 0 where it cannot be told.
    """

    units_TxD: Floats
    losses_T: Floats
    pending_PxD: Floats
    centre: float = 0.0
    spread: float = 0.0

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """feasible_T: which trials have a loss that counts."""
        return np.isfinite(self.losses_T)


def start_length(study: Study, share: float) -> int:
    """How many trials are quasi-random: a share of all, less those that earlier rounds spread here.

    Source: X5.
    """
    here = sum(one.even and _is_inside(study.space, one.setting) for one in study.prior)
    return max(0, math.ceil(share * study.max_trials) - here)


def evenly_begun(study: Study, records: Iterable[Record], most: int) -> int:
    """How many first trials stand where the quasi-random sequence has them, `most` at most.

    Where `trials` grew, a longer start is due than there was: what came after it was chosen by
    results, and crowds around the best.

    Source: X5.
    """
    ordered = sorted(records, key=lambda record: (record.index, record.id))[:most]
    sequence = QuasiRandom().moves(study, Records.of([]), len(ordered))
    pairs = zip(ordered, sequence, strict=False)
    stand = (
        all(record.setting.get(name) == value for name, value in move.searched.items())
        for record, move in pairs
        if isinstance(move, Start)
    )
    return sum(1 for _ in takewhile(bool, stand))


def observations(study: Study, records: Records, *, start: int) -> Observations:
    """The observations of a study, in the order of its trials' indices, however they come.

    A trial that failed by the code or the machine says nothing of its setting: it counts as one
    that waits, for it is trained again when that is mended, and none like it is needed now.
    Infeasible is any other that could not be trained, and one that is worse than
    the median of the start by more than five robust standard deviations. Only the start is asked
    for these: later trials crowd around the best, and beside their spread everything is an outlier.

    Args:
        study: Its `prior` trials come first.
        records: Of this study.
        start: How many of its trials spread evenly, before the search began to adapt.

    Source: X2, C1.
    """
    space = study.space
    ordered = sorted(records, key=lambda record: (record.index, record.id))
    silent = unsaid(space, ordered)
    pending = [one.setting for one in ordered if not one.ended or one.id in silent]
    of_start = [one for one in ordered[:start] if one.id not in silent]
    ordered = [one for one in ordered if one.id not in silent]
    # The results of earlier rounds that have a place in this space, then those of this one.
    prior = [trial for trial in study.prior if _point(space, trial.setting) is not None]
    results = [*_prior_results(study, prior), *_results(study, ordered)]
    losses_T = np.array([loss for _, loss in results])
    # Outliers, by the scale of the trials that spread evenly.
    even_prior = [trial for trial in prior if trial.even]
    even = [*_prior_results(study, even_prior), *_results(study, of_start)]
    centre, spread = _centre_and_spread(np.array([loss for _, loss in even]))
    if spread > 0.0:
        losses_T = np.where(losses_T > centre + DIVERGED_SD * spread, np.nan, losses_T)
    return Observations(
        units_TxD=_units(space, (setting for setting, _ in results)),
        losses_T=losses_T,
        pending_PxD=_units(space, pending),
        centre=centre,
        spread=spread,
    )


def subsample(observations: Observations, most: int) -> Observations:
    """At most so many results: half of them the best, the others evenly spread over the history.

    >>> six = Observations(
    ...     units_TxD=np.zeros((6, 1)),
    ...     losses_T=np.array([6.0, 1.0, 5.0, math.nan, 2.0, 4.0]),
    ...     pending_PxD=np.zeros((0, 1)),
    ... )
    >>> subsample(six, 4).losses_T
    array([ 6.,  1., nan,  2.])
    """
    count = len(observations.losses_T)
    if count <= most:
        return observations
    order_T = np.argsort(observations.losses_T, kind="stable")  # NaN comes last
    rest_T = np.sort(order_T[most // 2 :])
    even_T = rest_T[np.arange(most - most // 2) * len(rest_T) // (most - most // 2)]
    sample_T = np.sort(np.append(order_T[: most // 2], even_T))
    return replace(
        observations,
        units_TxD=observations.units_TxD[sample_T],
        losses_T=observations.losses_T[sample_T],
    )


def _prior_results(
    study: Study, prior: Iterable[Prior]
) -> list[tuple[Mapping[str, Scalar], float]]:
    loss = study.objective.loss
    return [(one.setting, math.nan if one.value is None else loss(one.value)) for one in prior]


def _results(study: Study, records: Iterable[Record]) -> list[tuple[Mapping[str, Scalar], float]]:
    """Each trial that says something: one that ended well without the metric says nothing."""
    results = []
    for record in records:
        best = record.best(study.metric, maximize=study.maximize)
        if record.status == "infeasible":
            results.append((record.setting, math.nan))
        elif record.ended and best is not None:
            results.append((record.setting, study.objective.loss(best.value)))
    return results


def _centre_and_spread(losses_T: Floats) -> tuple[float, float]:
    """Median and robust standard deviation; 0 for the latter where the losses are too few."""
    finite_T = losses_T[np.isfinite(losses_T)]
    if len(finite_T) < FEWEST_LOSSES:
        return (float(np.median(finite_T)) if len(finite_T) else 0.0), 0.0
    low, centre, high = np.quantile(finite_T, [0.25, 0.5, 0.75])
    return float(centre), float(high - low) / IQR_SD


def _point(space: Space, setting: Mapping[str, Scalar]) -> Floats | None:
    """The setting on the space's axes, beyond their bounds too; None where it has no place.

    A round before may have had texts, or numbers of another scale, where this one has a range.
    """
    try:
        unit_D = np.array(space.unit(setting))
    except (KeyError, SpaceError, TypeError, ValueError):
        return None
    return unit_D if np.isfinite(unit_D).all() else None


def _is_inside(space: Space, setting: Mapping[str, Scalar]) -> bool:
    unit_D = _point(space, setting)
    return unit_D is not None and bool(((unit_D >= 0.0) & (unit_D <= 1.0)).all())


def _units(space: Space, settings: Iterable[Mapping[str, Scalar]]) -> Floats:
    units = [space.unit(one) for one in settings]
    return np.array(units).reshape(len(units), space.dimensions)
