"""What several checks compute of the same values: computed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Floats = NDArray[np.float64]

# Several checks ask the same of a curve, one after another: of 1,000 trials with all their series
# in 20 MB. Longer curves are few.
_MOST_VALUES = 256
_MOST_CURVES = 8192


def once(function: Callable[[Floats], T]) -> Callable[[Floats], T]:
    """The same function of an array, computed once for the same values.

    Source: C4, C6.
    """

    @lru_cache(maxsize=_MOST_CURVES)
    def of_bytes(packed: bytes, shape: tuple[int, ...]) -> T:
        return function(np.frombuffer(packed).reshape(shape))

    @wraps(function)
    def remembered(values: Floats) -> T:
        if values.size > _MOST_VALUES or values.dtype != np.float64:
            return function(values)
        return of_bytes(values.tobytes(), values.shape)

    return remembered
