"""Which hyperparameters matter, which act together, and which could be fixed.

A share is of the variance of the ranks (as normal scores) that settings have by the metric, the
noise of training included. A total share is what would be gone if a hyperparameter never varied:
its own share and that of all interactions in which it takes part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import final

from ...finding import Finding, Severity
from ...study import Study
from ...wording import join, number, percent, plural, study_text
from ..statistics.effects import trials_for
from ..thresholds import ImportanceThresholds
from ..views.design_matrix import DesignMatrix, of_infeasible, of_value
from ..views.equal_lengths import equal_lengths
from ..views.outcomes import Outcome, ranked
from ..views.repeats import repeats
from .influence import (
    Influence,
    Interaction,
    cut_clause,
    excluded,
    fix_advice,
    influence_of,
    named_share,
    study_status,
    together,
)

THRESHOLDS = ImportanceThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class Importance:
    """What matters in a study, by hyperparameter in the space's order.

    Args:
        settings: How many different settings have a value.
        judged: How many of them were looked at.
        detectable: The share that a hyperparameter must explain to be seen in 8 of 10 such studies.
        enough: How many settings would show what explains as much as one that can be fixed may.
        together: What all hyperparameters explain at most; None where that is not known.
        cut: How many trials with a value were cut short, of `valued`: their values do not count,
            or only those up to `step`.
        pairs_judged: Whether there were enough settings to look for interactions.
        reason: Why nothing can be said of the study; empty otherwise.
    """

    study: str
    metric: str
    status: Severity
    ended: int
    settings: int
    judged: int
    infeasible: int
    detectable: float
    influences: tuple[Influence, ...]
    enough: int = 0
    together: float | None = None
    cut: int = 0
    valued: int = 0
    step: int | None = None
    interactions: tuple[Interaction, ...] = ()
    pairs_judged: bool = False
    constant: bool = False
    reason: str = ""


def importance(
    study: Study, ended: Sequence[Outcome], *, thresholds: ImportanceThresholds = THRESHOLDS
) -> Importance:
    """For each hyperparameter, how much of the differences between trials it explains.

    Trials are compared by rank, those with the same setting by their mean; infeasible ones are a
    question of their own, and trials cut short are none. Beyond `max_points` settings, so many are
    drawn with the study's seed.

    Source: R2, A3.
    """
    whole = DesignMatrix(study, repeats(ended), thresholds)
    lengths = equal_lengths(study, ended, needed=whole.fewest)
    view = DesignMatrix(study, repeats(lengths.outcomes), thresholds) if lengths.cut else whole
    value, infeasibility = of_value(view), of_infeasible(whole)
    mattering = [name for name, effect in value.items() if effect.clear and not view.reason]
    pairs, pairs_judged = together(view, mattering)
    best_first = ranked(lengths.outcomes)
    best = best_first[0].record.setting if best_first else {}
    influences = tuple(
        influence_of(view, name, (value.get(name), infeasibility.get(name)), pairs, best.get(name))
        for name in study.space.domains
    )
    influences = tuple(excluded(view, lengths, seen) for seen in influences)
    joint = view.bounds.get("")
    return Importance(
        study=study.name,
        metric=study.metric,
        status=study_status(view, lengths, influences),
        ended=len(ended),
        settings=len(view.feasible),
        judged=min(len(view.feasible), thresholds.max_points),
        infeasible=sum(not effect.feasible for effect in ended if not effect.missing),
        detectable=view.detectable,
        enough=trials_for(
            thresholds.max_share, study.space.dimensions, max_chance=thresholds.max_chance
        ),
        together=joint.high if joint else None,
        cut=lengths.cut,
        valued=lengths.trials,
        step=lengths.step,
        influences=influences,
        interactions=pairs,
        pairs_judged=pairs_judged,
        constant=view.constant,
        reason=view.reason,
    )


def findings(result: Importance) -> list[Finding]:
    """One finding a hyperparameter, one for each pair that acts together, and one for the study.

    Source: R2.
    """
    return [
        _of_study(result),
        *(_of_hyperparameter(result, influence) for influence in result.influences),
        *(_of_pair(result, pair) for pair in result.interactions),
    ]


def _of_study(result: Importance) -> Finding:
    headline, message, advice = _study_sentences(result)
    return Finding(
        rule="R2",
        check="importance",
        status=result.status,
        subject={"study": result.study},
        headline=headline,
        message=message,
        evidence={
            "ended": result.ended,
            "settings": result.settings,
            "judged": result.judged,
            "infeasible": result.infeasible,
            "detectable": result.detectable,
            "together": result.together,
            "cut": result.cut,
            "step": result.step,
            "pairs_judged": result.pairs_judged,
        },
        advice=advice,
        kind="study",
    )


def _study_sentences(result: Importance) -> tuple[str, str, str]:
    """Headline, message and advice."""
    mattering = [influence for influence in result.influences if influence.matters]
    if mattering:
        return _mattering_sentences(result, mattering)
    where = study_text(result.study)
    if result.constant:
        same = f"all {result.settings} settings have the same `{result.metric}`"
        return (
            f"A{same[1:]}",
            f"What matters in {where} cannot be seen: {same}.",
            "Look whether the metric can tell good training from bad, then at the space.",
        )
    if result.status == "notice":
        together = percent(result.together or 0.0)
        return (
            f"All hyperparameters together explain at most {together} of the differences",
            f"Over {plural(result.judged, 'setting')} of {where}, that is the upper end of a 95 % "
            "interval, interactions included.",
            "Fix these and look elsewhere, or widen the ranges.",
        )
    unclear = f"What matters in {where} is unclear"
    if reason := result.reason or (result.cut and cut_clause(result.cut, result.valued)):
        return "What matters is unclear", f"{unclear}: {reason}.", ""
    return (
        f"What matters is unclear: nothing stands out of {plural(result.judged, 'setting')}",
        f"{unclear}: nothing stands out. {_power_sentence(result)}",
        f"Train {result.enough} settings to see effects of 10 %." if _few(result) else "",
    )


def _few(result: Importance) -> bool:
    return result.judged < result.enough


def _power_sentence(result: Importance) -> str:
    settings = plural(result.judged, "setting")
    return f"{settings} would show only effects above {percent(result.detectable)}."


def _mattering_sentences(
    result: Importance, mattering: Sequence[Influence]
) -> tuple[str, str, str]:
    order = sorted(mattering, key=lambda one: (-one.size, one.hyperparameter))
    settings = plural(result.judged, "setting")
    where = "" if result.study == "all" else f" in {study_text(result.study)}"
    briefly = join([_brief_share(influence) for influence in order], most=2 if where else 3)
    names = join([named_share(influence) for influence in order], most=6)
    step = "" if result.step is None else f", compared at step {result.step}"
    return (
        f"What matters{where}: {briefly}",
        f"What matters in {study_text(result.study)} beyond noise, of {settings}{step}: {names}.",
        "",
    )


def _brief_share(influence: Influence) -> str:
    if not influence.counts:
        return f"`{influence.hyperparameter}` (failures)"
    share = "" if influence.by_repeats else f" {percent(influence.size)}"
    return f"`{influence.hyperparameter}`{share}"


def _range(low: float, high: float) -> str:
    return f"{percent(low).removesuffix(' %') if low >= 0.001 else 0} to {percent(high)}"


def _of_hyperparameter(result: Importance, influence: Influence) -> Finding:
    headline, message, advice = _sentences(result, influence)
    contrast = influence.contrast
    return Finding(
        rule="R2",
        check="importance",
        status=influence.status,
        subject={"study": result.study, "hyperparameter": influence.hyperparameter},
        headline=headline,
        message=message,
        evidence={
            "share": influence.share,
            "interval": [influence.low, influence.high],
            "total": influence.total,
            "chance": influence.chance,
            "infeasible_share": influence.infeasible_share,
            "infeasible_chance": influence.infeasible_chance,
            "settings": result.judged,
            "tied": list(influence.tied),
            "repeats": None if contrast is None else asdict(contrast),
        },
        advice=advice,
        kind="hyperparameter",
    )


def _sentences(result: Importance, influence: Influence) -> tuple[str, str, str]:
    """Headline, message and advice."""
    name, where = f"`{influence.hyperparameter}`", f"in {study_text(result.study)}"
    if influence.reason:
        return (
            f"Whether {name} matters is unclear{_most(result, influence)}",
            f"Whether {name} matters {where} is unclear: {influence.reason}."
            f"{_could_be_seen(result, influence)}",
            _hold_for_density(result, influence),
        )
    settings = plural(result.judged, "setting")
    if not influence.matters:
        high = percent(influence.high or 0.0)
        return (
            f"{name} explains at most {high} of the differences in `{result.metric}`",
            f"{name} explains at most {high} of the differences {where}, interactions included "
            f"(95 % interval, {settings}).",
            fix_advice(influence),
        )
    fails = f"{percent(influence.infeasible_share or 0.0)} of which trials fail"
    if not influence.counts:
        return (
            f"{name} explains {fails}",
            f"Whether a trial {where} is infeasible depends on {name} beyond noise.",
            "",
        )
    return _counting_sentences(result, influence, f", and {fails}" if influence.breaks else "")


def _most(result: Importance, influence: Influence) -> str:
    """How much it may explain, of a headline."""
    if influence.high is None or result.cut:
        return ""
    if influence.open_above:
        return ": nothing can be excluded"
    return f": it may explain up to {percent(influence.high)}"


def _could_be_seen(result: Importance, influence: Influence) -> str:
    """What would have been seen, where no bound says it."""
    contrast = influence.contrast
    if contrast is not None and contrast.detectable is not None and not result.cut:
        return (
            f" In {plural(contrast.trials, 'trial')} that differ in it alone, a difference below "
            f"{number(contrast.detectable, 2)} would not have been seen."
        )
    if result.reason or result.cut or influence.high is not None:
        return ""
    return f" {_power_sentence(result)}"


def _counting_sentences(
    result: Importance, influence: Influence, fails: str
) -> tuple[str, str, str]:
    name, contrast = f"`{influence.hyperparameter}`", influence.contrast
    if contrast is not None and influence.by_repeats:
        return (
            f"{name} matters: its values differ beyond repeats",
            f"Among trials alike in all else in {study_text(result.study)}, the values of {name} "
            f"explain {percent(influence.size)} of the differences "
            f"({plural(contrast.trials, 'trial')}).",
            "",
        )
    crossed = influence.total is not None
    headline = f"{name} matters: {percent(influence.size)} of the differences in `{result.metric}`"
    whole = f"{'With its interactions' if crossed else 'By itself'} {name} explains"
    message = (
        f"{whole} {percent(influence.size)} of the differences in rank between "
        f"{plural(result.judged, 'setting')} of {study_text(result.study)}{fails}."
    )
    also = [f"By itself it is {percent(influence.share or 0.0)}"] if crossed else []
    if influence.low is not None and influence.high is not None:
        of = "the whole" if crossed else "with its interactions"
        also.append(f"{of} is {_range(influence.low, influence.high)} (95 % interval)")
    second = "; ".join(also)
    return (
        f"{headline}, interactions included" if crossed else headline,
        f"{message} {second[0].upper()}{second[1:]}." if second else message,
        "",
    )


def _hold_for_density(result: Importance, influence: Influence) -> str:
    """With few settings, the way to search the rest more densely, with its cost; of one only."""
    open_ones = [
        one
        for one in result.influences
        if one.reason and one.high is not None and not one.scientific and not one.tied
    ]
    if not open_ones or not _few(result) or len(result.influences) < 2 or result.cut:
        return ""
    least = min(open_ones, key=lambda one: (one.high or 0.0, one.hyperparameter))
    # What is best at the edge may be better beyond it.
    if influence is not least or influence.best is None or influence.at_edge:
        return ""
    return (
        f"Hold it at {number(influence.best, 3)} only to search the rest more densely, at the cost "
        f"of up to {percent(influence.high or 0.0)} of the differences."
    )


def _of_pair(result: Importance, pair: Interaction) -> Finding:
    first, second = (f"`{name}`" for name in pair.hyperparameters)
    return Finding(
        rule="R2",
        check="importance",
        status="notice",
        subject={"study": result.study, "hyperparameters": list(pair.hyperparameters)},
        headline=f"{first} and {second} act together: {percent(pair.share)} of the differences",
        message=(
            f"In {study_text(result.study)}, {first} and {second} explain {percent(pair.share)} of "
            f"the differences beyond the sum of their effects (chance {number(pair.chance, 2)})."
        ),
        evidence={
            "share": pair.share,
            "error": pair.error,
            "chance": pair.chance,
            "settings": result.judged,
        },
        advice="Vary both together; the best value of one may depend on the other.",
        kind="pair",
    )
