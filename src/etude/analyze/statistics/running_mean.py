"""Whether one series is a running mean of another: of all values so far, the last few, decaying.

Axes: P points of the mean, Q values that it may be of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...record import Series

Kind: TypeAlias = Literal[
    "",
    "the same step",
    "since the last report",
    "so far",
    "recent steps",
    "over an epoch",
    "a batch",
]
# Windows and decays as people write them.
_WINDOWS = (5, 10, 20, 25, 30, 32, 50, 64, 100, 128, 200, 250, 256, 500, 512, 1000)
# Heuristic: a training with longer epochs hardly has five.
MAX_EPOCH = 10_000
_DECAYS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.997, 0.998, 0.999, 0.9999)


def running_mean(mean: Series, values: Series, *, min_values: int, tolerance: float) -> Kind:
    """Of which values of a series another one is the mean; empty where of none.

    The value of the same step, the mean since the last report, the mean of all so far, or that of
    the last few: a window of a usual length, or one that decays by a usual factor; or that of an
    epoch so far, whatever its length, which begins again with each.

    Args:
        mean: The series that may be a mean; a step that the other has not is passed over.
        values: What it may be a mean of, at as many steps or more.
        min_values: So many different values must agree.
        tolerance: How closely, as a share of the spread of `mean`.

    Source: E8.
    """
    finite_Q = np.isfinite(values.values_P)
    steps_Q, values_Q = values.steps_P[finite_Q], values.values_P[finite_Q]
    places_P = np.searchsorted(steps_Q, mean.steps_P, side="right") - 1
    usable_P = (places_P >= 0) & np.isfinite(mean.values_P)
    places_P, mean_P = places_P[usable_P], mean.values_P[usable_P]
    if len(np.unique(mean_P)) < min_values or len(np.unique(places_P)) < len(places_P):
        return ""
    near = tolerance * float(mean_P.std())
    for kind, candidate_P, from_place in _candidates(mean_P, values_Q, places_P):
        if len(candidate_P) - from_place < min_values:
            continue
        if bool((np.abs(candidate_P - mean_P)[from_place:] <= near).all()):
            return kind
    return ""


def _candidates(
    mean_P: NDArray[np.float64], values_Q: NDArray[np.float64], places_P: NDArray[np.int64]
) -> Iterator[tuple[Kind, NDArray[np.float64], int]]:
    """What the mean would be by each way of taking one, and from which value on that is known."""
    sums_Q = np.append([0.0], np.cumsum(values_Q))
    ends_P = places_P + 1
    begins_P = np.append([0], ends_P[:-1])
    yield "the same step", values_Q[places_P], 0
    yield "since the last report", _mean(sums_Q, begins_P, ends_P), 0
    yield "so far", _mean(sums_Q, np.zeros_like(ends_P), ends_P), 0
    # Of a count that began again, or before the first value that is known.
    for window in _WINDOWS:
        if window < ends_P[-1]:
            begins_P = np.maximum(ends_P - window, 0)
            yield "recent steps", _mean(sums_Q, begins_P, ends_P), 0
    for decay in _DECAYS:
        decayed_Q = _decayed(values_Q, decay)
        yield (
            "recent steps",
            (decayed_Q / (1.0 - decay ** np.arange(1, len(values_Q) + 1)))[places_P],
            0,
        )
        # Whatever it began with: from each report to the next.
        steps_P = np.diff(places_P)
        own_P = decayed_Q[places_P]
        grown_P = mean_P[:-1] * decay**steps_P + own_P[1:] - own_P[:-1] * decay**steps_P
        yield "recent steps", np.append(mean_P[:1], grown_P), 1
    for length in _epochs(mean_P, sums_Q, ends_P):
        yield "over an epoch", _mean(sums_Q, (ends_P - 1) // length * length, ends_P), 0


def _epochs(
    mean_P: NDArray[np.float64], sums_Q: NDArray[np.float64], ends_P: NDArray[np.int64]
) -> list[int]:
    """The lengths of an epoch by which the last mean is about that of the last epoch so far."""
    lengths_E = np.arange(2, min(int(ends_P[-1]), MAX_EPOCH) + 1)
    lasts_E = np.full_like(lengths_E, ends_P[-1])
    means_E = _mean(sums_Q, (lasts_E - 1) // lengths_E * lengths_E, lasts_E)
    near_E = np.abs(means_E - mean_P[-1]) <= 0.01 * float(mean_P.std())
    return [int(length) for length in lengths_E[near_E]]


def _mean(
    sums_Q: NDArray[np.float64], begins_P: NDArray[np.int64], ends_P: NDArray[np.int64]
) -> NDArray[np.float64]:
    return np.asarray((sums_Q[ends_P] - sums_Q[begins_P]) / np.maximum(ends_P - begins_P, 1))


def _decayed(values_Q: NDArray[np.float64], decay: float) -> NDArray[np.float64]:
    """The exponential moving average that began at zero."""
    average, averages = 0.0, []
    for value in values_Q.tolist():
        average = decay * average + (1.0 - decay) * value
        averages.append(average)
    return np.asarray(averages)
