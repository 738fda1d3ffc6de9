"""The design matrix: a study's settings as columns, and the effect of each hyperparameter.

Axes: T settings, D hyperparameters, P permutations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from statistics import fmean
from typing import final

import numpy as np

from ...space import in_order, is_ordered
from ...study import Study
from ...wording import plural
from ..statistics.effects import (
    Basis,
    Floats,
    Indices,
    basis,
    detectable,
    effects,
    holm,
    permutations,
    scores,
    tied,
)
from ..statistics.total_share import Bounds, total_shares
from ..thresholds import ImportanceThresholds
from .contrasts import Contrast, contrasts
from .outcomes import Outcome


@final
@dataclass(frozen=True, kw_only=True)
class Design:
    """Settings as columns, the scores of what depends on them, and orders to shuffle them."""

    names: tuple[str, ...]
    bases: list[Basis]
    scores_T: Floats
    order_PxT: Indices
    seed: int


@final
@dataclass(frozen=True, kw_only=True)
class AxisEffect:
    """The effect of one axis on a response.

    Args:
        share: What it explains by itself; None where only repeats tell.
        bounds: Of its total share; None where that was not asked for, or too little is known.
        tied: The axes that it cannot be told from.
        contrast: What repeated settings tell that differ in it alone.
        clear: Whether the response depends on it beyond noise.
    """

    share: float | None
    chance: float
    bounds: Bounds | None = None
    tied: tuple[str, ...] = ()
    contrast: Contrast | None = None
    clear: bool


@final
@dataclass(frozen=True)
class DesignMatrix:
    """A study's settings, each with its ended trainings."""

    study: Study
    groups: list[list[Outcome]]
    thresholds: ImportanceThresholds

    @cached_property
    def feasible(self) -> list[list[Outcome]]:
        """The settings with a value."""
        return [group for group in self.groups if any(one.feasible for one in group)]

    @cached_property
    def losses(self) -> list[float]:
        """The mean of each setting with a value."""
        return [fmean(one.loss for one in group if one.feasible) for group in self.feasible]

    @cached_property
    def constant(self) -> bool:
        """Whether all values are the same."""
        return len(self.losses) > 1 and min(self.losses) == max(self.losses)

    @cached_property
    def reason(self) -> str:
        """Why nothing can be said of the metric; empty where something can."""
        count, needed = len(self.feasible), self.thresholds.min_points
        if not self.study.space.dimensions:
            return "nothing varies in it"
        if count < needed:
            return f"{plural(count, 'setting')} with a value, and {needed} are needed"
        return f"all {count} settings have the same value" if self.constant else ""

    @cached_property
    def detectable(self) -> float:
        """The share of the variance that an axis needs to be seen."""
        judged = min(len(self.feasible), self.thresholds.max_points)
        axes = self.study.space.dimensions
        return detectable(judged, axes, max_chance=self.thresholds.max_chance)

    @property
    def _permutations(self) -> int:
        """So many that a chance can pass the sharpest bar, whatever the number of axes."""
        needed = math.ceil(self.study.space.dimensions / self.thresholds.max_chance_infeasible)
        return min(max(self.thresholds.permutations, needed), self.thresholds.max_permutations)

    @cached_property
    def design(self) -> Design:
        """The settings with a value, scored by rank."""
        return self.scored(self.feasible, self.losses)

    @property
    def fewest(self) -> int:
        """With fewer settings than this, no hyperparameter may be excluded."""
        axes = self.study.space.dimensions
        return max(self.thresholds.min_points, self.thresholds.min_settings_an_axis * axes)

    @cached_property
    def needed(self) -> int:
        """The same, by the columns of all hyperparameters and their pairs."""
        pairing = [own.pairing_TxQ.shape[1] for own in self.design.bases]
        columns: int = sum(own.columns_TxQ.shape[1] for own in self.design.bases)
        columns += sum(first * second for first, second in combinations(pairing, 2))
        return max(self.fewest, math.ceil(self.thresholds.min_settings_a_column * columns))

    @cached_property
    def bounds(self) -> dict[str, Bounds]:
        """The bounds of each hyperparameter's total share; under no name those of all together.

        Where settings are infeasible, one must not matter for that either: they are ranked behind
        all values, and the upper bounds are those of the response in which they are higher.
        """
        if self.reason or len(self.feasible) < self.needed:
            return {}
        names = (*self.design.names, "")
        by_value = dict(zip(names, self._total_shares(self.design), strict=True))
        failed = [fmean(not one.feasible for one in group) for group in self.groups]
        if not any(failed):
            return by_value
        design = self.scored(self.groups, _behind(self.groups, failed).tolist())
        by_all = dict(zip(names, self._total_shares(design), strict=True))
        return {
            name: Bounds(
                low=of_value.low,
                high=max(of_value.high, by_all[name].high),
                power=min(of_value.power, by_all[name].power),
            )
            for name, of_value in by_value.items()
        }

    def _total_shares(self, design: Design) -> list[Bounds]:
        return total_shares(
            design.scores_T,
            design.bases,
            margin=self.thresholds.max_share,
            max_chance=self.thresholds.max_chance_fixed,
            seed=design.seed,
        )

    @cached_property
    def contrasts(self) -> dict[str, Contrast]:
        """What repeated settings tell of a hyperparameter, where all else was equal."""
        return contrasts(
            self.groups,
            list(self.study.space.domains),
            seed=self.study.seed,
            max_chance=self.thresholds.max_chance,
        )

    def scored(self, groups: Sequence[Sequence[Outcome]], values: Sequence[float]) -> Design:
        """These settings and the ranks of these values."""
        seed, most = self.study.seed, self.thresholds.max_points
        # Of very many settings, so many are drawn with the study's seed.
        places = np.arange(len(groups))
        if len(places) > most:
            places = np.sort(np.random.default_rng(seed).choice(len(places), most, replace=False))
        domains = self.study.space.domains
        chosen = [groups[place][0].record.setting for place in places.tolist()]
        units_DxT = [
            np.array([in_order(domain).unit(setting[name]) for setting in chosen])
            for name, domain in domains.items()
        ]
        return Design(
            names=tuple(domains),
            bases=[
                basis(units_T, ordered=is_ordered(domain))
                for units_T, domain in zip(units_DxT, domains.values(), strict=True)
            ],
            scores_T=scores(np.asarray(values)[places]),
            order_PxT=permutations(len(places), seed=seed, count=self._permutations),
            seed=seed,
        )


