"""Which hyperparameters matter, which act together, and which could be fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...finding import Finding, Severity
from ...space import Scalar
from ...study import Study
from ...wording import join, number, percent, plural
from ..statistics.effects import interactions, products, share
from ..thresholds import ImportanceThresholds
from ..views.design_matrix import AxisEffect, DesignMatrix, of_infeasible, of_value
from ..views.outcomes import Outcome, ranked
from ..views.repeats import repeats

THRESHOLDS = ImportanceThresholds()


@final
@dataclass(frozen=True, kw_only=True)
class Influence:
    """What one hyperparameter does in one study.

    Args:
        share: Of the variance of the trials' ranks, what it explains by itself; None (as `low`,
            `high`, `chance`) where that cannot be judged.
        low: With `high`, the interval of `share`: 95 % of resampled studies.
        total: The share together with its interactions that are beyond noise.
        chance: How often the ranks would depend on it as much if they did not, corrected for the
            number of hyperparameters.
        infeasible_share: The same of whether a trial is infeasible.
        counts: Whether the metric depends on it beyond noise.
        breaks: Whether it decides beyond noise which trials are infeasible.
        best: Its value in the best trial; None without any.
        tied: The hyperparameters whose values went together with its own.
        reason: Why it is `unclear`; empty otherwise.
    """

    hyperparameter: str
    status: Severity
    counts: bool = False
    breaks: bool = False
    share: float | None = None
    low: float | None = None
    high: float | None = None
    total: float | None = None
    chance: float | None = None
    infeasible_share: float | None = None
    infeasible_chance: float | None = None
    best: Scalar | None = None
    scientific: bool = False
    tied: tuple[str, ...] = ()
    reason: str = ""

    @property
    def matters(self) -> bool:
        """Whether anything depends on it beyond noise."""
        return self.counts or self.breaks


@final
@dataclass(frozen=True, kw_only=True)
class Interaction:
    """Two hyperparameters whose effects do not add up, on whatever scale of the metric."""

    hyperparameters: tuple[str, str]
    share: float
    chance: float


@final
@dataclass(frozen=True, kw_only=True)
class Importance:
    """What matters in a study, by hyperparameter in the space's order.

    Args:
        settings: How many different settings have a value.
        judged: How many of them were looked at.
        detectable: The share that a hyperparameter must explain to be seen in 8 of 10 such studies.
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
    interactions: tuple[Interaction, ...] = ()
    pairs_judged: bool = False
    constant: bool = False
    reason: str = ""


def importance(
    study: Study, ended: Sequence[Outcome], *, thresholds: ImportanceThresholds = THRESHOLDS
) -> Importance:
    """For each hyperparameter, how much of the differences between trials it explains.

    Trials are compared by rank, those with the same setting by their mean; infeasible ones are a
    question of their own. Beyond `max_points` settings, so many are drawn with the study's seed.

    Source: R2, A3.
    """
    view = DesignMatrix(study, repeats(ended), thresholds)
    value, infeasibility = of_value(view), of_infeasible(view)
    mattering = [name for name, effect in value.items() if effect.clear]
    pairs, pairs_judged = _together(view, mattering)
    best_first = ranked(ended)
    best = best_first[0].record.setting if best_first else {}
    influences = tuple(
        _influence(view, name, (value.get(name), infeasibility.get(name)), pairs, best.get(name))
        for name in study.space.domains
    )
    return Importance(
        study=study.name,
        metric=study.metric,
        status=_status(view, influences),
        ended=len(ended),
        settings=len(view.feasible),
        judged=min(len(view.feasible), thresholds.max_points),
        infeasible=sum(not effect.feasible for effect in ended if not effect.missing),
        detectable=view.detectable,
        influences=influences,
        interactions=pairs,
        pairs_judged=pairs_judged,
        constant=view.constant,
        reason=view.reason,
    )


