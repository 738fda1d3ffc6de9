"""Two searches compared by their best trials, where nobody has trained the best ones again.

Axes: B bootstrap samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

from ..analyze.analysis import Analysis
from ..analyze.statistics.bootstrap import best_of
from ..analyze.views.outcomes import ranked
from ..finding import Lead
from ..wording import number, percent
from .ranking import RankedStudy, lead, standard_error


@final
@dataclass(frozen=True, kw_only=True)
class Searches:
    """What two searches say of B's best against A's: study variance, not that of a retraining.

    Args:
        lead: Of the one with the better best, None where one of them has no feasible trial.
        probability: In how many of the resampled studies B's best is the better one; ties half.
        repeated: By how much two searches that differ only by their seed differ in their best, the
            largest of those given; NaN without any.
    """

    a: RankedStudy
    b: RankedStudy
    metric: str
    answer: Literal["better", "worse", "no_difference", "undecided"]
    lead: Lead | None
    probability: float
    repeated: float = math.nan


def searches(
    a: RankedStudy,
    b: RankedStudy,
    *,
    metric: str,
    repeats: Sequence[tuple[RankedStudy, RankedStudy]] = (),
    same: bool = False,
) -> Searches:
    """B's search against A's, by the bootstrap of both (`lead`) and by searches run twice.

    A search run again with another seed shows study variance as it is: its gap can only take an
    answer back, for two draws are too few to give one. With `same`, A and B are such a pair: no
    answer is asked, and their gap is the study variance.

    Source: A3, Q10.
    """
    pairs = [*repeats, (a, b)] if same else repeats
    gaps = [abs(_loss(first) - _loss(second)) for first, second in pairs]
    repeated = max((gap for gap in gaps if math.isfinite(gap)), default=math.nan)
    best_a, best_b = _loss(a), _loss(b)
    known = math.isfinite(min(best_a, best_b))
    found = None
    answer: Literal["better", "worse", "no_difference", "undecided"] = "undecided"
    if known:
        found = lead(b, a) if best_b <= best_a else lead(a, b)
        # NaN is beyond nothing: without a second search it takes no answer back.
        if same:
            answer = "no_difference"
        elif found.holds and not found.by <= repeated:
            answer = "better" if best_b < best_a else "worse"
    return Searches(
        a=a,
        b=b,
        metric=metric,
        answer=answer,
        lead=found,
        probability=_probability(a, b) if known else math.nan,
        repeated=repeated,
    )


def whole(analysis: Analysis) -> RankedStudy:
    """An experiment's trials together, as one search that bears its name.

    Source: A3.
    """
    experiment, studies = analysis.experiment, analysis.studies
    found = [one for study in studies for one in analysis.outcomes(study)]
    best = next(iter(ranked(found)), None)
    value = best.value if best else None
    return RankedStudy(
        study=replace(studies[0], name=experiment.name),
        outcomes=tuple(found),
        best=best,
        standard_error=None if value is None else standard_error(experiment, value),
    )


def _loss(one: RankedStudy) -> float:
    return one.best.loss if one.best else math.inf


def _probability(a: RankedStudy, b: RankedStudy) -> float:
    best_a_B, best_b_B = (
        best_of([x.loss for x in one.outcomes], [len(one.outcomes)], seed=seed)[:, 0]
        for one, seed in ((a, 0), (b, 1))
    )
    return float((best_b_B < best_a_B).mean() + 0.5 * (best_b_B == best_a_B).mean())


def message(result: Searches, once: Sequence[str]) -> str:
    """The answer, that it rests on the luck of searches alone, and what would be better.

    `once` names those whose best setting was trained only once.

    Source: A2, A3.
    """
    ask = "This compares searches (A3), not trainings of their best settings"
    if once:
        named = " and ".join(f"`{name}`" for name in once)
        ask += f": train the best setting of {named} again with 5 seeds (A2)"
    ask += "."
    if result.lead is None:
        lacking = [one.study.name for one in (result.a, result.b) if one.best is None]
        return f"Undecided: {' and '.join(f'`{name}`' for name in lacking)} has no feasible trial."
    return " ".join(part for part in (_answer(result, result.lead), _again(result), ask) if part)


def _answer(result: Searches, found: Lead) -> str:
    a, b = result.a.study.name, result.b.study.name
    best_a, best_b = (one.best.value if one.best else None for one in (result.a, result.b))
    values = f"its best {result.metric} is {number(best_b)} against {number(best_a)}"
    luck = "too few trials to know the luck of the searches"
    if math.isfinite(found.low):
        luck = (
            f"by the luck of both searches the lead of {number(found.by)} lies between "
            f"{number(found.low)} and {number(found.high)}"
        )
    chance = (
        f"were both alike, one of them would have the best {found.run} trials of both in "
        f"{percent(found.p_value)} of draws"
    )
    if result.answer == "undecided":
        return f"Undecided for `{b}` against `{a}`: {values}; {luck}; {chance}."
    if result.answer == "no_difference":
        return f"`{b}` is `{a}` searched with another seed: {values}, by luck alone."
    return f"The search `{b}` is {result.answer} than `{a}`: {values}; {luck}; {chance}."


def _again(result: Searches) -> str:
    if math.isnan(result.repeated):
        return ""
    return (
        f"Searches that differ only by their seed differ in their best by {number(result.repeated)}"
        " (A3)."
    )
