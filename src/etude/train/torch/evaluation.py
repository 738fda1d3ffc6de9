"""Evaluation: metrics over all validation examples, exact whatever the size of the last batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import torch
from torch import Tensor

from ...errors import WorkloadError
from .. import metrics
from ..workload import Predict, Workload
from .examples import Batch, Examples, size

# Sums over examples by metric; in a stack, one a trial.
Sums: TypeAlias = dict[str, Tensor]


def batches(examples: Examples, batch_size: int) -> Iterator[Batch]:
    """All examples in order, in batches at least as large as the training batch.

    Source: E1, E3.
    """
    for start, stop in metrics.spans(examples.count, batch_size):
        yield examples.between(start, stop)


def sums(workload: Workload, predict: Predict, batch: Batch) -> Sums:
    """Each metric, summed over the examples of a batch in double precision.

    Raises:
        WorkloadError: for a metric that is neither a mean nor one value an example.
    """
    values = metrics.metrics_of(workload, workload.metrics(predict, batch))
    count = size(batch)
    return {
        name: _sum(workload, name, _tensor(workload, name, value), count)
        for name, value in values.items()
    }


def means(parts: list[Sums], count: int) -> Sums:
    """Each metric's mean over all examples, from the sums of the batches.

    Source: E3.
    """
    return {name: torch.stack([part[name] for part in parts]).sum(0) / count for name in parts[0]}


def _tensor(workload: Workload, name: str, value: object) -> Tensor:
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WorkloadError(
            f"{workload.name}: the metric `{name}` is {type(value).__name__}. Return its mean, or "
            "one value an example, as a number or a tensor."
        ) from error


def _sum(workload: Workload, name: str, value: Tensor, count: int) -> Tensor:
    metrics.refuse_shape(workload, name, tuple(value.shape), count)
    return value.double() * count if value.dim() == 0 else value.double().sum()
