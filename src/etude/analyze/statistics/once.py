"""What several checks compute of the same values: computed once, for many curves together.

Axes: T curves of E values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import update_wrapper
from itertools import islice
from typing import Any, Generic, TypeVar, final

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Floats = NDArray[np.float64]

# Several checks ask the same of a curve, one after another: of 1,000 trials with all their series
# in 20 MB. Longer curves are few.
_MOST_VALUES = 256
_MOST_CURVES = 8192
# So many trials are looked at together: what is known of each of their series fits.
BLOCK = 1024


@final
class Once(Generic[T]):
    """A function of one curve, computed once for the same values, of many curves in a few calls.

    Of a few values the call of a function of NumPy takes all the time, not its arithmetic.
    """

    def __init__(self, of_rows: Callable[[Floats], Sequence[T]]) -> None:
        """Takes the function of TxE that gives what it is of each row."""
        update_wrapper(self, of_rows)
        self.of_rows = of_rows
        self._known: dict[bytes, T] = {}

    def __call__(self, values_E: Floats) -> T:
        """What the function is of one curve."""
        if len(values_E) > _MOST_VALUES or values_E.dtype != np.float64:
            return self.of_rows(values_E[None, :])[0]
        packed = values_E.tobytes()
        if packed not in self._known:
            self._add(packed, self.of_rows(np.frombuffer(packed)[None, :])[0])
        return self._known[packed]

    def ahead(self, values_TxE: Floats) -> None:
        """Computes it of all these curves, whoever asks for it of one of them later."""
        if values_TxE.shape[1] > _MOST_VALUES:
            return
        packed_T = [values_E.tobytes() for values_E in values_TxE]
        new = {packed: row for row, packed in enumerate(packed_T) if packed not in self._known}
        if new:
            found_T = self.of_rows(values_TxE[list(new.values())])
            for packed, found in zip(new, found_T, strict=True):
                self._add(packed, found)

    def _add(self, packed: bytes, found: T) -> None:
        if len(self._known) >= _MOST_CURVES:
            # The oldest: what was asked long ago belongs to other trials.
            for known in list(islice(self._known, _MOST_CURVES // 2)):
                del self._known[known]
        self._known[packed] = found


def once(of_rows: Callable[[Floats], Sequence[T]]) -> Once[T]:
    """The function of one curve, by a function of TxE that gives what it is of each row.

    Source: C4, C6.
    """
    return Once(of_rows)


def ahead(functions: Iterable[Once[Any]], rows: Iterable[Floats]) -> None:
    """Computes functions of all these curves together, those of one length in one call.

    Source: C4, C6.
    """
    stacks_TxE = list(stacks(rows))
    for function in functions:
        for values_TxE in stacks_TxE:
            function.ahead(values_TxE)


def stacks(rows: Iterable[Floats]) -> Iterator[Floats]:
    """The curves of each length under each other.

    Source: C4.
    """
    by_length: dict[int, list[Floats]] = {}
    for values_E in rows:
        by_length.setdefault(len(values_E), []).append(values_E)
    for length, alike in by_length.items():
        if length:
            yield np.array(alike)


def blocks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, as many at a time as are looked at together.

    Source: C4.
    """
    for begin in range(0, len(items), BLOCK):
        yield items[begin : begin + BLOCK]
