"""The trade-off of a budget: scientific values, nuisance dimensions, density of the points."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from ..space import Choice
from ..study import Study

# The sizes that Q10 resamples to, and a usual one between.
SIZES = (6, 20, 50, 100)
ASSUMPTION = (
    "Distance: how far the best trial is expected to lie from the best point, in % of the scale of "
    "the axis where it lies farthest, if trials are spread evenly and the nearest one wins. It "
    "knows no result and no noise: read it to compare designs, not as a promise."
)


@final
@dataclass(frozen=True, kw_only=True)
class Design:
    """One way to spend a number of trials.

    Args:
        name: What it changes, in words.
        values: Scientific settings that are compared, slices of a range included.
        dimensions: Nuisance hyperparameters of the setting that has most: ranges, ordered lists.
        kinds: Combinations of its unordered nuisance lists, which divide the trials.
        trials: In all.
    """

    name: str
    values: int
    dimensions: int
    kinds: int
    trials: int

    @property
    def trials_each(self) -> float:
        """Trials of one scientific setting."""
        return self.trials / self.values

    @property
    def points_per_dimension(self) -> float:
        """So many points along each axis would a grid of as many trials have."""
        return (
            (self.trials_each / self.kinds) ** (1 / self.dimensions)
            if self.dimensions
            else self.trials_each
        )

    @property
    def distance(self) -> float:
        """From the best point, as a share of the scale; see `distance`."""
        return distance(self.trials_each / self.kinds, self.dimensions)

    def distances(self, sizes: Sequence[int] = SIZES) -> dict[int, float]:
        """The same with so many trials for one scientific setting."""
        return {size: distance(size / self.kinds, self.dimensions) for size in sizes}


def trade_off(studies: Sequence[Study], values: int) -> list[Design]:
    """This design first, then others for the same total, then twice the total.

    The setting with most nuisance dimensions is judged: a comparison is as fair as its worst
    tuned side.

    Args:
        studies: As they are planned.
        values: Scientific settings that they compare: their number, or the parts of a merged one.

    Source: R15, R6.
    """
    dimensions, kinds = max(map(_dimensions, studies), default=(0, 1))
    trials = sum(study.max_trials for study in studies)
    now = Design(
        name="as it stands", values=values, dimensions=dimensions, kinds=kinds, trials=trials
    )
    return list(_designs(now))


def distance(trials: float, dimensions: int) -> float:
    """How far the nearest of `trials` points lies from a point inside, as a share of the scale.

    A cube of side 2 r around the best point holds none of n independent uniform points with
    probability (1 - (2 r)^d)^n, so (2 r)^d of the nearest has the distribution Beta(1, n) with mean
    1 / (n + 1): the share of the space that is better than the best of n, if the objective falls
    off from one best point alike on every axis. The mean of r itself is

        r = 1/2 n B(1 + 1/d, n),   about 1/2 (n + 1)^(-1/d).

    Assumes that the best point lies at least r inside, that all hyperparameters matter as much,
    and no noise. Points of low discrepancy do somewhat better.

    Source: R15, Q10.

    >>> round(distance(19, 1), 4)
    0.025
    """
    if dimensions == 0:
        return 0.0
    part = 1 / dimensions
    log_beta = math.lgamma(1 + part) + math.lgamma(trials) - math.lgamma(1 + part + trials)
    return 0.5 * trials * math.exp(log_beta)


def _dimensions(study: Study) -> tuple[int, int]:
    """Nuisance dimensions, and combinations of unordered lists."""
    nuisance = [one for name, one in study.space.domains.items() if name not in study.merged]
    unordered = [one for one in nuisance if isinstance(one, Choice) and not one.ordered]
    kinds = math.prod(len(one.values) for one in unordered)
    return len(nuisance) - len(unordered), kinds


def _designs(now: Design) -> Iterator[Design]:
    yield now
    if now.values > 2:
        yield _variant(now, "one scientific value fewer", values=now.values - 1)
    if now.values > 3:
        yield _variant(now, "only two scientific values", values=2)
    if now.dimensions > 1:
        yield _variant(now, "one nuisance dimension fewer", dimensions=now.dimensions - 1)
    if now.dimensions > 2:
        yield _variant(now, "only one nuisance dimension", dimensions=1)
    yield _variant(now, "twice the trials", trials=2 * now.trials)


def _variant(now: Design, name: str, **given: int) -> Design:
    return Design(**{**vars(now), "name": name, **given})
