"""What one hyperparameter does in one study, or why that is unclear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from ...finding import Severity
from ...space import Scalar, in_order, is_ordered
from ...wording import join, number, percent, plural
from ..statistics.effects import interactions, products, share
from ..views.contrasts import Contrast
from ..views.design_matrix import AxisEffect, DesignMatrix
from ..views.equal_lengths import EqualLengths

# As percents are rounded.
EVERYTHING = 0.995


@final
@dataclass(frozen=True, kw_only=True)
class Influence:
    """What one hyperparameter does in one study.

    Args:
        status: `notice` where its total share is at most the margin, so that it can be fixed.
        share: Of the variance of the trials' ranks, what it explains by itself; None (as `low`,
            `high`, `chance`) where that cannot be judged.
        low: With `high`, the interval of its total share, interactions included: 95 %.
        total: The share together with its interactions that are beyond noise.
        chance: How often the ranks would depend on it as much if they did not, corrected for the
            number of hyperparameters.
        infeasible_share: The same of whether a trial is infeasible.
        counts: Whether the metric depends on it beyond noise.
        breaks: Whether it decides beyond noise which trials are infeasible.
        best: Its value in the best trial; None without any.
        at_edge: Whether that lies at an edge of the values tried.
        tied: The hyperparameters whose values went together with its own.
        contrast: What settings tell that were trained more than once and differ in it alone.
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
    at_edge: bool = False
    scientific: bool = False
    tied: tuple[str, ...] = ()
    contrast: Contrast | None = None
    reason: str = ""

    @property
    def matters(self) -> bool:
        """Whether anything depends on it beyond noise."""
        return self.counts or self.breaks

    @property
    def by_repeats(self) -> bool:
        """Whether repeated settings that differ in it alone tell more than all settings."""
        known = self.total or self.share or 0.0
        return self.contrast is not None and self.contrast.share > known

    @property
    def open_above(self) -> bool:
        """Whether it may explain everything."""
        return self.high is not None and self.high >= EVERYTHING

    @property
    def size(self) -> float:
        """By what those that matter are put in order."""
        # Some noise is always left: nothing explains all.
        contrast = min(0.99, self.contrast.share) if self.contrast is not None else 0.0
        return max(self.total or self.share or 0.0, contrast)


@final
@dataclass(frozen=True, kw_only=True)
class Interaction:
    """Two hyperparameters whose effects do not add up, on whatever scale of the metric."""

    hyperparameters: tuple[str, str]
    share: float
    error: float
    chance: float


def together(view: DesignMatrix, mattering: Sequence[str]) -> tuple[tuple[Interaction, ...], bool]:
    """The pairs beyond noise among those that matter, and whether these could be judged.

    Source: R2.
    """
    if len(mattering) < 2:
        return (), False
    design, thresholds = view.design, view.thresholds
    axes = [design.names.index(name) for name in mattering]
    tests = interactions(design.scores_T, design.bases, axes, design.order_PxT)
    beyond = [
        Interaction(
            hyperparameters=(design.names[test.pair[0]], design.names[test.pair[1]]),
            share=test.share,
            error=test.error,
            chance=test.chance,
        )
        for test in tests
        if test.chance <= thresholds.max_chance_together
        and test.share - test.error >= thresholds.min_together
    ]
    # Of very many pairs, not even the rarest chance would be beyond noise.
    judged = 0 < len(tests) <= thresholds.max_chance_together * len(design.order_PxT)
    return tuple(sorted(beyond, key=lambda test: (-test.share, test.hyperparameters))), judged


def study_status(
    view: DesignMatrix, lengths: EqualLengths, influences: Sequence[Influence]
) -> Severity:
    """That nothing matters takes more than silence: all of it together is surely small.

    Source: R2.
    """
    if any(influence.matters for influence in influences):
        return "ok"
    if view.constant and len(view.losses) >= view.fewest and not lengths.cut:
        return "notice"
    joint = view.bounds.get("")
    alone = bool(influences) and all(influence.status == "notice" for influence in influences)
    small = joint is not None and joint.high <= view.thresholds.max_share_together
    return "notice" if alone and small else "unclear"


