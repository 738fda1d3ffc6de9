"""How the studies stand to each other: the best of each, and the leader's lead with its interval.

Letters: B bootstrap samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..analyze.outcome import Outcome, outcomes, ranked
from ..analyze.sampling_luck import best_of, interval
from ..experiment import Experiment
from ..record import Record
from ..study import Study, derived_seed


@final
@dataclass(frozen=True, kw_only=True)
class Standing:
    """The best trial of a study; `standard_error` of its value, None where it is not known."""

    study: Study
    outcomes: tuple[Outcome, ...]
    best: Outcome | None
    standard_error: float | None

    @property
    def feasible(self) -> int:
        """How many trials have a value that counts."""
        return sum(one.feasible for one in self.outcomes)


@final
@dataclass(frozen=True, kw_only=True)
class Lead:
    """By how much the leader is better than `over`, positive when it is, with the 95 % interval."""

    over: str
    by: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the interval excludes that the other is as good."""
        return self.low > 0


def standings(
    experiment: Experiment, studies: Sequence[Study], records: Sequence[Record]
) -> list[Standing]:
    """How each study stands, the leader first, those without a value last.

    Source: R13, C12.
    """
    found = [_standing(experiment, study, records) for study in studies]
    return sorted(found, key=lambda one: (one.best.loss if one.best else math.inf, one.study.name))


def _standing(experiment: Experiment, study: Study, records: Sequence[Record]) -> Standing:
    ended = outcomes(study, records)
    best_first = ranked(ended)
    best = best_first[0] if best_first else None
    value = best.value if best else None
    return Standing(
        study=study,
        outcomes=tuple(ended),
        best=best,
        standard_error=None if value is None else standard_error(experiment, value),
    )


def is_rate(metric: str) -> bool:
    """Whether the metric's name says that it is a share of examples.

    Source: A1.

    >>> is_rate("valid/error"), is_rate("valid/loss")
    (True, False)
    """
    return metric.endswith(("error", "accuracy"))


def standard_error(experiment: Experiment, value: float) -> float | None:
    """The sampling error of a rate on the validation examples; None where it cannot be known.

    For a share p of n examples, sqrt(p (1 - p) / n), with two examples of either kind added so that
    no mistake in n examples does not count as certainty (Agresti and Coull 1998).

    Source: A1.
    """
    examples = experiment.validation_examples
    if examples is None or not is_rate(experiment.metric) or not 0.0 <= value <= 1.0:
        return None
    share = (value * examples + 2) / (examples + 4)
    return math.sqrt(share * (1 - share) / (examples + 4))


def lead(
    leader: Standing,
    other: Standing,
    *,
    # No source, ours: with fewer values, resampling them says nothing of the luck of the search.
    min_feasible: int = 6,
) -> Lead:
    """The leader's lead over another study, with the luck of both searches and the sampling error.

    Both studies are resampled; the interval reaches as far to either side as the samples do to the
    wider one. Percentiles alone know that a best may be lucky, never that the other's is unlucky:
    no sample beats its study. Measured on pairs of equal studies, percentiles call one of them
    better in up to 14 %, this interval in at most 6 %; where the other is only four times as hard
    to tune, in up to 89 % against 38 %.

    Source: A2, Q10.
    """
    mine, theirs = _loss(leader), _loss(other)
    by = theirs - mine if math.isfinite(mine) and math.isfinite(theirs) else math.inf
    reach = math.inf
    if math.isfinite(by) and min(leader.feasible, other.feasible) >= min_feasible:
        low, high = interval(_lead_samples(leader, other))
        reach = max(by - low, high - by)
    return Lead(over=other.study.name, by=by, low=by - reach, high=by + reach)


def _loss(standing: Standing) -> float:
    return standing.best.loss if standing.best else math.inf


def _lead_samples(leader: Standing, other: Standing) -> NDArray[np.float64]:
    mine_B, theirs_B = _best_samples(leader), _best_samples(other)
    # A sample without any feasible trial in both studies tells neither from the other.
    with np.errstate(invalid="ignore"):
        lead_B = np.nan_to_num(theirs_B - mine_B, nan=0.0, posinf=np.inf, neginf=-np.inf)
    # One validation set serves both, so their errors go together: to add them is cautious.
    error = math.hypot(leader.standard_error or 0.0, other.standard_error or 0.0)
    rng = np.random.default_rng(derived_seed(leader.study.seed, "sampling error"))
    return np.asarray(lead_B + error * rng.standard_normal(len(lead_B)))


def _best_samples(standing: Standing) -> NDArray[np.float64]:
    losses = [one.loss for one in standing.outcomes]
    return best_of(losses, [len(losses)], seed=standing.study.seed)[:, 0]
