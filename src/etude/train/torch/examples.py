"""Examples by position, whatever holds them, and batches of them for one trial or for many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import numpy as np
import torch
from torch import Tensor

from ...errors import WorkloadError
from ..epochs import Epochs

Batch: TypeAlias = Any


@final
@dataclass(frozen=True)
class Tensors:
    """Examples in tensors: one, a tuple or a mapping of them, the first axis theirs."""

    data: Any
    count: int

    def take(self, rows: Tensor) -> Batch:
        """The examples in these rows; where `rows` has more axes, so has the batch."""
        return mapped(lambda tensor: tensor[rows], self.data)

    def between(self, start: int, stop: int) -> Batch:
        """The examples from `start` until before `stop`."""
        return mapped(lambda tensor: tensor[start:stop], self.data)


@final
@dataclass(frozen=True)
class Dataset:
    """Examples of whatever has a length and examples by position."""

    data: Any
    count: int
    moved: Callable[[Any], Tensor]

    def take(self, rows: Tensor) -> Batch:
        """The examples in these rows; where `rows` has more axes, so has the batch."""
        flat = _collated([self.data[row] for row in rows.reshape(-1).tolist()])
        return mapped(lambda part: self.moved(part.unflatten(0, rows.shape)), flat)

    def between(self, start: int, stop: int) -> Batch:
        """The examples from `start` until before `stop`."""
        return self.take(torch.arange(start, stop))


Examples: TypeAlias = Tensors | Dataset


def examples(data: Any, device: torch.device, *, double: bool = False) -> Examples:
    """The examples of a workload's `training` or `validation`, tensors moved to the device."""

    def moved(part: Any) -> Tensor:
        tensor = torch.as_tensor(part).to(device)
        return tensor.double() if double and tensor.is_floating_point() else tensor

    parts = list(data.values()) if isinstance(data, Mapping) else data
    parts = parts if isinstance(parts, list | tuple) and not isinstance(data, list) else [parts]
    if all(isinstance(part, Tensor | np.ndarray) for part in parts):
        return Tensors(mapped(moved, data), count=len(parts[0]))
    return Dataset(data, count=len(data), moved=moved)


def mapped(function: Callable[[Any], Any], batch: Batch) -> Batch:
    """The batch with the function applied to each of its parts."""
    if isinstance(batch, Mapping):
        return {name: mapped(function, part) for name, part in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [mapped(function, part) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)
    return function(batch)


def joined(one: Any, other: Any) -> Tensor:
    """The rows of two arrays below each other, on the device of the first."""
    first = torch.as_tensor(one)
    return torch.cat([first, torch.as_tensor(other).to(first.device)])


def size(batch: Batch) -> int:
    """How many examples a batch of one trial holds."""
    if isinstance(batch, Mapping):
        return size(next(iter(batch.values())))
    return size(batch[0]) if isinstance(batch, tuple | list) else len(batch)


def _collated(examples: list[Any]) -> Batch:
    first = examples[0]
    if isinstance(first, Mapping):
        return {name: _collated([one[name] for one in examples]) for name in first}
    if isinstance(first, tuple | list):
        return tuple(_collated(list(part)) for part in zip(*examples, strict=True))
    tensors = [_tensor(one) for one in examples]
    try:
        return torch.stack(tensors)
    except RuntimeError as error:
        shapes = sorted({tuple(one.shape) for one in tensors})
        if len(shapes) == 1:
            raise
        raise WorkloadError(
            f"The examples of a batch have several shapes, {shapes[0]} and {shapes[1]} among them. "
            "Give all one shape, for example by padding."
        ) from error


def _tensor(part: object) -> Tensor:
    try:
        return torch.as_tensor(part)
    except TypeError as error:
        raise WorkloadError(
            f"An example holds {type(part).__name__}, which no tensor can hold. "
            "Give tensors or numbers: leave it out, or make numbers of it."
        ) from error


@final
class Order:
    """Shuffled epochs without end; a batch may reach from one epoch into the next."""

    def __init__(self, examples: int, batch_size: int, seed: int) -> None:
        """Takes the number of examples to choose from."""
        self._batch_size = batch_size
        self._epochs = Epochs(examples, batch_size, seed, shuffled=shuffled)

    def rows(self, start: int, stop: int) -> Tensor:
        """The examples of steps `start` until before `stop`, shape (steps, batch)."""
        return torch.cat(self._epochs.parts(start, stop)).view(stop - start, self._batch_size)


def shuffled(count: int, seed: int) -> Tensor:
    """The numbers below `count` in the order that belongs to the seed."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