def _together(view: DesignMatrix, mattering: Sequence[str]) -> tuple[tuple[Interaction, ...], bool]:
    """The pairs beyond noise among those that matter, and whether these could be judged."""
    if len(mattering) < 2:
        return (), False
    design, thresholds = view.design, view.thresholds
    axes = [design.names.index(name) for name in mattering]
    tests = interactions(design.scores_T, design.bases, axes, design.order_PxT)
    beyond = [
        Interaction(
            hyperparameters=(design.names[test.pair[0]], design.names[test.pair[1]]),
            share=test.share,
            chance=test.chance,
        )
        for test in tests
        if test.chance <= thresholds.max_chance_together and test.share >= thresholds.min_together
    ]
    # Of very many pairs, not even the rarest chance would be beyond noise.
    judged = 0 < len(tests) <= thresholds.max_chance_together * len(design.order_PxT)
    return tuple(sorted(beyond, key=lambda test: (-test.share, test.hyperparameters))), judged


def _influence(
    view: DesignMatrix,
    name: str,
    answers: tuple[AxisEffect | None, AxisEffect | None],
    pairs: Sequence[Interaction],
    best: Scalar | None,
) -> Influence:
    on_value, on_infeasible = answers
    counts, breaks = (effect is not None and effect.clear for effect in answers)
    reason = "" if counts or breaks else _doubt(view, name, on_value)
    status: Severity = "unclear" if reason else "ok" if counts or breaks else "notice"
    return Influence(
        hyperparameter=name,
        status=status,
        counts=counts,
        breaks=breaks,
        share=max(0.0, on_value.share.value) if on_value else None,
        low=on_value.share.low if on_value else None,
        high=on_value.share.high if on_value else None,
        total=_total(view, name, on_value, pairs),
        chance=on_value.chance if on_value else None,
        infeasible_share=max(0.0, on_infeasible.share.value) if on_infeasible else None,
        infeasible_chance=on_infeasible.chance if on_infeasible else None,
        best=best,
        scientific=name in view.study.merged,
        tied=on_value.tied if on_value else (),
        reason=reason,
    )


def _doubt(view: DesignMatrix, name: str, on_value: AxisEffect | None) -> str:
    """Why a hyperparameter that was not seen to matter may; empty where it hardly does."""
    if on_value is None:
        return view.reason
    if on_value.tied:
        others = join([f"`{other}`" for other in on_value.tied])
        return f"its values went together with those of {others}, so their effects mix"
    if not view.design.bases[view.design.names.index(name)].columns_TxQ.shape[1]:
        return "only one value of it was tried"
    if on_value.share.high > view.thresholds.max_share:
        return f"it may still explain up to {percent(on_value.share.high)} of the differences"
    return ""


def _total(
    view: DesignMatrix, name: str, on_value: AxisEffect | None, pairs: Sequence[Interaction]
) -> float | None:
    own_pairs = [one.hyperparameters for one in pairs if name in one.hyperparameters]
    if on_value is None or not own_pairs:
        return None
    bases = dict(zip(view.design.names, view.design.bases, strict=True))
    crossed = [products(*(bases[axis].pairing_TxQ for axis in pair)) for pair in own_pairs]
    more = [max(0.0, share(view.design.scores_T, one)) for one in crossed]
    return min(1.0, max(0.0, on_value.share.value) + sum(more))


def _status(view: DesignMatrix, influences: Sequence[Influence]) -> Severity:
    if any(influence.matters for influence in influences):
        return "ok"
    if view.constant and len(view.losses) >= view.thresholds.min_points:
        return "notice"
    if view.reason or view.detectable > view.thresholds.max_detectable:
        return "unclear"
    return "unclear" if all(influence.tied for influence in influences) else "notice"


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
    message, advice = _study_message(result)
    return Finding(
        rule="R2",
        check="importance",
        status=result.status,
        subject={"study": result.study},
        message=message,
        evidence={
            "ended": result.ended,
            "settings": result.settings,
            "judged": result.judged,
            "infeasible": result.infeasible,
            "detectable": result.detectable,
            "pairs_judged": result.pairs_judged,
        },
        advice=advice,
    )


