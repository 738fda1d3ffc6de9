"""Which trials drop at the same share of their length: a schedule breaks them, not a setting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..thresholds import StabilityThresholds


def shared_drops(
    fractions_T: Sequence[Sequence[float]], thresholds: StabilityThresholds
) -> list[int]:
    """With how many others each trial drops at the same share of the length; 0 where few do.

    Source: D1.
    """
    near = thresholds.near
    sorted_fractions = np.sort(np.array([at for fractions in fractions_T for at in fractions]))
    # By chance, drops anywhere in the run would meet here less than a third as often.
    enough = max(thresholds.min_shared, 6 * near * len(sorted_fractions))
    counts = []
    for fractions in fractions_T:
        low, high = (
            np.searchsorted(sorted_fractions, np.array(fractions) + by) for by in (-near, near)
        )
        most = int((high - low).max(initial=0))
        counts.append(most - 1 if most >= enough else 0)
    return counts
