"""The order of examples, the same as `etude.train.order` has, without PyTorch."""

from __future__ import annotations

from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ..epochs import Epochs

Positions: TypeAlias = NDArray[np.int32]


@final
class Order:
    """Shuffled epochs without end; a batch may reach from one epoch into the next."""

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        """Takes the number of examples to choose from."""
        self._batch_size = batch_size
        self._epochs = Epochs(examples, batch_size, seed, shuffled=shuffled)

    def rows(self, start: int, stop: int) -> Positions:
        """The examples of steps `start` until before `stop`, shape (steps, batch)."""
        found = np.concatenate(self._epochs.parts(start, stop))
        return found.reshape(stop - start, self._batch_size)


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
