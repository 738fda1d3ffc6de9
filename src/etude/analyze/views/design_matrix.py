"""The design matrix: a study's settings as columns, and the effect of each hyperparameter.

Axes: T settings, D hyperparameters, P permutations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import final

import numpy as np

from ...space import Choice
from ...study import Study
from ...wording import plural
from ..statistics.effects import (
    Basis,
    Floats,
    Indices,
    Share,
    basis,
    detectable,
    effects,
    holm,
    permutations,
    scores,
    tied,
)
from ..thresholds import ImportanceThresholds
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
    """The effect of one axis on a response; `tied` names the axes that it cannot be told from."""

    share: Share
    chance: float
    tied: tuple[str, ...]
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
            np.array([domain.unit(setting[name]) for setting in chosen])
            for name, domain in domains.items()
        ]
        return Design(
            names=tuple(domains),
            bases=[
                basis(units_T, ordered=not isinstance(domain, Choice) or domain.ordered)
                for units_T, domain in zip(units_DxT, domains.values(), strict=True)
            ],
            scores_T=scores(np.asarray(values)[places]),
            order_PxT=permutations(len(places), seed=seed, count=self._permutations),
            seed=seed,
        )


def of_value(settings: DesignMatrix) -> dict[str, AxisEffect]:
    """The effect of each hyperparameter on the metric; none where that cannot be judged.

    Source: R2.
    """
    return {} if settings.reason else _axis_effects(settings.design, settings.thresholds)


def of_infeasible(settings: DesignMatrix) -> dict[str, AxisEffect]:
    """The effect of each on whether a trial is infeasible; none where too few of a kind are.

    Source: R2, C3.
    """
    shares = [fmean(not one.feasible for one in group) for group in settings.groups]
    of_a_kind = min(sum(shares), len(shares) - sum(shares))
    if not settings.study.space.dimensions or of_a_kind < settings.thresholds.min_infeasible:
        return {}
    design = settings.scored(settings.groups, shares)
    return _axis_effects(design, settings.thresholds, infeasible=True)


def _axis_effects(
    design: Design, thresholds: ImportanceThresholds, *, infeasible: bool = False
) -> dict[str, AxisEffect]:
    """The effect of each axis of a design, by name."""
    bar = thresholds.max_chance_infeasible if infeasible else thresholds.max_chance
    axis_effects = effects(design.scores_T, design.bases, design.order_PxT, seed=design.seed)
    corrected = holm([effect.chance for effect in axis_effects])
    ties = tied(design.bases, max_chance=thresholds.max_chance_tied, min_share=thresholds.min_tied)
    return {
        name: AxisEffect(
            share=effect.share,
            chance=chance,
            tied=tuple(design.names[axis] for axis in tied_axes),
            clear=chance <= bar and not tied_axes,
        )
        for name, effect, chance, tied_axes in zip(
            design.names, axis_effects, corrected, ties, strict=True
        )
    }
