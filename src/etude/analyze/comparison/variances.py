"""The three sources of variation of a setting, each with how sure it is: trial, study and data.

Axes: T trials, B bootstrap samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Literal, TypeAlias, final

import numpy as np
import scipy
from numpy.typing import NDArray

from ...experiment.objective import Objective
from ..statistics.two_sample import Difference, difference

Source: TypeAlias = Literal["trial", "study", "data"]

# Heuristic: the usual 5 %.
_LEVEL = 0.05
# Heuristic: of fewer trials nobody knows how the best of another search would lie.
_LEAST_TRIALS = 10
_BOOTSTRAP = 1000
# Measured on six families of losses, 10 to 50 trials: resamples of a sample whose best has a long
# tail below it show half of the true standard deviation. Their upper end, widened by so much, holds
# it in 97 to 100 %; as it is, in 43 to 100 %.
_WIDENED = 2.5


@final
@dataclass(frozen=True, kw_only=True)
class Variation:
    """One source of variation: its standard deviation with a 95 % interval.

    Args:
        sd: In the unit of the metric; NaN where it is not known.
        low: The lower end of its interval, 0 where the source may not be there at all.
        high: The upper end.
        rests_on: How many trainings it is known from; of searches, how many of them.
        basis: `trainings` of one setting, `searches` that were run, `resampled` trials of one
            search, `splits` trained on, or empty where nothing is known.
        with_trial: Whether trial variance is still in it, since that is not known by itself.
    """

    source: Source
    sd: float = math.nan
    low: float = math.nan
    high: float = math.nan
    rests_on: int = 0
    basis: Literal["", "trainings", "searches", "resampled", "splits"] = ""
    with_trial: bool = False

    @property
    def is_known(self) -> bool:
        """Whether there is a number."""
        return math.isfinite(self.sd)


@final
@dataclass(frozen=True, kw_only=True)
class Variances:
    """The three sources of variation of one setting.

    Args:
        name: As messages call it.
        values: Of the trainings on other splits, by the seed of the split; NaN for a failed one.
        given: The mean of its trainings on the split that the workload or the code has; NaN where
            that is not known.
    """

    name: str
    metric: str
    maximize: bool
    trial: Variation
    study: Variation
    data: Variation
    values: Mapping[int, float]
    given: float = math.nan

    @property
    def sources(self) -> tuple[Variation, ...]:
        """The three, in the playbook's order."""
        return self.trial, self.study, self.data

    @property
    def failed(self) -> int:
        """How many trainings on other splits failed."""
        return sum(not math.isfinite(value) for value in self.values.values())

    @property
    def finite(self) -> tuple[float, ...]:
        """The values of the trainings on other splits that did not fail."""
        return tuple(value for value in self.values.values() if math.isfinite(value))

    @property
    def is_apart(self) -> bool:
        """Whether the given split is unlike the others: beyond where one more of them would lie.

        By the 95 % prediction interval of one more value. A random split of examples that depend on
        each other is easier than one that keeps them apart: then it is not the same question.
        """
        count = len(self.finite)
        if count < 3 or not math.isfinite(self.given):
            return False
        quantile = float(scipy.stats.t.isf(_LEVEL / 2, count - 1))
        reach = quantile * math.sqrt(variance(self.finite) * (1 + 1 / count))
        return abs(self.given - fmean(self.finite)) > reach

    @property
    def is_constant(self) -> bool:
        """Whether every split gave the same value, bit for bit."""
        return len(set(self.finite)) == 1 and len(self.finite) > 1


@final
@dataclass(frozen=True, kw_only=True)
class Pairs:
    """B against A, each pair trained on one split.

    Args:
        difference: Of B's mean to A's, by the spread of the differences on one split.
        better: On how many splits B is better; ties count to neither.
        gain: By how much B's mean is better, negative where it is worse.
    """

    count: int
    better: int
    gain: float
    difference: Difference


def pairs_of(a: Variances, b: Variances) -> Pairs | None:
    """B against A on the same splits; None where they have none in common.

    What a split does to both cancels, so that this tells more than their means do.

    Source: A1, A4.
    """
    both = [
        (a.values[split], b.values[split])
        for split in a.values
        if split in b.values and math.isfinite(a.values[split] + b.values[split])
    ]
    if not both:
        return None
    objective = Objective(b.metric, b.maximize)
    gap = difference([one for one, _ in both], [other for _, other in both], paired=True)
    return Pairs(
        count=len(both),
        better=sum(objective.gain(other - one) > 0 for one, other in both),
        gain=objective.gain(gap.by),
        difference=gap,
    )