def _study_message(result: Importance) -> tuple[str, str]:
    where, settings = f"`{result.study}`", plural(result.judged, "setting")
    mattering = [influence for influence in result.influences if influence.matters]
    if mattering:
        order = sorted(
            mattering,
            key=lambda influence: (
                -(influence.total or influence.share or 0.0),
                influence.hyperparameter,
            ),
        )
        names = join([_named_share(influence) for influence in order], most=8)
        return f"What matters in {where} beyond noise, of {settings}: {names}.", ""
    if result.constant:
        return (
            f"Nothing matters in {where}: all {result.settings} settings have the same value of "
            f"{result.metric}.",
            "Look whether the metric can tell good training from bad, then at the space (R2).",
        )
    if result.reason:
        return f"What matters in {where} is unclear: {result.reason}.", ""
    power_clause = (
        f"what explains {percent(result.detectable)} of the differences would have been seen"
    )
    if result.status == "unclear":
        return (
            f"What matters in {where} is unclear: nothing stands out, and only {power_clause}.",
            "",
        )
    return (
        f"Nothing here matters beyond noise: over the {settings} of {where}, {result.metric} "
        f"depends on no hyperparameter ({power_clause} in 8 of 10 such studies).",
        "Fix these and look elsewhere, or widen the ranges (R2); train one setting with 5 seeds "
        "to learn how large the noise is (A2).",
    )


def _named_share(influence: Influence) -> str:
    return f"`{influence.hyperparameter}` ({percent(influence.total or influence.share or 0.0)})"


def _of_hyperparameter(result: Importance, influence: Influence) -> Finding:
    return Finding(
        rule="R2",
        check="importance",
        status=influence.status,
        subject={"study": result.study, "hyperparameter": influence.hyperparameter},
        message=_message(result, influence),
        evidence={
            "share": influence.share,
            "interval": [influence.low, influence.high],
            "total": influence.total,
            "chance": influence.chance,
            "infeasible_share": influence.infeasible_share,
            "infeasible_chance": influence.infeasible_chance,
            "settings": result.judged,
            "tied": list(influence.tied),
        },
        advice=_advice(influence),
    )


def _message(result: Importance, effect: Influence) -> str:
    name, where = f"`{effect.hyperparameter}`", f"in `{result.study}`"
    if effect.reason:
        return f"Whether {name} matters {where} is unclear: {effect.reason}."
    if not effect.matters:
        return f"{name} changes nothing {where} beyond noise: {_explains(result, effect)}."
    total = f", with its interactions {percent(effect.total)}" if effect.total is not None else ""
    explained = percent(effect.infeasible_share or 0.0)
    infeasible_sentence = f" Of what makes trials infeasible it explains {explained}."
    if not effect.counts:
        return f"{name} matters {where} for which trials are infeasible.{infeasible_sentence}"
    end = infeasible_sentence if effect.breaks else ""
    return f"{name} matters {where}: {_explains(result, effect)}{total}.{end}"


def _explains(result: Importance, influence: Influence) -> str:
    high = percent(influence.high or 0.0)
    # Below, the lower end is written as none.
    reaches = (
        f"{percent(influence.low)} to {high}"
        if influence.low and influence.low >= 0.001
        else f"up to {high}"
    )
    return (
        f"by itself it explains {percent(influence.share or 0.0)} of the differences in rank "
        f"between {plural(result.judged, 'setting')} (95 % interval {reaches}; chance "
        f"{number(influence.chance, 2)})"
    )


def _advice(influence: Influence) -> str:
    if influence.status != "notice":
        return ""
    if influence.scientific:
        return "No difference between its values was seen here: choose the simplest (R2, A4)."
    value = (
        ""
        if influence.best is None
        else f", for example at {number(influence.best)} as in the best trial"
    )
    return f"Fix it{value}, and leave its room to those that matter (R2)."


def _of_pair(result: Importance, pair: Interaction) -> Finding:
    first, second = pair.hyperparameters
    return Finding(
        rule="R2",
        check="importance",
        status="notice",
        subject={"study": result.study, "hyperparameters": [first, second]},
        message=(
            f"`{first}` and `{second}` act together in `{result.study}`: beyond the sum of their "
            f"effects they explain {percent(pair.share)} of the differences (chance "
            f"{number(pair.chance, 2)})."
        ),
        evidence={"share": pair.share, "chance": pair.chance, "settings": result.judged},
        advice=f"Vary both: the best `{first}` depends on `{second}` (R2, R7).",
    )
