"""Whether one setting is better than another, judged by retrainings of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, harmonic_mean, median, stdev
from typing import Literal, TypeAlias, final

import scipy

from ...experiment.objective import Objective
from ..statistics.two_sample import Difference, difference
from .failure_rate import FailureRate, failure_rate, separating_threshold
from .retrainings import ENOUGH, Retrainings
from .sequential import SequentialPlan
from .superiority import Superiority, superiority

Answer: TypeAlias = Literal["better", "worse", "no_difference", "undecided"]

Why: TypeAlias = Literal["", "few", "none", "close", "look", "mixed", "copies"]

# Heuristic: the usual 5 %.
LEVEL = 0.05
# Of p over the level: up to here more seeds are asked for. Who does as told looks twice, and that
# is one more chance to be wrong. Followed to the end (`benchmarks/claims/compare.py`), from 5 or 10
# seeds a side, normal or with a fifth failing, at 1.6 up to 5.4 % of 2,000 comparisons of equals
# are wrong and 47 % of differences of one deviation are found; at 2.2 up to 6.0 and 53; at 2.8 up
# to 6.8 and 59. Where twice the seeds would tell, as it was before: up to 8.3 and 67.
CLOSE = 2.0
# Heuristic: who trains again wants four chances in five to see it.
_POWER = 0.8
# Heuristic: beyond it, a number of seeds is no advice.
MAX_MORE = 100


@final
@dataclass(frozen=True, kw_only=True)
class Side:
    """The trainings of one side; NaN where too few have a value.

    Args:
        failed: Those without a finite value.
        unlearned: Those with one on the far side of a wide gap; they count among the values.
        copies: Whether all are one training, whatever their seed: their spread is not known.
    """

    name: str
    values: tuple[float, ...]
    failed: int
    unlearned: int
    mean: float
    median: float
    sd: float
    copies: bool = False

    @property
    def trainings(self) -> int:
        """How many there are, failed ones too."""
        return len(self.values)

    @property
    def finite(self) -> tuple[float, ...]:
        """The values of those that did not fail."""
        return tuple(value for value in self.values if math.isfinite(value))

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the mean, by Student's t; None where one value has no spread."""
        if math.isnan(self.sd):
            return None
        count = len(self.finite)
        reach = float(scipy.stats.t.isf(LEVEL / 2, count - 1)) * self.sd / math.sqrt(count)
        return self.mean - reach, self.mean + reach


