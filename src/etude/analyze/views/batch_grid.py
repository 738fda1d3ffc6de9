"""Whether a rate is one of a batch: its values are whole multiples of one over the batch size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...playbook.catalogue import Names, known
from ...record import Record
from .rates import LARGEST_SHARE, is_rate

BATCH_SIZE: Final = "batch_size"


def batch_multiples(
    metric: str,
    records: Sequence[Record],
    names: Names,
    *,
    examples: int | None,
    min_values: int,
) -> tuple[int, ...]:
    """The trials whose rates are all of so many examples as their batch has; none where one is not.

    A rate on n examples is k / n. Where all values of a trial are such of its batch, and either the
    validation set is known to be larger or trials with other batch sizes have other multiples,
    each value was measured on one batch.

    Source: E8.
    """
    if not is_rate(metric):
        return ()
    telling = [
        (one.id, batch, values)
        for one in records
        if (batch := _batch_size(one, names)) is not None
        and len(values := np.unique(one.series(metric).values_P)) >= min_values
    ]
    scale = _scale([values for *_, values in telling])
    telling = [(trial, batch, values / scale) for trial, batch, values in telling]
    if not telling or not all(_is_multiple(values, batch) for _, batch, values in telling):
        return ()
    # Rounded to two decimals every share is a whole number of a hundred examples.
    if any(_is_rounded_so(values, batch) for _, batch, values in telling):
        return ()
    smallest = min(batch for _, batch, _ in telling)
    largest = max(batch for _, batch, _ in telling)
    is_larger = examples is not None and examples > largest
    others = [values for _, batch, values in telling if batch != smallest]
    differ = bool(others) and not any(_is_multiple(values, smallest) for values in others)
    return tuple(trial for trial, *_ in telling) if is_larger or differ else ()


def _batch_size(record: Record, names: Names) -> int | None:
    """The batch size of a trial, by whichever name; None where it says none above 1."""
    for name, value in record.setting.items():
        entry = known(name, names)
        is_size = entry is not None and entry.name == BATCH_SIZE
        if is_size and isinstance(value, int | float) and value > 1:
            return int(value)
    return None


def _scale(values: Sequence[NDArray[np.float64]]) -> float:
    """100 where rates are told in percent, as where one is above 1."""
    return 100.0 if any((one > LARGEST_SHARE).any() for one in values) else 1.0


def _is_rounded_so(values: NDArray[np.float64], batch: int) -> bool:
    """Whether the decimals alone make every value a whole number of the batch's examples."""
    decimals = next((one for one in range(1, 7) if _is_multiple(values, 10**one)), None)
    return decimals is not None and batch % 10**decimals == 0


def _is_multiple(values: NDArray[np.float64], batch: int) -> bool:
    counts = values * batch
    return bool((np.abs(counts - np.round(counts)) < 1e-3).all())