def trial_variation(values: Sequence[float], *, copies: bool = False) -> Variation:
    """How much another seed changes the value, by trainings of one setting.

    The sample variance over degrees of freedom is chi-square where values are normal.

    Args:
        values: Final values, those that failed left out.
        copies: Whether all logged the same whatever their seed.

    Source: A1, A2.
    """
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return Variation(source="trial", rests_on=len(finite))
    if copies:
        return Variation(
            source="trial", sd=0.0, low=0.0, high=0.0, rests_on=len(finite), basis="trainings"
        )
    squared = variance(finite)
    low, high = _limits(squared, len(finite) - 1)
    return Variation(
        source="trial",
        sd=math.sqrt(squared),
        low=math.sqrt(low),
        high=math.sqrt(high),
        rests_on=len(finite),
        basis="trainings",
    )


def study_variation(
    bests: Sequence[float], losses: Sequence[float] = (), *, seed: int = 0
) -> Variation:
    """How much another seed of the search changes the best value that it ends with.

    Of two searches or more as it is; else by drawing the trials of one again, whose best is never
    better than the best at hand: that is rather too small, and its upper end is widened for it.

    Args:
        bests: The best value of each search that was run, this one among them.
        losses: The values of the trials of one search, lower is better, `inf` for infeasible.
        seed: Of the draws.

    Source: A1, A3, Q10.
    """
    ran = [value for value in bests if math.isfinite(value)]
    if len(ran) > 1:
        squared = variance(ran)
        low, high = _limits(squared, len(ran) - 1)
        return Variation(
            source="study",
            sd=math.sqrt(squared),
            low=math.sqrt(low),
            high=math.sqrt(high),
            rests_on=len(ran),
            basis="searches",
        )
    losses_T = np.asarray([loss for loss in losses if math.isfinite(loss)], dtype=np.float64)
    if len(losses_T) < _LEAST_TRIALS:
        return Variation(source="study", rests_on=len(losses_T))
    rows_BxT = np.random.default_rng(seed).integers(len(losses_T), size=(_BOOTSTRAP, len(losses_T)))
    sd_B = _sd_of_best(losses_T[rows_BxT])
    return Variation(
        source="study",
        sd=float(_sd_of_best(losses_T[None])[0]),
        low=float(np.quantile(sd_B, _LEVEL / 2)),
        high=_WIDENED * float(np.quantile(sd_B, 1 - _LEVEL / 2)),
        rests_on=len(losses_T),
        basis="resampled",
    )


def data_variation(
    values: Sequence[float], trial: Sequence[float] | None, *, copies: bool = False
) -> Variation:
    r"""How much another split of the data changes the value, by trainings on other splits.

    Each has a seed of its own too, so their variance is :math:`\sigma^2_{data} + \sigma^2_{trial}`.
    What retrainings know of the second is taken off, and the interval of the difference is put
    together of those of both (MOVER: Zou and Donner 2008): with :math:`s_1^2` and :math:`s_2^2` and
    their chi-square limits,

    .. math:: L = s_1^2 - s_2^2 - \sqrt{(s_1^2 - l_1)^2 + (u_2 - s_2^2)^2}

    and the upper end likewise, both at least 0.

    Args:
        values: One a split, NaN where training failed.
        trial: Values of the same setting with other seeds on one split; None, or fewer than two,
            where trial variance is not known: it then stays in, and the lower end is 0.
        copies: Whether these logged the same whatever their seed, so that there is none.

    Source: A1.
    """
    finite = [value for value in values if math.isfinite(value)]
    known = [value for value in trial or () if math.isfinite(value)]
    if len(finite) < 2:
        return Variation(source="data", rests_on=len(finite))
    both = variance(finite)
    low, high = _limits(both, len(finite) - 1)
    with_trial = len(known) < 2
    squared = both
    if with_trial:
        low = 0.0
    elif not copies:
        own = variance(known)
        own_low, own_high = _limits(own, len(known) - 1)
        squared = both - own
        low, high = (
            squared - math.hypot(both - low, own_high - own),
            squared + math.hypot(high - both, own - own_low),
        )
    return Variation(
        source="data",
        sd=_root(squared),
        low=_root(low),
        high=_root(high),
        rests_on=len(finite),
        basis="splits",
        with_trial=with_trial,
    )


def _limits(squared: float, freedom: int) -> tuple[float, float]:
    """The 95 % limits of a variance, by chi-square."""
    low, high = (scipy.stats.chi2.ppf(end, freedom) for end in (1 - _LEVEL / 2, _LEVEL / 2))
    return squared * freedom / float(low), squared * freedom / float(high)


def _root(squared: float) -> float:
    """The standard deviation of a variance, 0 where chance made that negative."""
    return math.sqrt(max(squared, 0.0))


def _sd_of_best(losses_BxT: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation of the lowest of T draws from T values, exactly.

    The lowest is beyond the k-th smallest in a share of (1 - k/T)^T of the draws.
    """
    count = losses_BxT.shape[-1]
    beyond = (1 - np.arange(count + 1) / count) ** count
    share_T = beyond[:-1] - beyond[1:]
    sorted_BxT = np.sort(losses_BxT, axis=-1)
    mean_B = sorted_BxT @ share_T
    squared_B = ((sorted_BxT - mean_B[:, None]) ** 2) @ share_T
    return np.asarray(np.sqrt(squared_B))
