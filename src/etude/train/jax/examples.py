"""Examples by position, whatever holds them, ready for a compiled stretch of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..epochs import Epochs

Batch: TypeAlias = Any


@final
@dataclass(frozen=True)
class Arrays:
    """Examples in arrays on the device: one, a tuple or a mapping of them, first axes theirs.

    Attributes:
        ahead: Whether the examples of several steps may be asked for at once.
    """

    data: Any
    count: int
    ahead = True

    def prepared(self, rows: NDArray[np.int32]) -> tuple[Any, NDArray[np.int32]]:
        """What holds the examples of these rows, and where they are in it."""
        return self.data, rows

    def between(self, start: int, stop: int) -> Batch:
        """The examples from `start` until before `stop`."""
        return jax.tree.map(lambda part: part[start:stop], self.data)


@final
@dataclass(frozen=True)
class Dataset:
    """Examples of whatever has a length and examples by position."""

    data: Any
    count: int
    double: bool
    ahead = False  # one that cannot be read stops the trial at its own step

    def prepared(self, rows: NDArray[np.int32]) -> tuple[Any, NDArray[np.int32]]:
        """What holds the examples of these rows, and where they are in it."""
        places = np.arange(rows.size, dtype=np.int32).reshape(rows.shape)
        return self._collated(rows.reshape(-1).tolist()), places

    def between(self, start: int, stop: int) -> Batch:
        """The examples from `start` until before `stop`."""
        return self._collated(range(start, stop))

    def _collated(self, rows: Sequence[int]) -> Batch:
        examples = [self.data[row] for row in rows]
        return jax.tree.map(lambda *parts: _moved(np.stack(parts), double=self.double), *examples)


Examples: TypeAlias = Arrays | Dataset


def examples(data: Any, *, double: bool = False) -> Examples:
    """The examples of a workload's `training` or `validation`, arrays moved to the device."""
    parts = list(data.values()) if isinstance(data, Mapping) else data
    parts = parts if isinstance(parts, list | tuple) and not isinstance(data, list) else [parts]
    if all(hasattr(part, "shape") and hasattr(part, "dtype") for part in parts):
        moved = jax.tree.map(lambda part: _moved(part, double=double), data)
        return Arrays(moved, count=len(parts[0]))
    return Dataset(data, count=len(data), double=double)


def joined(one: Any, other: Any) -> NDArray[Any]:
    """The rows of two arrays below each other."""
    return np.concatenate([np.asarray(one), np.asarray(other)])


def size(batch: Batch) -> int:
    """How many examples a batch holds."""
    return len(jax.tree.leaves(batch)[0])


def _moved(part: Any, *, double: bool) -> jax.Array:
    array = jnp.asarray(part if isinstance(part, jax.Array) else np.asarray(part))
    return array.astype(float) if double and jnp.issubdtype(array.dtype, jnp.floating) else array


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
        positions = np.concatenate(self._epochs.parts(start, stop))
        return positions.reshape(stop - start, self._batch_size)


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
