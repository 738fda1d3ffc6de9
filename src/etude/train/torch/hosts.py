"""Ranks that train one model: what each adds to the loss, gradients and averages of all.

All functions need `torch.distributed` to be initialized where there are several ranks; on one
process they change nothing. All ranks call them, in the same order. Shards may be uneven: whatever
is averaged is weighed by examples, so that the numbers are those of one process with the whole
batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist

from ...errors import RunError
from .examples import mapped
from .synchronized import BatchNorm

_NONE = object()


def rank() -> int:
    """The rank of this process; 0 where it is alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def ranks() -> int:
    """How many ranks there are; 1 for a process alone."""
    return dist.get_world_size() if dist.is_initialized() else 1


def copy_first(module: nn.Module) -> None:
    """Makes parameters and buffers of all ranks those of the first.

    Seeds that agree do so too (B4); this is for what was read from a disk that one host sees.

    Source: B4.
    """
    if ranks() == 1:
        return
    for tensor in module.state_dict(keep_vars=True).values():
        dist.broadcast(tensor.detach(), src=0)


def sum_over_ranks(value: float) -> float:
    """The sum of a number over ranks, the same on all of them."""
    if ranks() == 1:
        return value
    total = torch.tensor(float(value), dtype=torch.float64, device=_device())
    dist.all_reduce(total)
    return float(total.item())


def share(loss: Tensor, examples: int) -> Tensor:
    """What the examples of this rank add to the mean loss over those of all ranks.

    `loss` is the mean over this rank's. With n_r examples on rank r it is n_r / sum_r n_r of it, so
    that gradients of the shares add up to that of the whole batch, those through a synchronized
    batch norm too. Without examples it is zero, whatever the mean over nothing is.
    `DistributedDataParallel` averages gradients: multiply by `ranks()` there.

    Source: B4.
    """
    total = sum_over_ranks(examples)
    return loss * (examples / total) if examples else torch.nan_to_num(loss) * 0.0


def sum_gradients(module: nn.Module) -> None:
    """Adds up the gradients of all ranks, in one message: the same bits on each.

    A parameter that a rank has no gradient of counts as zero there, so that all ranks agree.

    Source: B4.
    """
    trained = [part for part in module.parameters() if part.requires_grad]
    if ranks() == 1 or not trained:
        return
    for part in trained:
        if part.grad is None:
            part.grad = torch.zeros_like(part)
    _summed_in_place([part.grad for part in trained if part.grad is not None])


def mean_over_ranks(values: Mapping[str, float], examples: int) -> dict[str, float]:
    """The means over the examples of all ranks, from those over this rank's.

    Of a rank without examples nothing counts, not even a mean over nothing, which is no number.

    Source: B4, E3.
    """
    if ranks() == 1:
        return dict(values)
    names = sorted(values)
    own = [float(values[name]) * examples if examples else 0.0 for name in names]
    sums = torch.tensor([*own, float(examples)], dtype=torch.float64, device=_device())
    dist.all_reduce(sums)
    *totals, count = sums.tolist()
    if not count:
        raise RunError("No rank has an example to take a mean of. Give one of them some.")
    return {name: total / count for name, total in zip(names, totals, strict=True)}


def synchronize_averages(module: nn.Module, *, between: bool = False) -> None:
    """Makes the moving averages of batch norm the same on all ranks, before an evaluation or save.

    Each rank moves its own, by its own batches; else the first rank's would be saved alone. With
    R ranks: mean = sum_r mean_r / R and variance = sum_r variance_r / R, which is what batches were
    normalized by, on average. With `between`, the law of total variance adds what means of ranks
    differ by, sum_r (mean_r - mean)^2 / R: the variance of all examples together, for shards that
    are not alike, such as files by class. Ranks count alike.

    Source: B3.
    """
    layers = [part for part in module.modules() if isinstance(part, BatchNorm)]
    pairs = [
        (one.running_mean, one.running_var)
        for one in layers
        if one.running_mean is not None and one.running_var is not None
    ]
    if ranks() == 1 or not pairs:
        return
    own = [mean.clone() for mean, _ in pairs]
    _mean_in_place([tensor for pair in pairs for tensor in pair])
    if between:
        offsets = [(old - mean).square() for old, (mean, _) in zip(own, pairs, strict=True)]
        _mean_in_place(offsets)
        for (_, variance), offset in zip(pairs, offsets, strict=True):
            variance.add_(offset)


def in_step(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches of this rank, as many on every rank: empty ones when its own are used up.

    Ranks of unequal length would wait for each other without end. Before each batch they agree
    whether any has one left; one without goes on with `batch[:0]`, which weighs nothing in `share`.

    Raises:
        RunError: on all ranks, where one has no batch at all.

    Source: B4.
    """
    own, last = iter(batches), _NONE
    while True:
        batch = next(own, _NONE)
        having = int(sum_over_ranks(batch is not _NONE))
        if not having:
            return
        if having < ranks() and last is _NONE:
            raise RunError(
                f"{ranks() - having} of {ranks()} ranks have no batch at all. Give each rank an "
                "example at least, or use fewer ranks."
            )
        last = mapped(lambda part: part[:0], last) if batch is _NONE else batch
        yield last


def _summed_in_place(tensors: list[Tensor]) -> None:
    """Sums over ranks, one message for each kind of number."""
    for kind in dict.fromkeys(tensor.dtype for tensor in tensors):
        same = [tensor for tensor in tensors if tensor.dtype == kind]
        flat = torch.cat([tensor.detach().reshape(-1) for tensor in same])
        dist.all_reduce(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in same])
        for tensor, part in zip(same, parts, strict=True):
            tensor.detach().copy_(part.view_as(tensor))


def _mean_in_place(tensors: list[Tensor]) -> None:
    _summed_in_place(tensors)
    for tensor in tensors:
        tensor.div_(ranks())


def _device() -> torch.device:
    """Where the backend of the ranks takes numbers from."""
    on_gpu = dist.get_backend() == "nccl"
    return torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")
