"""Padding: batches of one size, their padding without weight, and means that are exact.

Axes: B examples in a batch.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from ..errors import WorkloadError
from .labels import array

# A double is a whole number of 53 bits times a power of two.
_BITS = 53
# Its upper bits fit into an int64 so often that no sum of a batch overflows.
_LOW = 26


class Padded(NamedTuple):
    """A batch of full size, and which of its examples count.

    Args:
        batch: As the examples are: an array, a tuple or a mapping of them.
        weights_B: 1 for an example, 0 for one that only fills the batch up.
    """

    batch: Any
    weights_B: NDArray[np.float64]


def padded_batches(examples: Any, batch_size: int) -> Iterator[Padded]:
    """All examples in order, in batches of one size; the last is filled up with weight zero.

    A batch is filled up with its own last example, so that a model meets nothing it does not know.
    One size alone is what a compiled program wants, or several devices that share a batch.

    Args:
        examples: An array of NumPy, PyTorch or JAX, or a tuple or a mapping of arrays.
        batch_size: Of every batch, also where there are fewer examples.

    Raises:
        WorkloadError: for no examples, parts of several lengths, or a size below 1.

    Source: E1, E3.

    >>> [(batch.tolist(), weights.tolist()) for batch, weights in padded_batches(np.arange(3), 2)]
    [([0, 1], [1.0, 1.0]), ([2, 2], [1.0, 0.0])]
    """
    count = _count(examples)
    if batch_size < 1:
        raise WorkloadError(f"A batch has at least 1 example, got batch_size={batch_size}.")
    return _batches(examples, count, batch_size)


def _batches(examples: Any, count: int, batch_size: int) -> Iterator[Padded]:
    for start in range(0, count, batch_size):
        places_B = np.arange(start, start + batch_size)
        rows_B = np.minimum(places_B, count - 1)
        yield Padded(_taken(examples, rows_B), (places_B < count).astype(np.float64))


def exact_means(
    metrics: Callable[[Any], Mapping[str, Any]], examples: Any, batch_size: int
) -> dict[str, float]:
    """Each metric's mean over all examples, the same number however they fall into batches.

    Args:
        metrics: From a batch to metrics by name, each with one value an example.
        examples: As `padded_batches` takes them.
        batch_size: Of every batch that `metrics` is given; the last one is filled up.

    Raises:
        WorkloadError: for a metric that is no value an example: of a mean over a batch that was
            filled up nobody can tell what the padding did.

    Source: E1, E3.

    >>> exact_means(lambda x: {"square": x * x}, np.array([1.0, 2.0, 4.0]), batch_size=2)
    {'square': 7.0}
    """
    mean = WeightedMean()
    for batch, weights_B in padded_batches(examples, batch_size):
        mean.add(metrics(batch), weights_B)
    return mean.values()


@final
class WeightedMean:
    """Means of metrics over examples that come in batches, each example by its weight.

    `sum(weight * value) / sum(weight)` of all examples, the sums without any rounding: the order
    and the size of batches change no bit of it.

    Source: E3.
    """

    def __init__(self) -> None:
        """Begins with nothing."""
        self._sums: dict[str, _Sum] = {}

    def add(self, metrics: Mapping[str, Any], weights_B: Any = None) -> None:
        """Takes a batch: by name one value an example, and the weight of each; 1 where None.

        Raises:
            WorkloadError: for a metric without a value for each example, or weights below 0.
        """
        for name, given in metrics.items():
            values_B = array(given).astype(np.float64)
            size = len(np.atleast_1d(values_B)) if weights_B is None else len(weights_B)
            weights = np.ones(size) if weights_B is None else array(weights_B).astype(np.float64)
            if values_B.shape != (size,):
                raise WorkloadError(
                    f"The metric `{name}` has shape {values_B.shape} for a batch of {size}. Return "
                    "one value an example, so that padding can be left out of the mean."
                )
            if not (np.isfinite(weights) & (weights >= 0.0)).all():
                raise WorkloadError("A weight is a number from 0 upward; 0 leaves an example out.")
            self._sums.setdefault(name, _Sum()).add(values_B, weights)

    def values(self) -> dict[str, float]:
        """The means so far; NaN where nothing has a weight."""
        return {name: total.mean() for name, total in self._sums.items()}


@final
class _Sum:
    """A sum of doubles without rounding: by their power of two, in whole numbers."""

    def __init__(self) -> None:
        self._parts: dict[str, defaultdict[int, int]] = {
            "values": defaultdict(int),
            "weights": defaultdict(int),
        }
        self._odd: list[float] = []  # what is not finite, which decides the mean

    def add(self, values_B: NDArray[np.float64], weights_B: NDArray[np.float64]) -> None:
        counts_B = weights_B > 0.0  # padding may hold what is not finite, and has no say
        weighted_B = values_B[counts_B] * weights_B[counts_B]
        finite_B = np.isfinite(weighted_B)
        self._odd += weighted_B[~finite_B].tolist()
        _add(self._parts["values"], weighted_B[finite_B])
        _add(self._parts["weights"], weights_B[counts_B])

    def mean(self) -> float:
        if self._odd:
            return sum(self._odd)
        weight = _total(self._parts["weights"])
        return float(_total(self._parts["values"]) / weight) if weight else math.nan


def _add(parts: defaultdict[int, int], values_B: NDArray[np.float64]) -> None:
    fractions_B, powers_B = np.frexp(values_B)
    whole_B = np.ldexp(fractions_B, _BITS).astype(np.int64)
    for power in np.unique(powers_B).tolist():
        those = whole_B[powers_B == power]
        high, low = those >> _LOW, those & ((1 << _LOW) - 1)
        parts[power] += (int(high.sum()) << _LOW) + int(low.sum())


def _total(parts: Mapping[int, int]) -> Fraction:
    return sum(
        (Fraction(2) ** (power - _BITS) * whole for power, whole in parts.items()), Fraction()
    )


def _taken(examples: Any, rows_B: NDArray[np.int64]) -> Any:
    if isinstance(examples, Mapping):
        return {name: part[rows_B] for name, part in examples.items()}
    if isinstance(examples, tuple):
        taken = [part[rows_B] for part in examples]
        return type(examples)(*taken) if hasattr(examples, "_fields") else tuple(taken)
    return examples[rows_B]


def _count(examples: Any) -> int:
    parts = examples.values() if isinstance(examples, Mapping) else examples
    parts = list(parts) if isinstance(examples, Mapping | tuple) else [examples]
    if not all(hasattr(part, "shape") for part in parts):
        raise WorkloadError(
            "Examples to pad are arrays of NumPy, PyTorch or JAX, or a tuple or a mapping of "
            f"them, got {type(examples).__name__}. Make arrays of them, np.asarray(...)."
        )
    lengths = sorted({len(part) for part in parts})
    if lengths in ([], [0]):
        raise WorkloadError("There is no example to evaluate on. Check where they are read.")
    if len(lengths) > 1:
        listed = " and ".join(str(length) for length in lengths)
        raise WorkloadError(
            f"The parts of the examples have {listed} entries. Give as many of each."
        )
    return lengths[0]
