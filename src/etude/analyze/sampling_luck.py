"""How much of a study's best is the luck of the search.

Letters: T trials, B bootstrap samples, S sizes of a study (numbers of trials).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..finding import Finding, Severity
from ..record import Record
from ..study import Study
from .outcome import outcomes, ranked
from .wording import counted, number


@final
@dataclass(frozen=True)
class Budget:
    """The best of `trials` trials over bootstrap samples, in the metric's own unit and direction.

    `low <= high`; None where the samples hold no feasible trial there.
    """

    trials: int
    median: float | None
    low: float | None
    high: float | None


@final
@dataclass(frozen=True, kw_only=True)
class SamplingLuck:
    """The best of smaller studies, resampled from this one; the last budget is the whole study."""

    study: str
    metric: str
    maximize: bool
    ended: int
    feasible: int
    best: float | None
    budgets: tuple[Budget, ...]


def sampling_luck(
    study: Study, records: Sequence[Record], *, sizes: Sequence[int] = (6, 20, 100)
) -> SamplingLuck:
    """The spread of the best over bootstrap samples of the study, for each size it can speak of.

    Those are the sizes below its number of ended trials, and that number itself.

    Source: Q10.
    """
    found = outcomes(study, records)
    spoken = sorted({size for size in sizes if size < len(found)} | {len(found)} - {0})
    best_first = ranked(found)
    best_BxS = best_of([one.loss for one in found], spoken, seed=study.seed)
    sign = -1.0 if study.maximize else 1.0
    return SamplingLuck(
        study=study.name,
        metric=study.metric,
        maximize=study.maximize,
        ended=len(found),
        feasible=len(best_first),
        best=best_first[0].value if best_first else None,
        budgets=tuple(
            _budget(size, best_BxS[:, column], sign) for column, size in enumerate(spoken)
        ),
    )


def best_of(
    losses: Sequence[float], sizes: Sequence[int], *, seed: int, n_bootstrap: int = 10_000
) -> NDArray[np.float64]:
    """best_BxS: the lowest of `size` draws from `losses` with replacement, `inf` if infeasible.

    The lowest of k draws from n sorted values is the one at `floor(n * m)`, m the lowest of k
    uniform numbers; m is distributed as 1 - u^(1/k). So one number is drawn a sample, not k.

    Source: Q10.

    >>> best_of([0.3], [1, 5], seed=0, n_bootstrap=2).tolist()
    [[0.3, 0.3], [0.3, 0.3]]
    """
    if len(losses) == 0:
        return np.full((n_bootstrap, len(sizes)), np.inf)
    sorted_T = np.sort(np.asarray(losses, dtype=np.float64))
    uniform_BxS = np.random.default_rng(seed).random((n_bootstrap, len(sizes)))
    lowest_BxS = -np.expm1(np.log1p(-uniform_BxS) / np.asarray(sizes, dtype=np.float64))
    position_BxS = np.minimum((len(sorted_T) * lowest_BxS).astype(np.int64), len(sorted_T) - 1)
    return np.asarray(sorted_T[position_BxS])


def interval(samples_B: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % interval of the samples, its ends among them, so that infinite ones stay infinite.

    Source: Q10.
    """
    low, high = np.quantile(samples_B, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def _budget(size: int, best_B: NDArray[np.float64], sign: float) -> Budget:
    median = float(np.quantile(best_B, 0.5, method="inverted_cdf"))
    ends = sorted(sign * end for end in interval(best_B))
    return Budget(size, _finite(sign * median), _finite(ends[0]), _finite(ends[1]))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def findings(result: SamplingLuck) -> list[Finding]:
    """One finding a study.

    Source: Q10.
    """
    # No source, ours: fewer draws than the smallest study that the source resamples.
    status, message = _said(result, min_ended=6)
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


def _said(result: SamplingLuck, *, min_ended: int) -> tuple[Severity, str]:
    if result.best is None:
        return "unclear", f"No trial of `{result.study}` has a value, so its luck is unknown."
    if result.ended < min_ended:
        count = counted(result.ended, "trial")
        return (
            "unclear",
            f"{count} of `{result.study}` ended, too few to know the luck of its search.",
        )
    whole = result.budgets[-1]
    if whole.low == whole.high:
        same = number(result.best)
        return "ok", f"Other draws of `{result.study}` would have found the same best: {same}."
    spreads = "; ".join(_spread(budget) for budget in result.budgets)
    return "notice", (
        f"Luck of the search in `{result.study}`, best {result.metric} over resampled studies "
        f"(95 % interval): {spreads}."
    )


def _spread(budget: Budget) -> str:
    low, high = ("none" if end is None else number(end) for end in (budget.low, budget.high))
    return f"{low} to {high} with {counted(budget.trials, 'trial')}"
