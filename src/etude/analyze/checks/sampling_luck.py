"""Sampling luck: how much of a study's best is the luck of the search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...experiment.objective import Objective
from ...finding import Finding, Severity
from ...study import Study
from ...wording import number, plural, study_text
from ..statistics.another_best import MIN_FINITE, another_best
from ..thresholds import SamplingLuckThresholds
from ..views.draws import why_not_drawn
from ..views.outcomes import Outcome, only_seeds, ranked
from ..views.rates import lowest_loss

SHIPPED = SamplingLuckThresholds()
# Of a number in a sentence; more are not read.
_DIGITS = 3
_MOST_DIGITS = 5


@final
@dataclass(frozen=True)
class Budget:
    """The best of another study of `trials` trials, in the metric's own unit and direction.

    Nine in ten lie from `low` to `high`, `low <= high`; None where there may be no feasible trial.

    Args:
        two_sided: Whether the better end says anything: not where it lies at or beyond what the
            metric can be, as far as its values tell, nor where it is farther beyond the best than
            all feasible trials lie apart.
    """

    trials: int
    median: float | None
    low: float | None
    high: float | None
    two_sided: bool = True


@final
@dataclass(frozen=True, kw_only=True)
class SamplingLuck:
    """The best of other such studies, smaller ones too; the last budget is of the same size.

    There are no budgets where too few trials have ended or are feasible, or where they are no
    independent draws: `reason` says why. Where nothing varies but the seed, the luck is the seed's.
    """

    study: str
    metric: str
    maximize: bool
    ended: int
    feasible: int
    best: float | None
    budgets: tuple[Budget, ...]
    varies: bool = True
    reason: str = ""


def sampling_luck(
    study: Study, ended: Sequence[Outcome], *, sizes: Sequence[int] = (6, 20, 100)
) -> SamplingLuck:
    """Where the best of other studies like this one would lie, for each size it can speak of.

    Those are the sizes below its number of ended trials, and that number itself. The interval is
    that of new points and seeds, not of resampled trials, whose best is never better than the best:
    `another_best` has how. Measured by `benchmarks/claims/luck.py`: it holds the best of another
    study in 92 to 100 %, of 6 to 50 trials.

    Source: Q10.
    """
    reason = why_not_drawn(study, ended)
    draws = _draws(ended)
    whole = None if reason else luck(ended, study.objective)
    smaller = sorted({size for size in sizes if size < len(draws)}) if whole else []
    budgets = [_budget(draws, size, study.objective) for size in smaller]
    best_first = ranked(ended)
    return SamplingLuck(
        study=study.name,
        metric=study.metric,
        maximize=study.maximize,
        ended=len(ended),
        feasible=len(best_first),
        best=best_first[0].value if best_first else None,
        budgets=tuple(budget for budget in (*budgets, whole) if budget is not None),
        varies=not only_seeds(study, ended),
        reason=reason,
    )


def luck(ended: Sequence[Outcome], objective: Objective) -> Budget | None:
    """The best of another study of the same size; None where too few trials have ended.

    Source: Q10.
    """
    draws = _draws(ended)
    if len(draws) < SHIPPED.min_trials:
        return None
    return _budget(draws, len(draws), objective)


def _draws(ended: Sequence[Outcome]) -> list[Outcome]:
    """Without those that say nothing of their setting: by the code, or without the metric."""
    return [outcome for outcome in ended if not outcome.missing]


def _budget(ended: Sequence[Outcome], size: int, objective: Objective) -> Budget | None:
    floor = lowest_loss(objective, [outcome.loss for outcome in ended if outcome.feasible])
    best = another_best([outcome.loss for outcome in ended], size, floor=floor)
    if best is None:
        return None
    low, median, high = sorted(map(objective.value, (best.low, best.median, best.high)))
    losses = [outcome.loss for outcome in ended if outcome.feasible]
    lowest, highest = min(losses), max(losses)
    if lowest - best.low > highest - lowest:
        two_sided = False  # farther beyond the best than the worst that trained lies behind it
    elif math.isfinite(floor):
        two_sided = best.low - floor >= SHIPPED.min_tail * (lowest - floor)
    else:
        two_sided = best.low * lowest >= 0
    return Budget(size, _finite(median), _finite(low), _finite(high), two_sided)


def luck_at(study: Study, ended: Sequence[Outcome], size: int) -> Budget | None:
    """The best of another search of `size` trials; None where that cannot be known.

    Source: Q10, Q7.
    """
    draws = _draws(ended)
    if why_not_drawn(study, ended) or len(draws) < SHIPPED.min_trials:
        return None
    return _budget(draws, size, study.objective)


def luck_of(study: Study, ended: Sequence[Outcome]) -> Budget | None:
    """The best of another study of the same size; None where that cannot be known.

    Source: Q10.
    """
    return None if why_not_drawn(study, ended) else luck(ended, study.objective)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def findings(result: SamplingLuck) -> list[Finding]:
    """One finding a study.

    Source: Q10.
    """
    status, headline, message = _said(result)
    return [
        Finding(
            rule="Q10",
            check="sampling_luck",
            status=status,
            subject={"study": result.study},
            headline=headline,
            message=message,
            evidence={
                "best": result.best,
                "ended": result.ended,
                "feasible": result.feasible,
                "budgets": [vars(budget) for budget in result.budgets],
            },
        )
    ]


def _said(result: SamplingLuck) -> tuple[Severity, str, str]:
    """The status, the headline and the message."""
    study = study_text(result.study)
    if not result.budgets:
        return _unknown(result)
    whole = result.budgets[-1]
    if whole.low == whole.high:
        same = f"Another search like {study} would find the same best, {_number(whole.median)}"
        return "ok", same, f"{same}: so many of its {result.ended} trials reached it."
    reach = between(whole, maximize=result.maximize, best=result.best)
    headline = f"Another such search of {study} would end {reach}"
    message = f"Nine in ten searches like {study} would end with a best {result.metric} {reach}."
    if not result.varies:
        headline = f"Other seeds of {study} would have a best {reach}"
        message = (
            f"Trials of {study} differ only by their seed, and the best of as many others would "
            f"lie {reach}, nine in ten times. Compare means instead."
        )
        return "notice", headline, message
    if len(result.budgets) > 1:
        first = result.budgets[0]
        message += f" With {first.trials} trials: {between(first, maximize=result.maximize)}."
    return "notice", headline, message


def _unknown(result: SamplingLuck) -> tuple[Severity, str, str]:
    study = study_text(result.study)
    if result.best is None:
        none = f"No trial of {study} has a value"
        return "unclear", none, f"{none}, so the luck of its search is unknown."
    if result.reason:
        headline = unknown_luck(study, result.reason)
        message = f"{headline}, so its trials are no independent draws. "
        message += "Only the whole search, run again with another seed, would tell."
        return "unclear", headline, message
    headline = f"Too few trials of {study} to know the luck of its search"
    counts = f"{plural(result.ended, 'trial')} ended, {result.feasible} feasible"
    needed = f"{SHIPPED.min_trials} ended and {MIN_FINITE} feasible ones would tell"
    return "unclear", headline, f"{headline}: {counts}, where {needed}."


def unknown_luck(what: str, reason: str) -> str:
    """That the luck of a search cannot be known.

    Source: Q10.

    >>> unknown_luck("the study", "45 trials were cut short")
    'The luck of the study is unknown: 45 trials were cut short'
    """
    return f"The luck of {what} is unknown: {reason}"


def between(budget: Budget, *, maximize: bool, best: float | None = None) -> str:
    """The interval, or its worse end where the better one says nothing, told apart from the best.

    Source: Q10.

    >>> between(Budget(20, 25.0, 24.72, 25.04), maximize=False, best=24.98)
    'between 24.72 and 25.04'
    >>> between(Budget(20, 0.2, 0.01, 0.3, two_sided=False), maximize=False)
    'at 0.3 or below'
    """
    low, high = budget.low, budget.high
    digits = _digits([value for value in (low, high, best) if value is not None])
    if budget.two_sided:
        return f"between {_number(low, digits)} and {_number(high, digits)}"
    if maximize:
        return f"at {_number(low, digits)} or above"
    return f"at {_number(high, digits)} or below"


def _digits(values: Sequence[float]) -> int:
    """As many as tell different values apart, within what can be read."""
    different = set(values)
    for digits in range(_DIGITS, _MOST_DIGITS):
        if len({number(value, digits) for value in different}) == len(different):
            return digits
    return _MOST_DIGITS


def _number(value: float | None, digits: int = _DIGITS) -> str:
    return "none at all" if value is None else number(value, digits)
