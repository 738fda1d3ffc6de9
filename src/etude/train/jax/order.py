"""The order of examples, the same as `etude.train.order` has, without PyTorch."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ...study import derived_seed
from ..epochs import pieces, refuse_too_large

Positions: TypeAlias = NDArray[np.int32]


@final
class Order:
    """Shuffled epochs without end; a batch may reach from one epoch into the next."""

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        """Takes the number of examples to choose from."""
        refuse_too_large(batch_size, examples)
        self._examples = examples
        self._batch_size = batch_size
        self._seed = seed
        # A stretch of steps seldom reaches over more than two epochs.
        self._epoch = lru_cache(maxsize=2)(self._shuffled)

    def rows(self, start: int, stop: int) -> Positions:
        """The examples of steps `start` until before `stop`, shape (steps, batch)."""
        first, last = start * self._batch_size, stop * self._batch_size
        parts = [self._epoch(at)[part] for at, part in pieces(first, last, self._examples)]
        return np.concatenate(parts).reshape(stop - start, self._batch_size)

    def _shuffled(self, epoch: int) -> Positions:
        return shuffled(self._examples, derived_seed(self._seed, "order", epoch))


def shuffled(count: int, seed: int) -> Positions:
    """What `torch.randperm` makes with this seed: Fisher and Yates with remainders of MT19937."""
    order = list(range(count))
    further_N = _stream(seed).random_raw(count) % np.arange(count, 0, -1, dtype=np.uint64)
    for place, further in enumerate(further_N.tolist()):
        other = place + further
        order[place], order[other] = order[other], order[place]
    return np.array(order, dtype=np.int32)


def _stream(seed: int) -> np.random.MT19937:
    """The generator as PyTorch seeds it.

    Matsumoto and Nishimura 2002, `init_genrand`; numpy's own way of seeding is another.
    """
    key = [seed]
    for place in range(1, 624):
        key.append((1812433253 * (key[-1] ^ (key[-1] >> 30)) + place) % (1 << 32))
    stream = np.random.MT19937()
    stream.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(key, dtype=np.uint32), "pos": 624},
    }
    return stream
