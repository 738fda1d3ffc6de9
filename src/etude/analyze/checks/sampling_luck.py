"""Sampling luck: how much of a study's best is the luck of the search.

Axes: T trials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...experiment.objective import Objective
from ...finding import Finding, Severity
from ...study import Study
from ...wording import number, plural
from ..thresholds import SamplingLuckThresholds
from ..views.outcomes import Outcome, only_seeds, ranked

SHIPPED = SamplingLuckThresholds()


@final
@dataclass(frozen=True)
class Budget:
    """The best of `trials` trials over resampled studies, in the metric's own unit and direction.

    From `low` to `high` in 95 % of them, `low <= high`; None where they hold no feasible trial.
    """

    trials: int
    median: float | None
    low: float | None
    high: float | None


@final
@dataclass(frozen=True, kw_only=True)
class SamplingLuck:
    """The best of smaller studies, resampled from this one; the last budget is the whole study.

    There are no budgets where too few trials have ended. Where nothing varies but the seed, the
    luck is the seed's.
    """

    study: str
    metric: str
    maximize: bool
    ended: int
    feasible: int
    best: float | None
    budgets: tuple[Budget, ...]
    varies: bool = True


def sampling_luck(
    study: Study, ended: Sequence[Outcome], *, sizes: Sequence[int] = (6, 20, 100)
) -> SamplingLuck:
    """The spread of the best over resampled studies, for each size that the study can speak of.

    Those are the sizes below its number of ended trials, and that number itself.

    Source: Q10.
    """
    whole = luck(ended, study.objective)
    smaller = sorted({size for size in sizes if size < len(ended)}) if whole else []
    best_first = ranked(ended)
    return SamplingLuck(
        study=study.name,
        metric=study.metric,
        maximize=study.maximize,
        ended=len(ended),
        feasible=len(best_first),
        best=best_first[0].value if best_first else None,
        budgets=(
            *(_budget(ended, size, study.objective) for size in smaller),
            *([whole] if whole else []),
        ),
        varies=not only_seeds(study, ended),
    )


def luck(ended: Sequence[Outcome], objective: Objective) -> Budget | None:
    """The best of a whole study over resampled ones; None where too few trials have ended.

    Source: Q10.
    """
    if len(ended) < SHIPPED.min_trials:
        return None
    return _budget(ended, len(ended), objective)


def _budget(ended: Sequence[Outcome], size: int, objective: Objective) -> Budget:
    """The quantiles of the best, in closed form: of all samples, of which `best_of` draws some."""
    sorted_T = sorted(outcome.loss for outcome in ended)
    # The lowest of k uniform numbers exceeds m with chance (1 - m)^k.
    shares = (-math.expm1(math.log1p(-quantile) / size) for quantile in (0.025, 0.5, 0.975))
    losses = [sorted_T[max(0, math.ceil(len(ended) * share) - 1)] for share in shares]
    low, median, high = sorted(map(objective.value, losses))
    return Budget(size, _finite(median), _finite(low), _finite(high))


def reaches(budget: Budget) -> str:
    """The interval in which the best lies, in words.

    Source: Q10.

    >>> reaches(Budget(20, 0.2, 0.1, None))
    '0.1 to none at all'
    """
    low, high = ("none at all" if end is None else number(end) for end in (budget.low, budget.high))
    return f"{low} to {high}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def findings(result: SamplingLuck) -> list[Finding]:
    """One finding a study.

    Source: Q10.
    """
    status, message = _message(result)
    return [
        Finding(
            rule="Q10",
            check="sampling_luck",
            status=status,
            subject={"study": result.study},
            message=message,
            evidence={
                "best": result.best,
                "ended": result.ended,
                "feasible": result.feasible,
                "budgets": [vars(budget) for budget in result.budgets],
            },
        )
    ]


def _message(result: SamplingLuck) -> tuple[Severity, str]:
    if result.best is None:
        return "unclear", f"No trial of `{result.study}` has a value, so its luck is unknown."
    if not result.budgets:
        count = plural(result.ended, "trial")
        return (
            "unclear",
            f"{count} of `{result.study}` ended, too few to know the luck of its search.",
        )
    whole = result.budgets[-1]
    if whole.low == whole.high:
        same = number(result.best)
        return "ok", f"Other draws of `{result.study}` would have found the same best: {same}."
    spreads = "; ".join(
        f"{reaches(budget)} with {plural(budget.trials, 'trial')}" for budget in result.budgets
    )
    if not result.varies:
        return "notice", (
            f"The trials of `{result.study}` differ only by their seed, whose luck moves the best "
            f"{result.metric}: in 95 % of resampled studies it is {spreads}. Compare means (A2)."
        )
    return "notice", (
        f"How far the luck of the search moves the best {result.metric} of `{result.study}`: in "
        f"95 % of resampled studies it is {spreads}."
    )
