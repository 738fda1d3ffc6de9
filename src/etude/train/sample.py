"""Samples of a workload's examples, whichever library trains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np


def evenly_spread(data: Any, most: int) -> Any:
    """At most so many of the examples, evenly spread over all, in their order and of their kind.

    Source: E4.

    >>> evenly_spread((np.arange(9), np.arange(9) * 2), 3)
    (array([0, 3, 6]), array([ 0,  6, 12]))
    >>> list(evenly_spread(["a", "b", "c", "d"], 2))
    ['a', 'c']
    """
    parts = _parts(data)
    is_in_arrays = all(hasattr(part, "shape") and hasattr(part, "dtype") for part in parts)
    count = len(parts[0]) if is_in_arrays else len(data)
    if count <= most:
        return data
    rows_E = np.arange(most, dtype=np.int64) * count // most
    if not is_in_arrays:
        return _Subset(data, tuple(rows_E.tolist()))
    taken = [part[rows_E] for part in parts]
    if isinstance(data, Mapping):
        return dict(zip(data, taken, strict=True))
    if isinstance(data, tuple):
        return type(data)(*taken) if hasattr(data, "_fields") else tuple(taken)
    return taken[0]


def _parts(data: Any) -> Sequence[Any]:
    """The parts that hold an entry an example; the data itself where it is one of them."""
    if isinstance(data, Mapping):
        return list(data.values())
    return data if isinstance(data, tuple) else [data]


@final
@dataclass(frozen=True)
class _Subset:
    """Some examples of whatever has a length and examples by position."""

    data: Any
    rows: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Any:
        return self.data[self.rows[place]]
