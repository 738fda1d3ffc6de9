"""Skew: whether an evaluation set is a fair sample of what it stands for, feature by feature.

Axes: N examples of the sample, M of the full set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, kolmogorov

from ..errors import WorkloadError
from ..wording import number, percent
from .labels import array

# Heuristic: a number with so few different values is a kind, and is counted.
MAX_KINDS = 20
# The usual rule: a chi-square is one where so many are expected of each kind; rarer ones are
# counted with their neighbours, in which a set that was cut off in order differs too.
MIN_EXPECTED = 5.0
FALSE_ALARM = 0.01


@final
@dataclass(frozen=True, kw_only=True)
class FeatureSkew:
    """How far the sample differs from the full set in one feature.

    Args:
        distance: The largest difference in the share of any group of values, 0 to 1.
        p_value: How often a fair sample differs by as much; corrected for all features looked at.
        kind: The kind whose share differs most; empty for a number.
        share: Of that kind in the sample, and `full_share` in the full set; NaN for a number.
    """

    name: str
    distance: float
    p_value: float
    kind: str = ""
    share: float = float("nan")
    full_share: float = float("nan")

    def __str__(self) -> str:
        """What differs, in a few words."""
        if self.kind:
            shares = f"{percent(self.share)} in place of {percent(self.full_share)}"
            return f"`{self.name}` is `{self.kind}` in {shares}"
        return f"`{self.name}` lies elsewhere, by up to {percent(self.distance)} of the examples"


@final
@dataclass(frozen=True, kw_only=True)
class Skew:
    """Whether a sample is skewed, and in which features.

    Args:
        features: All that were looked at, the least likely first.
        false_alarm: How often a fair sample is called skewed, at most.
        unseen: A difference of a smaller share of the examples would pass for chance.
    """

    features: tuple[FeatureSkew, ...]
    false_alarm: float
    unseen: float

    @property
    def skewed(self) -> tuple[FeatureSkew, ...]:
        """The features in which chance does not explain the difference."""
        return tuple(one for one in self.features if one.p_value < self.false_alarm)

    def __bool__(self) -> bool:
        """Whether the sample is skewed."""
        return bool(self.skewed)

    def __str__(self) -> str:
        """One sentence."""
        if not self:
            alarm = number(100 * self.false_alarm, 2)
            return (
                f"Nothing tells the sample from the full set: a difference under "
                f"{percent(self.unseen)} would not show (a fair one is called skewed in {alarm} %)."
            )
        text = "; ".join(map(str, self.skewed[:3]))
        least = self.skewed[0].p_value
        chance = f"= {number(least, 2)}" if least >= 1e-6 else "< 1e-6"
        return f"The sample is skewed: {text} (p {chance})."


def skew(sample: Any, full: Any, *, within: bool = True, false_alarm: float = FALSE_ALARM) -> Skew:
    """Whether labels, groups or features of a sample are those of the full set, but for chance.

    Kinds (text, whole numbers, numbers of few values) are compared by a chi-square of their counts,
    other numbers by the two-sample Kolmogorov-Smirnov statistic. Of many features the p-values are
    multiplied by their number (Bonferroni), so that a fair sample is called skewed in at most
    `false_alarm` of all cases, whatever the number of features.

    Args:
        sample: One array with a value an example, or a mapping of such by name.
        full: The same of the full set.
        within: Whether the sample is a part of the full set: it is then compared with the rest. Not
            so for validation against training data.
        false_alarm: See above.

    Raises:
        WorkloadError: for features that only one of the two has, or several values an example.

    Source: E4.

    >>> labels = np.arange(1000) % 10
    >>> bool(skew(labels[::4], labels)), bool(skew(np.sort(labels)[:250], labels))
    (True, True)
    >>> bool(skew(labels[:250], labels))
    False
    """
    samples, fulls = _columns(sample), _columns(full)
    if samples.keys() != fulls.keys():
        lone = ", ".join(f"`{name}`" for name in sorted(samples.keys() ^ fulls.keys()))
        raise WorkloadError(f"Only one of the two sets has {lone}. Give both the same features.")
    pairs = {name: (column, fulls[name]) for name, column in samples.items()}
    features = [_feature(name, *pair, within=within) for name, pair in pairs.items()]
    corrected = [
        FeatureSkew(**{**vars(one), "p_value": min(1.0, one.p_value * len(features))})
        for one in features
    ]
    corrected.sort(key=lambda one: (one.p_value, -one.distance))
    sizes = _sizes(samples, fulls, within=within)
    unseen = unseen_share(*sizes, chance=false_alarm / len(features))
    return Skew(features=tuple(corrected), false_alarm=false_alarm, unseen=unseen)


def unseen_share(sample: int, rest: int, *, chance: float) -> float:
    """The share of the examples below which a difference between two sets passes for chance.

    Of a number it is the critical distance of Kolmogorov and Smirnov; of kinds about as much.

    Args:
        sample: The examples of one set.
        rest: Those of the other, which has none of the first.
        chance: How often fair samples may be told apart.

    Source: E4.

    >>> [round(unseen_share(count, 10_000, chance=0.001), 2) for count in (20, 200, 2000)]
    [0.44, 0.14, 0.05]
    """
    if not sample or not rest:
        return 1.0
    return min(1.0, math.sqrt(-math.log(chance / 2.0) / 2.0 * (1.0 / sample + 1.0 / rest)))


def _sizes(
    samples: Mapping[str, NDArray[Any]], fulls: Mapping[str, NDArray[Any]], *, within: bool
) -> tuple[int, int]:
    """The fewest examples of any feature, in the sample and in what it is compared with."""
    n = min(map(len, samples.values()))
    m = min(map(len, fulls.values()))
    return n, max(m - n, 0) if within else m


def _columns(given: Any) -> dict[str, NDArray[Any]]:
    named = given if isinstance(given, Mapping) else {"labels": given}
    columns = {str(name): array(values) for name, values in named.items()}
    for name, column in columns.items():
        if column.ndim != 1 or not len(column):
            raise WorkloadError(
                f"The feature `{name}` has shape {column.shape}. Give one value an example, and "
                "several features by name."
            )
    return columns


def _feature(
    name: str, sample_N: NDArray[Any], full_M: NDArray[Any], *, within: bool
) -> FeatureSkew:
    numbers = sample_N.dtype.kind in "iufb" and full_M.dtype.kind in "iufb"
    if not numbers:
        return _of_kinds(name, sample_N.astype(str), full_M.astype(str), within=within)
    kinds = np.unique(np.concatenate([np.unique(sample_N), np.unique(full_M)]))
    whole = sample_N.dtype.kind in "iub" and full_M.dtype.kind in "iub"
    # Whole numbers are counts where there are more kinds than examples to tell them apart.
    if len(kinds) <= MAX_KINDS or (whole and len(kinds) <= len(full_M) / MIN_EXPECTED):
        return _of_kinds(name, sample_N, full_M, within=within)
    return _of_numbers(name, sample_N.astype(float), full_M.astype(float), within=within)


def _of_kinds(
    name: str, sample_N: NDArray[Any], full_M: NDArray[Any], *, within: bool
) -> FeatureSkew:
    """By the counts of kinds, a chi-square of two rows; rare kinds join their neighbours."""
    kinds, places = np.unique(np.concatenate([sample_N, full_M]), return_inverse=True)
    mine_K = np.bincount(places[: len(sample_N)], minlength=len(kinds)).astype(float)
    all_K = np.bincount(places[len(sample_N) :], minlength=len(kinds)).astype(float)
    rest_K = all_K - mine_K if within else all_K
    if (rest_K < 0.0).any():
        raise WorkloadError(
            f"The sample has values of `{name}` that the full set has not, or more of them. If it "
            "is no part of the full set, pass within=False."
        )
    n, m = mine_K.sum(), rest_K.sum()
    if not m:
        return FeatureSkew(name=name, distance=0.0, p_value=1.0)
    shares_K, full_shares_K = mine_K / n, all_K / all_K.sum()
    worst = int(np.argmax(np.abs(shares_K - full_shares_K)))
    expected_K = (mine_K + rest_K) * min(n, m) / (n + m)
    groups_K = _groups(expected_K)
    table = np.stack(
        [np.bincount(groups_K, weights=row_K).astype(float) for row_K in (mine_K, rest_K)]
    )
    return FeatureSkew(
        name=name,
        distance=float(np.abs(mine_K / n - rest_K / m).sum() / 2.0),
        p_value=_chi_square(table),
        kind=str(kinds[worst]),
        share=float(shares_K[worst]),
        full_share=float(full_shares_K[worst]),
    )


def _groups(expected_K: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which kinds are counted together, so that enough are expected of each group: neighbours."""
    groups_K = np.zeros(len(expected_K), dtype=np.int64)
    group, filled = 0, 0.0
    for place, expected in enumerate(expected_K.tolist()):
        if filled >= MIN_EXPECTED:
            group, filled = group + 1, 0.0
        groups_K[place], filled = group, filled + expected
    if filled < MIN_EXPECTED and group:  # what is left over joins the group before
        groups_K[groups_K == group] = group - 1
    return groups_K


def _chi_square(table: NDArray[np.float64]) -> float:
    table = table[:, table.sum(axis=0) > 0.0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    if table.shape[1] < 2 or expected.min() < 1.0:
        return 1.0
    return float(chdtrc(table.shape[1] - 1, ((table - expected) ** 2 / expected).sum()))


def _of_numbers(
    name: str, sample_N: NDArray[np.float64], full_M: NDArray[np.float64], *, within: bool
) -> FeatureSkew:
    """By the largest distance of the two distribution functions; what is missing comes last."""
    n, m = len(sample_N), len(full_M)
    points = np.concatenate([sample_N, full_M])
    shares = [
        np.searchsorted(np.sort(one), points, side="right") / len(one) for one in (sample_N, full_M)
    ]
    distance = float(np.abs(shares[0] - shares[1]).max())
    if within:  # of the sample from the rest
        if n >= m:
            return FeatureSkew(name=name, distance=0.0, p_value=1.0)
        distance, m = distance * m / (m - n), m - n
    p_value = float(kolmogorov(np.sqrt(n * m / (n + m)) * distance))
    return FeatureSkew(name=name, distance=min(distance, 1.0), p_value=p_value)
