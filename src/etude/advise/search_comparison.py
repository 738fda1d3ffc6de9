"""Two searches compared by their best trials, where nobody has trained the best ones again.

Axes: B bootstrap samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

from ..analyze.analysis import Analysis
from ..analyze.statistics.bootstrap import best_of
from ..finding import Lead
from ..wording import number, percent
from .ranking import RankedStudy, ranked_study
from .significance import lead

Answer: TypeAlias = Literal["better", "worse", "no_difference", "undecided"]


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
    answer: Answer
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
    gaps = [abs(first.best_loss - second.best_loss) for first, second in pairs]
    repeated = max((gap for gap in gaps if math.isfinite(gap)), default=math.nan)
    has_best = math.isfinite(max(a.best_loss, b.best_loss))
    best_lead = None
    answer: Answer = "undecided"
    if has_best:
        best_lead = lead(b, a) if b.best_loss <= a.best_loss else lead(a, b)
        # NaN is beyond nothing: without a second search it takes no answer back.
        if same:
            answer = "no_difference"
        elif best_lead.holds and not best_lead.by <= repeated:
            answer = "better" if b.best_loss < a.best_loss else "worse"
    return Searches(
        a=a,
        b=b,
        metric=metric,
        answer=answer,
        lead=best_lead,
        probability=_probability(a, b) if has_best else math.nan,
        repeated=repeated,
    )


def whole(analysis: Analysis) -> RankedStudy:
    """An experiment's trials together, as one search that bears its name.

    Source: A3.
    """
    experiment, studies = analysis.experiment, analysis.studies
    outcomes = [outcome for study in studies for outcome in analysis.outcomes(study)]
    return ranked_study(experiment, replace(studies[0], name=experiment.name), outcomes)


def _probability(a: RankedStudy, b: RankedStudy) -> float:
    """In how many resampled studies B's best is the better one; ties count half."""
    best_a_B, best_b_B = (
        best_of([outcome.loss for outcome in study.outcomes], [len(study.outcomes)], seed=seed)[
            :, 0
        ]
        for study, seed in ((a, 0), (b, 1))
    )
    return float((best_b_B < best_a_B).mean() + 0.5 * (best_b_B == best_a_B).mean())


def message(result: Searches, once: Sequence[str]) -> str:
    """The answer, that it rests on the luck of searches alone, and what would be better.

    `once` names those whose best setting was trained only once.

    Source: A2, A3.
    """
    ask = "This compares searches, not trainings of their best settings"
    if once:
        names = " and ".join(f"`{name}`" for name in once)
        ask += f": train the best setting of {names} again with 5 seeds"
    ask += "."
    if result.lead is None:
        lacking = [study.study.name for study in (result.a, result.b) if study.best is None]
        return f"Undecided: {' and '.join(f'`{name}`' for name in lacking)} has no feasible trial."
    sentences = _answer_message(result, result.lead), _repeats_message(result), ask
    return " ".join(sentence for sentence in sentences if sentence)


def _answer_message(result: Searches, lead: Lead) -> str:
    a, b = result.a.study.name, result.b.study.name
    best_a, best_b = (study.best.value if study.best else None for study in (result.a, result.b))
    values = f"its best {result.metric} is {number(best_b)} against {number(best_a)}"
    luck = "too few trials to know the luck of the searches"
    if math.isfinite(lead.low):
        luck = (
            f"by the luck of both searches the lead of {number(lead.by)} lies between "
            f"{number(lead.low)} and {number(lead.high)}"
        )
    doubts = "the luck of a search that follows its results is not known"
    if lead.drawn:
        doubts = (
            f"{luck}; were both alike, one of them would have the best {lead.run} trials of both "
            f"in {percent(lead.p_value)} of draws"
        )
    if result.answer == "undecided":
        return f"Undecided for `{b}` against `{a}`: {values}; {doubts}."
    if result.answer == "no_difference":
        return f"`{b}` is `{a}` searched with another seed: {values}, by luck alone."
    return f"The search `{b}` is {result.answer} than `{a}`: {values}; {doubts}."


def _repeats_message(result: Searches) -> str:
    if math.isnan(result.repeated):
        return ""
    return (
        f"Searches that differ only by their seed differ in their best by "
        f"{number(result.repeated)}."
    )