def influence_of(
    view: DesignMatrix,
    name: str,
    answers: tuple[AxisEffect | None, AxisEffect | None],
    pairs: Sequence[Interaction],
    best: Scalar | None,
) -> Influence:
    """What was seen of it, before it is asked whether it can be excluded.

    Source: R2.
    """
    on_value, on_infeasible = answers
    counts, breaks = (effect is not None and effect.clear for effect in answers)
    bounds = on_value.bounds if on_value else None
    own = on_value.share if on_value else None
    return Influence(
        hyperparameter=name,
        status="ok" if counts or breaks else "unclear",
        counts=counts,
        breaks=breaks,
        share=None if own is None else max(0.0, own),
        # What is not beyond noise may be nothing.
        low=None if bounds is None else bounds.low if counts else 0.0,
        high=bounds.high if bounds else None,
        total=_total(view, name, own, pairs),
        chance=on_value.chance if on_value else None,
        infeasible_share=max(0.0, on_infeasible.share or 0.0) if on_infeasible else None,
        infeasible_chance=on_infeasible.chance if on_infeasible else None,
        best=best,
        at_edge=best is not None and _at_edge(view, name, best),
        scientific=name in view.study.merged,
        tied=on_value.tied if on_value else (),
        contrast=on_value.contrast if on_value else None,
    )


def _at_edge(view: DesignMatrix, name: str, best: Scalar) -> bool:
    """Whether a value lies near the outermost ones tried; of very few values, each does."""
    domain = in_order(view.study.space.domains[name])
    units = sorted({domain.unit(group[0].record.setting[name]) for group in view.groups})
    if len(units) < view.thresholds.min_values or not is_ordered(domain):
        return False
    inset = view.thresholds.edge * (units[-1] - units[0])
    return not units[0] + inset < domain.unit(best) < units[-1] - inset


def excluded(view: DesignMatrix, lengths: EqualLengths, seen: Influence) -> Influence:
    """The same with `notice` where its share is surely small, with the reason where it may not.

    Source: R2.
    """
    if seen.matters:
        return seen
    reason = _doubt(view, lengths, seen)
    return replace(seen, status="unclear" if reason else "notice", reason=reason)


def _doubt(view: DesignMatrix, lengths: EqualLengths, seen: Influence) -> str:
    """Why a hyperparameter that was not seen to matter may; empty where it hardly does."""
    name = seen.hyperparameter
    if view.reason:
        return view.reason
    if seen.tied:
        others = join([f"`{other}`" for other in seen.tied])
        return f"its values went together with those of {others}, so their effects mix"
    if not view.design.bases[view.design.names.index(name)].columns_TxQ.shape[1]:
        return "only one value of it was tried"
    if lengths.cut:
        return cut_clause(lengths.cut, lengths.trials)
    if name not in view.bounds:
        axes = plural(view.study.space.dimensions, "hyperparameter")
        return f"{axes} need at least {view.needed} settings, and {len(view.feasible)} have a value"
    return _not_excluded(view, name)


def _not_excluded(view: DesignMatrix, name: str) -> str:
    """Why it may explain more than what can be fixed; empty where it hardly does."""
    bounds, thresholds = view.bounds[name], view.thresholds
    if bounds.high >= EVERYTHING:
        return f"with {plural(len(view.feasible), 'setting')}, nothing can be excluded"
    if bounds.high > thresholds.max_share:
        return f"it may explain up to {percent(bounds.high)} of the differences"
    if bounds.power < thresholds.min_power:
        return f"{plural(len(view.feasible), 'setting')} are too few to exclude effects of 10 %"
    return ""


def named_share(influence: Influence) -> str:
    """Its name and how much it explains, of a list.

    Source: R2.
    """
    share = percent(influence.size) if influence.counts else "for what fails"
    among = " among trials alike in all else" if influence.counts and influence.by_repeats else ""
    return f"`{influence.hyperparameter}` ({share}{among})"


def fix_advice(influence: Influence) -> str:
    """What to do with one that explains little.

    Source: R2.
    """
    if influence.scientific:
        return "Choose the simplest of its values."
    value = (
        ""
        if influence.best is None or influence.at_edge
        else f", for example at {number(influence.best, 3)} as in the best trial"
    )
    return f"Fix it{value}, and leave its room to those that matter."


def cut_clause(cut: int, trials: int) -> str:
    """Why values of trials that were cut short are not compared.

    Source: R2.
    """
    return (
        f"{cut} of {plural(trials, 'trial')} were stopped early, so values tell how long they ran"
    )


def _total(
    view: DesignMatrix, name: str, own: float | None, pairs: Sequence[Interaction]
) -> float | None:
    own_pairs = [one.hyperparameters for one in pairs if name in one.hyperparameters]
    if own is None or not own_pairs:
        return None
    bases = dict(zip(view.design.names, view.design.bases, strict=True))
    crossed = [products(*(bases[axis].pairing_TxQ for axis in pair)) for pair in own_pairs]
    more = [max(0.0, share(view.design.scores_T, one)) for one in crossed]
    return min(1.0, max(0.0, own) + sum(more))