def _behind(groups: Sequence[Sequence[Outcome]], failed: Sequence[float]) -> Floats:
    """The place of each setting by how often it failed, then by the mean of its values."""
    means = [fmean([one.loss for one in group if one.feasible] or [0.0]) for group in groups]
    keys = np.array(list(zip(failed, means, strict=True)))
    return np.asarray(np.unique(keys, axis=0, return_inverse=True)[1].ravel(), dtype=np.float64)


def of_value(settings: DesignMatrix) -> dict[str, AxisEffect]:
    """The effect of each hyperparameter on the metric; none where that cannot be judged.

    Source: R2, A2.
    """
    if not settings.reason:
        return _axis_effects(settings, settings.design)
    # Too few settings to judge by; but repeats tell what differs beyond them.
    chances = {name: one.chance for name, one in settings.contrasts.items()}
    corrected = dict(zip(chances, holm(list(chances.values())), strict=True))
    return {
        name: AxisEffect(
            share=None,
            chance=corrected[name],
            contrast=contrast,
            clear=corrected[name] <= settings.thresholds.max_chance,
        )
        for name, contrast in settings.contrasts.items()
    }


def of_infeasible(settings: DesignMatrix) -> dict[str, AxisEffect]:
    """The effect of each on whether a trial is infeasible; none where too few of a kind are.

    Source: R2, C3.
    """
    shares = [fmean(not one.feasible for one in group) for group in settings.groups]
    of_a_kind = min(sum(shares), len(shares) - sum(shares))
    if not settings.study.space.dimensions or of_a_kind < settings.thresholds.min_infeasible:
        return {}
    design = settings.scored(settings.groups, shares)
    return _axis_effects(settings, design, infeasible=True)


def _axis_effects(
    settings: DesignMatrix, design: Design, *, infeasible: bool = False
) -> dict[str, AxisEffect]:
    """The effect of each axis of a design, by name."""
    thresholds = settings.thresholds
    bar = thresholds.max_chance_infeasible if infeasible else thresholds.max_chance
    axis_effects = effects(design.scores_T, design.bases, design.order_PxT)
    ties = tied(design.bases, max_chance=thresholds.max_chance_tied, min_share=thresholds.min_tied)
    repeated = {} if infeasible else settings.contrasts
    chances = [
        _chance(effect.chance, repeated.get(name), is_tied=bool(axes))
        for name, effect, axes in zip(design.names, axis_effects, ties, strict=True)
    ]
    bounds = {} if infeasible else settings.bounds
    return {
        name: AxisEffect(
            share=effect.share,
            chance=chance,
            bounds=bounds.get(name),
            tied=tuple(design.names[axis] for axis in tied_axes),
            contrast=repeated.get(name),
            clear=chance <= bar and (not tied_axes or name in repeated),
        )
        for name, effect, chance, tied_axes in zip(
            design.names, axis_effects, holm(chances), ties, strict=True
        )
    }


def _chance(by_settings: float, contrast: Contrast | None, *, is_tied: bool) -> float:
    """By the settings, or by repeats that differ in it alone; of both, the rarer counted twice."""
    if contrast is None:
        return by_settings
    return contrast.chance if is_tied else min(1.0, 2 * min(by_settings, contrast.chance))
