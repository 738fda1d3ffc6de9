"""Training losses that spiked between evaluations, so that no evaluation shows it.

Axes: P points of a curve.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...record import Series
from ..statistics.curve_shape import finite
from ..thresholds import StabilityThresholds
from ..views.aligned import Aligned, noise_of
from ..views.curves import TrialCurves
from .stability_curves import first_of_each

_TINY = float(np.finfo(np.float64).tiny)


def hidden_spikes(
    trial: TrialCurves, curves: Aligned, thresholds: StabilityThresholds
) -> list[int]:
    """The steps of training losses that spiked between evaluations and are seen by none of them.

    Source: D4.
    """
    losses = finite(trial.train_loss)
    if len(losses) < thresholds.min_density * max(1, len(curves)) or len(losses) < 20:
        return []
    # Half of all that was ever gained: a loss of one batch differs by less.
    before_P = np.minimum.accumulate(losses.values_P)
    half_P = (before_P[0] + before_P) / 2.0
    typical = noise_of(losses.values_P)
    high_P = losses.values_P > np.maximum(half_P, before_P + 3 * thresholds.min_noise * typical)
    # The first tenth still falls: there a loss must lie above where it began.
    first_P = np.arange(len(losses)) < len(losses) // 10
    high_P &= ~first_P
    high_P |= first_P & _first_spikes(losses, trial.max_steps, thresholds)
    places = first_of_each(np.flatnonzero(high_P).tolist())
    return [int(losses.steps_P[place]) for place in places]


def _first_spikes(
    losses: Series, max_steps: int, thresholds: StabilityThresholds
) -> NDArray[np.bool_]:
    """Where a loss of the first steps lies above its start by a fifth of all that was gained.

    Source: D4.
    """
    first = losses.steps_P < min(thresholds.first_steps, thresholds.early * max_steps)
    start = float(np.median(losses.values_P[:3]))
    around = noise_of(losses.values_P[first])
    gain = start - float(losses.values_P.min())
    least = max(thresholds.min_drop * gain, 3 * thresholds.min_noise * around, _TINY)
    return np.asarray(first & (losses.values_P > start + least))
