"""Evaluation: metrics over all validation examples, exact whatever the size of the last batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import torch
from torch import Tensor

from ..errors import WorkloadError
from .examples import Batch, Examples, size
from .workload import Predict, Workload

# Sums over examples by metric; in a stack, one a trial.
Sums: TypeAlias = dict[str, Tensor]

# No source, ours: so many examples keep a small network busy, and few networks run out of memory.
AT_LEAST = 512


def batches(held: Examples, batch_size: int) -> Iterator[Batch]:
    """All examples in order, in batches at least as large as the training batch.

    The last one is smaller where they do not come out even.

    Source: E1, E3.
    """
    of = max(batch_size, AT_LEAST)
    for start in range(0, held.count, of):
        yield held.between(start, min(start + of, held.count))


def sums(workload: Workload, predict: Predict, batch: Batch) -> Sums:
    """Each metric, summed over the examples of a batch in double precision.

    Raises:
        WorkloadError: for a metric that is neither a mean nor one value an example.
    """
    found = workload.metrics(predict, batch)
    if not isinstance(found, Mapping):
        raise WorkloadError(
            f"{workload.name}: `metrics` returned {type(found).__name__}; return a mapping from "
            'names to values, for example {"error": wrong}.'
        )
    count = size(batch)
    return {
        name: _sum(workload, name, _tensor(workload, name, value), count)
        for name, value in found.items()
    }


def means(parts: list[Sums], count: int) -> Sums:
    """Each metric's mean over all examples, from the sums of the batches.

    Source: E3.
    """
    return {name: torch.stack([part[name] for part in parts]).sum(0) / count for name in parts[0]}


def named(name: str) -> str:
    """A metric's name as it is recorded: `error` is `valid/error`; one with a `/` stays.

    >>> named("error"), named("test/error")
    ('valid/error', 'test/error')
    """
    return name if "/" in name else f"valid/{name}"


def _tensor(workload: Workload, name: str, value: object) -> Tensor:
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WorkloadError(
            f"{workload.name}: the metric `{name}` is {type(value).__name__}. Return its mean, or "
            "one value an example, as a number or a tensor."
        ) from error


def _sum(workload: Workload, name: str, value: Tensor, count: int) -> Tensor:
    if value.dim() == 0:
        return value.double() * count
    if tuple(value.shape) == (count,):
        return value.double().sum()
    raise WorkloadError(
        f"{workload.name}: the metric `{name}` has shape {tuple(value.shape)} for a batch of "
        f"{count}. Return its mean, or one value an example."
    )