@final
@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The comparison of B against A by their retrainings.

    Args:
        metric: In whose unit and direction values, means and `difference` are; `difference.by` is
            B's mean less A's.
        answer: `better` or `worse` is B. Read with `why` where it is `undecided`.
        why: `few` (too few seeds), `none` (no value on a side), `close` (p is within
            twice the level), `look` (the plan's next look is to come), `mixed` (means,
            failures and single trainings disagree), `copies` (a side's trainings logged the same
            whatever their seed); empty where it is decided.
        chance: How probable it is that a training of B beats one of A.
        more_seeds: How many more a side would settle it; 0 where it is settled.
        level: The p-value below which this look decides.
        paired: Whether the values of both are paired by their seeds.
        plan: The looks that were planned, None for a single one.
    """

    a: Side
    b: Side
    metric: str
    maximize: bool
    answer: Answer
    why: Why
    difference: Difference
    failures: FailureRate
    chance: Superiority
    more_seeds: int
    level: float = LEVEL
    paired: bool = False
    plan: SequentialPlan | None = None

    @property
    def gain(self) -> float:
        """By how much B's mean is better than A's, negative where it is worse."""
        return Objective(self.metric, self.maximize).gain(self.difference.by)

    @property
    def at_most(self) -> float:
        """What the difference of means is smaller than, at 95 %; infinite where not known."""
        return max(abs(self.difference.low), abs(self.difference.high))


def comparison(
    a: Retrainings | Sequence[float],
    b: Retrainings | Sequence[float],
    *,
    metric: str = "value",
    maximize: bool = False,
    paired: bool = False,
    plan: SequentialPlan | None = None,
) -> Comparison:
    """B against A, by the final values of their retrainings; NaN is a retraining that failed.

    Means are compared (`difference`) and shares of failed trainings (`failure_rate`), both
    together at 5 %: the exact test of failures may spend half, and what it cannot spend on so many
    failures is for the values. One that is better in mean while most of its trainings are worse,
    or that fails more often, is `undecided`: no seeds settle that, a person does.

    Trainings that logged the same values whatever their seed tell nothing of chance: `undecided`,
    whatever the tests say. Where neither differs: `undecided` below 5 seeds a side, and where p is
    within twice the level; else `no_difference`, as far as these seeds can see. Who runs the seeds
    asked for and compares again, to the end, is wrong in at most 6 % from 5 seeds a side on.

    Args:
        a: The trainings of A, or their values.
        b: The same of B.
        metric: Its name, for messages.
        maximize: Whether higher is better.
        paired: Whether values in one place of A and B were trained with the same seed by design.
        plan: Where one looks more than once: what each look may decide.

    Source: A1, A2, A4.

    >>> comparison([3.28, 3.29, 3.28, 3.30], [3.21, 3.20, 3.22, 3.21]).answer
    'better'
    """
    # Both sides as losses, and the loss beyond which a training failed to learn.
    objective = Objective(metric, maximize)
    first, second = _retrainings(a, "A"), _retrainings(b, "B")
    losses = [_losses(retraining, objective) for retraining in (first, second)]
    threshold = separating_threshold(*losses)
    sides = [_side(retraining, objective, threshold) for retraining in (first, second)]
    # Means and failures share the level; single trainings are the third opinion.
    trainings = (sides[0].trainings, sides[1].trainings)
    fewest = min(trainings)
    level = LEVEL if plan is None else plan.level(fewest) or 0.0
    means = _difference(sides[0], sides[1], paired=paired, exact=plan is not None)
    may_spend = level / 2 if means.known else level
    failed = (sides[0].failed, sides[1].failed)
    failures = failure_rate(failed, trainings, level=may_spend, close=CLOSE)
    chance = superiority(*losses)
    clear = _clear_answer(means, failures, objective.gain(means.by), chance, level)
    answer, why = _copies(sides) or clear or _open(means, failures, fewest, plan)
    return Comparison(
        a=sides[0],
        b=sides[1],
        metric=metric,
        maximize=maximize,
        answer=answer,
        why=why,
        difference=means,
        failures=failures,
        chance=chance,
        more_seeds=_more_seeds(why, means, failures, fewest, plan),
        level=level,
        paired=paired,
        plan=plan,
    )


def _retrainings(values: Retrainings | Sequence[float], name: str) -> Retrainings:
    if isinstance(values, Retrainings):
        return values
    return Retrainings(name=name, values=tuple(map(float, values)))


def _losses(side: Retrainings, objective: Objective) -> list[float]:
    """The values as losses: lower is better, and a failed training is worse than any."""
    return [objective.loss(value) if math.isfinite(value) else math.inf for value in side.values]


def side(name: str, values: Sequence[float]) -> Side:
    """The trainings of one side by themselves; NaN is a training that failed.

    Source: A2.
    """
    finite = [value for value in values if math.isfinite(value)]
    return Side(
        name=name,
        values=tuple(values),
        failed=len(values) - len(finite),
        unlearned=0,
        mean=fmean(finite) if finite else math.nan,
        median=median(finite) if finite else math.nan,
        sd=stdev(finite) if len(finite) > 1 else math.nan,
    )


def _side(retraining: Retrainings, objective: Objective, threshold: float | None) -> Side:
    plain = side(retraining.name, retraining.values)
    if retraining.copies:
        return replace(plain, sd=math.nan, copies=True)
    if threshold is None:
        return plain
    unlearned = sum(objective.loss(value) > threshold for value in plain.finite)
    return replace(plain, unlearned=unlearned)


def _difference(a: Side, b: Side, *, paired: bool, exact: bool) -> Difference:
    if a.copies or b.copies:
        by = difference(a.finite, b.finite).by
        return Difference(by=by, low=-math.inf, high=math.inf, t=0.0, p=1.0, runs=1.0)
    if not paired:
        return difference(a.finite, b.finite, exact=exact)
    pairs = [pair for pair in zip(a.values, b.values, strict=True) if all(map(math.isfinite, pair))]
    first, second = [value for value, _ in pairs], [value for _, value in pairs]
    return difference(first, second, paired=True, exact=exact)


def _copies(sides: Sequence[Side]) -> tuple[Answer, Why] | None:
    """That nothing is known of chance, where a side's trainings are copies of one."""
    return ("undecided", "copies") if any(side.copies for side in sides) else None


def _clear_answer(
    means: Difference, failures: FailureRate, gain: float, chance: Superiority, level: float
) -> tuple[Answer, Why] | None:
    """The answer of the tests; None where they decide nothing."""
    votes = set()
    if level and means.p <= level - failures.spent:
        votes.add(gain > 0)
    if level and failures.p <= failures.level:
        votes.add(failures.by < 0)
    if not votes:
        return None
    if chance.probability != 0.5:
        votes.add(chance.probability > 0.5)
    if len(votes) > 1:
        return "undecided", "mixed"
    return ("better" if votes.pop() else "worse"), ""


def _open(
    means: Difference, failures: FailureRate, fewest: int, plan: SequentialPlan | None
) -> tuple[Answer, Why]:
    """The answer where the tests decide nothing, and why."""
    if plan is not None:
        return ("no_difference", "") if fewest >= plan.last else ("undecided", "look")
    # A failed training is one too: who waits for so many values looks again and again.
    if harmonic_mean([failures.trainings_a, failures.trainings_b]) < ENOUGH:
        return "undecided", "few"
    if not means.known:
        return "undecided", "none" if failures.none_left else "few"
    if _is_close(means) or failures.close:
        return "undecided", "close"
    return "no_difference", ""


def _is_close(means: Difference) -> bool:
    """Whether more seeds may tell."""
    return means.known and means.p <= CLOSE * LEVEL


def _more_seeds(
    why: Why, means: Difference, failures: FailureRate, fewest: int, plan: SequentialPlan | None
) -> int:
    """How many more a side: to the next look, to enough, or to four chances in five."""
    if why == "look" and plan is not None:
        return (plan.next_look(fewest) or fewest) - fewest
    if why not in ("few", "close"):
        return 0
    # A difference of t standard errors has the power wanted where it is this many of them.
    wanted = float(scipy.stats.norm.isf(LEVEL / 2) + scipy.stats.norm.isf(1 - _POWER))
    needed = ENOUGH if fewest < ENOUGH else 2 * fewest
    if _is_close(means):
        needed = max(needed, math.ceil(fewest * (wanted / means.t) ** 2) + 1)
    return min(needed - fewest, MAX_MORE)
