"""Ghost batch norm as functions of JAX, whose models have no moving averages of their own.

Groups and samples are those of `etude.train.torch.batch_norm`: at least `group` examples each, as
even as can be, or `group` evenly spread examples that speak for all.

Axes: B examples, C channels, the last axis of the inputs; G groups, R ranks.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from ...errors import WorkloadError

# B2 as the playbook numbers it.
GROUP = 64


class Normalized(NamedTuple):
    """Inputs as batch norm hands them on, before scale and shift, and what it took out of them."""

    outputs: Array
    means_GxC: Array
    variances_GxC: Array


def ghost_batch_norm(
    inputs: Array, *, group: int = GROUP, samples: bool = False, epsilon: float = 1e-5
) -> Normalized:
    """Inputs (B, ..., C), normalized by statistics over about `group` examples.

    Each of G = max(1, B // group) runs of neighbours by its own mean and variance (Hoffer, Hubara
    and Soudry 2017, algorithm 1); with `samples`, all of them by those of examples i * B // group.
    Variances divide by the count, as in training; `moving_average` wants them so.

    Source: B2.

    >>> ghost_batch_norm(jnp.zeros((130, 3))).means_GxC.shape
    (2, 3)
    """
    if group < 2 or inputs.ndim < 2:
        raise WorkloadError(
            "Ghost batch norm takes inputs (B, ..., C) and a group of two examples or more, got "
            f"{tuple(inputs.shape)} and {group}. About 64 work well."
        )
    count = len(inputs)
    if samples and count > group:
        places = jnp.arange(group) * count // group
        mean, variance = _statistics(inputs[places])
        outputs = (inputs - mean) * lax.rsqrt(variance + epsilon)
        return Normalized(outputs, mean[None], variance[None])
    parts = jnp.array_split(inputs, max(1, count // group))
    pairs = [_statistics(part) for part in parts]
    parts = [
        (part - mean) * lax.rsqrt(variance + epsilon)
        for part, (mean, variance) in zip(parts, pairs, strict=True)
    ]
    means, variances = zip(*pairs, strict=True)
    return Normalized(jnp.concatenate(parts), jnp.stack(means), jnp.stack(variances))


def moving_average(average: Array, values_GxC: Array, *, momentum: float = 0.1) -> Array:
    """The average after a batch: each group moves it once by `momentum`, in order.

    So it remembers as many examples whatever the batch size:
    (1 - m)^G average + sum_g m (1 - m)^(G - 1 - g) value_g.

    Source: B2.

    >>> moving_average(jnp.zeros(1), jnp.array([[2.0], [4.0]]), momentum=0.5).tolist()
    [2.5]
    """
    groups = len(values_GxC)
    weights_G = momentum * (1.0 - momentum) ** jnp.arange(groups - 1, -1, -1)
    return (1.0 - momentum) ** groups * average + weights_G @ values_GxC


def synchronized(
    means_RxC: Array, variances_RxC: Array, *, between: bool = False
) -> tuple[Array, Array]:
    """One mean and variance a channel from the moving averages of ranks, before a save (B3).

    The mean of the variances is what batches were normalized by, on average; with `between`, the
    law of total variance adds the variance of the means, for shards that are not alike.

    Source: B3.

    >>> means, variances = jnp.array([[1.0], [5.0]]), jnp.array([[2.0], [4.0]])
    >>> [float(one[0]) for one in synchronized(means, variances, between=True)]
    [3.0, 7.0]
    """
    variance = variances_RxC.mean(0)
    return means_RxC.mean(0), variance + means_RxC.var(0) if between else variance


def _statistics(inputs: Array) -> tuple[Array, Array]:
    axes = tuple(range(inputs.ndim - 1))
    return inputs.mean(axes), inputs.var(axes)
