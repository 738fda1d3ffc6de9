"""Studies whose lowest point is known, for `claims/boundary.py`, and an oracle that knows a family.

Ridges stand in for grids of language-model pre-training over rate and batch, where the best rate
moves with the batch: steep above the best rate, slow below, losses in nats. A cut costs 0.005 nats
or more. Bowls are separable parabolas with noise; crowds are trials of a search that adapts.

Axes: T trials, D axes, N points of a grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from boundary import drawn_valley, record, study_of
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.optimize import nnls

from etude.analyze.checks.boundary import boundary
from etude.analyze.views.outcomes import outcomes
from etude.search.quasi_random import points
from etude.space import Choice, Domain, Real

Floats: TypeAlias = NDArray[np.float64]
Side: TypeAlias = tuple[int, str]
# The least that a cut costs, and the most, in nats.
CUT_COST = (0.005, 0.05)
NEAR, FAR = 0.1, 0.6  # of an axis, that a lowest point lies beyond a bound
INSIDE = (0.2, 0.8)


@dataclass(frozen=True)
class Drawn:
    """Trials in the unit cube, their losses, and the side that cuts off, if one does."""

    unit_TxD: Floats
    loss_T: Floats
    side: Side | None
    search: str = "quasi_random"
    lists: int = 0

    def problems(self) -> set[Side]:
        """The sides that C1 calls a problem."""
        axes = self.unit_TxD.shape[1]
        domains: dict[str, Domain] = {f"x{axis}": Real(0.1, 0.9) for axis in range(axes)}
        for axis in range(self.lists and 1):
            domains[f"x{axis}"] = Choice([2.0**power for power in range(self.lists)])
        study = study_of(domains, len(self.loss_T))
        study = type(study)(**{**vars(study), "search": self.search})
        records = [
            record(study, place, float(loss), study.space.setting(unit_D.tolist()))
            for place, (loss, unit_D) in enumerate(zip(self.loss_T, self.unit_TxD, strict=True))
        ]
        sides = boundary(study, outcomes(study, records)).sides
        return {
            (int(side.hyperparameter[1:]), side.side) for side in sides if side.status == "problem"
        }


def units(rng: Generator, axes: int, trials: int) -> Floats:
    return points(axes, int(rng.integers(2**31)), trials)


def with_noise(rng: Generator, loss_T: Floats, share: float) -> Floats:
    return loss_T + rng.normal(0.0, share * float(np.ptp(loss_T)), len(loss_T))


# --- ridges


@dataclass(frozen=True)
class Ridge:
    """Losses above the floor, over the logarithms of a rate and of batch or 1 - momentum.

    Args:
        width: Of the rate, in decades.
        span: Of the other, in decades.
        slope: Decades that the best rate moves for one of the other.
        below: The rise for a decade below the best rate, squared; its tail grows slower.
        above: The same above it.
    """

    width: float
    span: float
    slope: float
    middle: float
    curve: float
    below: float
    above: float
    tail: float
    cap: float

    def loss(self, rate: Floats, other: Floats, best: float) -> Floats:
        away = rate - best - self.slope * (other - self.middle)
        low = self.below * away**2 / (1 + self.tail * np.abs(away))
        rise = np.where(away > 0, self.above * away**2, low)
        return np.asarray(np.minimum(rise + self.curve * (other - self.middle) ** 2, self.cap))

    def cost(self, best: float) -> float:
        """What the space costs if the best rate is this."""
        rate_N, other_N = np.linspace(0, self.width, 120), np.linspace(0, self.span, 40)
        return float(self.loss(rate_N[:, None], other_N[None], best).min())


def drawn_ridge(rng: Generator, kind: str) -> Ridge:
    batch = kind == "batch"
    span = rng.uniform(0.9, 2.4) if batch else rng.uniform(1.0, 2.0)
    below = 10 ** rng.uniform(-1.5, -0.4)
    return Ridge(
        width=rng.uniform(0.8, 2.5) if batch else rng.uniform(1.5, 3.0),
        span=span,
        slope=rng.uniform(0.3, 1.0) if batch else -1.0,
        middle=rng.uniform(0.3, 0.7) * span,
        curve=rng.uniform(0.02, 0.15),
        below=below,
        above=below * 10 ** rng.uniform(0.0, 1.3),
        tail=rng.uniform(0.0, 1.0),
        cap=rng.uniform(1.0, 5.0),
    )


def ridge(rng: Generator, trials: int, kind: str, which: str | None) -> Drawn:
    """A ridge with noise of up to 1 % of the range, cut off at this side of the rate."""
    shape = drawn_ridge(rng, kind)
    if which is None:
        best = rng.uniform(0.25, 0.75) * shape.width
    else:
        cost = 10 ** rng.uniform(*np.log10(CUT_COST))
        at = shape.width if which == "high" else 0.0
        sign = 1.0 if which == "high" else -1.0
        low, high = 0.0, 3.0
        for _ in range(40):
            middle = (low + high) / 2
            enough = shape.cost(at + sign * middle) >= cost
            low, high = (low, middle) if enough else (middle, high)
        best = at + sign * high
    unit_TxD = units(rng, 2, trials)
    loss_T = shape.loss(unit_TxD[:, 0] * shape.width, unit_TxD[:, 1] * shape.span, best)
    side = (0, which) if which else None
    return Drawn(unit_TxD, with_noise(rng, loss_T, rng.uniform(0.0, 0.01)), side)


# --- bowls


def bottom(rng: Generator, axes: int, which: str | None) -> Floats:
    bottom_D = rng.uniform(*INSIDE, axes)
    if which:
        beyond = rng.uniform(NEAR, FAR)
        bottom_D[0] = 1.0 + beyond if which == "high" else -beyond
    return np.asarray(bottom_D)


def weights(rng: Generator, axes: int, shape: tuple[int, ...] = ()) -> Floats:
    """Of axes, the first of which matters most, the others up to three times less."""
    weight = 10 ** rng.uniform(-0.5, 0.0, (*shape, axes))
    weight[..., 0] = 1.0
    return np.asarray(weight)


def bowl(rng: Generator, trials: int, axes: int, noise: float, which: str | None) -> Drawn:
    """A separable parabola."""
    unit_TxD, bottom_D = units(rng, axes, trials), bottom(rng, axes, which)
    loss_T = ((unit_TxD - bottom_D) ** 2) @ weights(rng, axes)
    return Drawn(unit_TxD, with_noise(rng, loss_T, noise), (0, which) if which else None)


def inside(rng: Generator, trials: int, axes: int) -> Drawn:
    """Any valley whose lowest point lies inside, or in a fifth of the studies none at all."""
    unit_TxD = units(rng, axes, trials)
    if rng.random() < 0.2:
        return Drawn(unit_TxD, rng.normal(size=trials), None)
    valley = drawn_valley(rng, bottom(rng, axes, None), 0)
    raw_T = type(valley)(**{**vars(valley), "shape": "bowl"}).loss(unit_TxD)
    level = float(np.quantile(raw_T, rng.uniform(0, 0.1)))
    middle = float(np.median(raw_T) * rng.uniform(0.5, 2))
    valley = type(valley)(**{**vars(valley), "level": level, "middle": middle})
    return Drawn(unit_TxD, with_noise(rng, valley.loss(unit_TxD), rng.uniform(0.0, 0.3)), None)


def listed(rng: Generator, trials: int, which: str | None) -> Drawn:
    """A list of five to seven numbers beside a range; the best is an inner one, or cut off."""
    values = int(rng.integers(5, 8))
    unit_TxD = units(rng, 2, trials)
    place_T = np.floor(unit_TxD[:, 0] * values).clip(0, values - 1)
    best = float(rng.integers(1, values - 1))
    if which:
        best = values - 1 + rng.uniform(0.6, 2.0) if which == "high" else -rng.uniform(0.6, 2.0)
    weight = 10 ** rng.uniform(-0.5, 0.0)
    away_T = (place_T - best) / values
    loss_T = away_T**2 + weight * (unit_TxD[:, 1] - rng.uniform(*INSIDE)) ** 2
    noisy_T = with_noise(rng, loss_T, rng.uniform(0.0, 0.1))
    return Drawn(unit_TxD, noisy_T, (0, which) if which else None, lists=values)


def crowd(rng: Generator, trials: int, which: str | None) -> Drawn:
    """Trials of a tree-structured Parzen estimator, imported: it crowds where it found the best."""
    bottom_D, start = bottom(rng, 2, which), 10
    # An interior optimum that lies high, as trials that crowd there must not move the bound.
    if not which:
        bottom_D[0] = rng.uniform(0.7, 0.88)
    weight_D = np.array([1.0, 10 ** rng.uniform(-1.0, 0.0)])
    noise = rng.uniform(0.01, 0.1)

    def loss(unit_D: Floats) -> float:
        return float(((unit_D - bottom_D) ** 2) @ weight_D + noise * rng.normal())

    unit_TxD = list(rng.random((start, 2)))
    losses = [loss(unit_D) for unit_D in unit_TxD]
    while len(losses) < trials:
        good = np.argsort(losses)[: max(2, math.ceil(0.2 * len(losses)))]
        centre_D = unit_TxD[int(rng.choice(good))]
        unit_D = np.clip(centre_D + rng.normal(0.0, 0.12, 2), 0.0, 1.0)
        unit_TxD.append(unit_D if rng.random() < 0.85 else rng.random(2))
        losses.append(loss(unit_TxD[-1]))
    side = (0, which) if which else None
    return Drawn(np.array(unit_TxD), np.array(losses), side, search="imported")


# --- the oracle


def evidence(drawn: Drawn) -> dict[Side, float]:
    """By how much a separable parabola fits better if its lowest point may lie beyond each side."""
    unit_TxD, loss_T = drawn.unit_TxD, drawn.loss_T
    axes = unit_TxD.shape[1]
    free = [_free(unit_TxD[:, axis]) for axis in range(axes)]
    found: dict[Side, float] = {}
    for axis in range(axes):
        others = [columns for other, columns in enumerate(free) if other != axis]
        rest = _rest([*others, free[axis]], loss_T)
        u_T = unit_TxD[:, axis]
        # A parabola with its lowest point between 0 and 1 is a sum of those at 0 and at 1.
        within = _rest([*others, np.stack([u_T**2, u_T**2 - 2 * u_T], axis=1)], loss_T)
        gain = len(loss_T) * math.log(within / rest) if rest > 0 else 0.0
        falls = float(np.polyfit(u_T, loss_T, 1)[0]) < 0
        found[axis, "high"], found[axis, "low"] = (gain, 0.0) if falls else (0.0, gain)
    return found


def _free(unit_T: Floats) -> Floats:
    return np.stack([unit_T**2, unit_T, -unit_T], axis=1)


def _rest(columns: Sequence[Floats], loss_T: Floats) -> float:
    ones_T = np.ones((len(loss_T), 1))
    _, norm = nnls(np.concatenate([ones_T, -ones_T, *columns], axis=1), loss_T)
    return float(norm**2)


@cache
def bar(axes: int, trials: int, noise: float, studies: int = 400) -> float:
    """The evidence that only one study in twenty has at any side, where the lowest is inside."""
    drawn = [
        bowl(np.random.default_rng([20, axes, trials, place]), trials, axes, noise, None)
        for place in range(studies)
    ]
    return float(np.quantile([max(evidence(one).values()) for one in drawn], 0.95))
