"""Contrasts: trials that differ in one hyperparameter and their seed, where settings were repeated.

Axes: T trials, P permutations, L blocks' levels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import final

import numpy as np
import scipy

from ...space import Scalar, value_text
from ..statistics.effects import Floats, Indices
from ..statistics.tails import f_bar, f_beyond, ranks
from .outcomes import Outcome
from .repeats import are_copies

# The smallest chance is 1 in 1,000.
PERMUTATIONS = 999


@final
@dataclass(frozen=True, kw_only=True)
class Contrast:
    """How far trials that are equal in all else differ by one hyperparameter, beyond repeats.

    Args:
        values: How many of its values were compared, by how many `trials`.
        share: Of the variance within blocks, what its values explain, less what chance gives.
        chance: How often they differ as much without any effect.
        detectable: The difference between two of the values, the others amid them, that would be
            seen in 8 of 10 such studies; None where trials failed or repeats do not differ.
    """

    values: int
    trials: int
    share: float
    chance: float
    detectable: float | None = None


def contrasts(
    groups: Sequence[Sequence[Outcome]],
    names: Sequence[str],
    *,
    seed: int,
    max_chance: float = 0.05,
) -> dict[str, Contrast]:
    """The contrast of each hyperparameter for which there is one.

    A block holds settings that differ in nothing but the hyperparameter; it counts where one of
    them was trained more than once, so that the repeats are the noise: the F test of settings
    against repeats, of the values. Repeats that are copies, whatever their seed, are no noise.
    Where a trial failed, trials are ranked and shuffled within their blocks.

    Source: R2, A1, A2.
    """
    if all(len(group) == 1 for group in groups):
        return {}
    # Of several that are compared, each must be as clear as Holm asks of the first.
    bar = max_chance / max(1, len(names))
    of_names = {name: _contrast(_blocks(groups, name), seed=seed, bar=bar) for name in names}
    return {name: contrast for name, contrast in of_names.items() if contrast is not None}


def _blocks(groups: Sequence[Sequence[Outcome]], name: str) -> list[list[Sequence[Outcome]]]:
    """The settings that differ in nothing but this, where a repeat of one may differ."""
    blocks: dict[tuple[tuple[str, str], ...], list[Sequence[Outcome]]] = {}
    for group in groups:
        record = group[0].record
        if record.parent is None and name in record.setting:
            blocks.setdefault(_all_but(record.setting, name), []).append(group)
    return [
        block
        for block in blocks.values()
        if len(block) > 1 and any(len(group) > 1 and not are_copies(group) for group in block)
    ]


def _all_but(setting: Mapping[str, Scalar], name: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, value_text(setting[key])) for key in sorted(setting) if key != name)


def _contrast(
    blocks: Sequence[Sequence[Sequence[Outcome]]], *, seed: int, bar: float
) -> Contrast | None:
    settings = [group for block in blocks for group in block]
    counts_L = np.array([len(group) for group in settings])
    if not len(counts_L):
        return None
    losses_T = np.array([one.loss for group in settings for one in group])
    setting_T = np.repeat(np.arange(len(settings)), counts_L)
    block_L = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    # What failed has no value, but is worse than all that have one.
    finite = bool(np.isfinite(losses_T).all())
    rest_T = _centred(losses_T if finite else ranks(losses_T), block_L[setting_T])
    total = float(rest_T @ rest_T)
    if not total:
        return Contrast(values=_values(blocks), trials=len(rest_T), share=0.0, chance=1.0)
    explained = float((np.square(_sums(rest_T, setting_T, len(settings))) / counts_L).sum())
    columns, free = len(settings) - len(blocks), len(rest_T) - len(settings)
    noise = max((total - explained) / free, _rounding(losses_T) if finite else 0.0)
    chance = (
        f_beyond(explained / columns / max(noise, 1e-12 * total), columns, free)
        if finite
        else _shuffled(rest_T, setting_T, block_L[setting_T], seed=seed)
    )
    return Contrast(
        values=_values(blocks),
        trials=len(rest_T),
        share=max(0.0, explained - columns * noise) / total,
        chance=chance,
        detectable=_detectable(blocks, noise, columns, free, bar=bar) if finite else None,
    )


def _rounding(losses_T: Floats) -> float:
    """The variance of rounding to the smallest step seen: what ties is no more alike than that."""
    steps = np.diff(np.unique(losses_T))
    steps = steps[steps > 1e-9 * np.abs(losses_T).max()]
    return float(steps.min()) ** 2 / 12 if len(steps) else 0.0


def _detectable(
    blocks: Sequence[Sequence[Sequence[Outcome]]],
    noise: float,
    columns: int,
    free: int,
    *,
    bar: float,
    power: float = 0.8,
) -> float | None:
    """The difference that the F test sees with this power, by the noncentral F distribution."""
    if not noise:
        return None
    beyond = f_bar(bar, columns, free)
    least, most = 0.0, 1.0
    while scipy.stats.ncf.sf(beyond, columns, free, most) < power:
        most *= 2
    for _ in range(30):
        middle = (least + most) / 2
        seen = scipy.stats.ncf.sf(beyond, columns, free, middle) >= power
        least, most = (least, middle) if seen else (middle, most)
    # Two settings with n and m trials and a difference d: d² / (1 / n + 1 / m) of the noise.
    weight = sum(1 / (2 * fmean(1 / len(group) for group in block)) for block in blocks)
    return math.sqrt(most * noise / weight)


def _shuffled(rest_T: Floats, setting_T: Indices, block_T: Indices, *, seed: int) -> float:
    """How often trials shuffled within their blocks differ as much between settings."""
    counts_L = np.bincount(setting_T)
    sums_PxL = _sums(rest_T[_orders(block_T, seed=seed)], setting_T, len(counts_L))
    explained_P = (np.square(sums_PxL) / counts_L).sum(axis=1)
    return float(np.mean(explained_P >= explained_P[0] * (1 - 1e-9)))


def _values(blocks: Sequence[Sequence[Sequence[Outcome]]]) -> int:
    """So many values were compared at most in one block."""
    return max(len(block) for block in blocks)


def _centred(ranks_T: Floats, block_T: Indices) -> Floats:
    means = np.bincount(block_T, ranks_T) / np.bincount(block_T)
    return np.asarray(ranks_T - means[block_T])


def _sums(values_PxT: Floats, setting_T: Indices, settings: int) -> Floats:
    """The sum of each setting's trials."""
    marks_TxL = (setting_T[:, None] == np.arange(settings)).astype(np.float64)
    return np.asarray(values_PxT @ marks_TxL)


def _orders(block_T: Indices, *, seed: int) -> Indices:
    """order_PxT: trials shuffled within their blocks, the first order as they are."""
    rng = np.random.default_rng(seed)
    order_PxT = np.tile(np.arange(len(block_T)), (PERMUTATIONS + 1, 1))
    for block in np.unique(block_T):
        places = np.flatnonzero(block_T == block)
        order_PxT[1:, places] = rng.permuted(order_PxT[1:, places], axis=1)
    return order_PxT
