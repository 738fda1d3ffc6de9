"""Metrics: the batches, names and shapes of an evaluation, whichever library computes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import WorkloadError
from ..playbook.metrics import RIGHT_OF, TRAIN_LOSS
from .workload import Workload

# The loss over the training examples, none of them left out and the model in its evaluation.
FULL_LOSS = "train/full_loss"
# Heuristic: so many examples keep a small network busy, and few networks run out of memory.
MIN_BATCH = 512


def spans(count: int, batch_size: int) -> Iterator[tuple[int, int]]:
    """Where each batch of an evaluation starts and stops; the last is smaller where need be.

    Source: E1, E3.

    >>> list(spans(1200, 32))
    [(0, 512), (512, 1024), (1024, 1200)]
    """
    size = max(batch_size, MIN_BATCH)
    return ((start, min(start + size, count)) for start in range(0, count, size))


def recorded_name(name: str) -> str:
    """A metric's name as it is recorded: `error` is `valid/error`; one with a `/` stays.

    >>> recorded_name("error"), recorded_name("test/error")
    ('valid/error', 'test/error')
    """
    return name if "/" in name else f"valid/{name}"


def training_name(name: str) -> str:
    """What a metric over training examples is recorded as; empty for one of another part.

    The loss of each batch is `train/loss` already, so that of all examples has a name of its own.

    >>> training_name("error"), training_name("loss"), training_name("test/error")
    ('train/error', 'train/full_loss', '')
    """
    part, _, rest = recorded_name(name).partition("/")
    if part != "valid" or name.startswith(RIGHT_OF):  # which counts validation examples
        return ""
    return FULL_LOSS if f"train/{rest}" == TRAIN_LOSS else f"train/{rest}"


def metrics_of(workload: Workload, values: Any) -> Mapping[str, Any]:
    """What `metrics` returned, refused where it is no mapping."""
    if not isinstance(values, Mapping):
        raise WorkloadError(
            f"{workload.name}: `metrics` returned {type(values).__name__}; return a mapping from "
            'names to values, for example {"error": wrong}.'
        )
    return values


def refuse_shape(workload: Workload, name: str, shape: tuple[int, ...], count: int) -> None:
    """Refuses a metric that is neither a mean nor one value an example."""
    if shape not in ((), (count,)):
        raise WorkloadError(
            f"{workload.name}: the metric `{name}` has shape {shape} for a batch of {count}. "
            "Return its mean, or one value an example."
        )
