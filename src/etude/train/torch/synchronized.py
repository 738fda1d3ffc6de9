"""Synchronized batch norm: statistics over the examples of all ranks, on any backend.

`nn.SyncBatchNorm` refuses a processor. This one also weighs ranks by how many examples they have,
so that shards may be uneven, and one that has none left takes part with an empty batch.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar, final

import torch
from torch import Tensor, nn
from torch import distributed as dist

from ...errors import WorkloadError

# The base of all of PyTorch's, which has no public name.
BatchNorm: TypeAlias = nn.modules.batchnorm._BatchNorm  # noqa: SLF001  # as said
# What PyTorch normalizes over the batch of one device.
PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
B = TypeVar("B", bound=BatchNorm)
# Their sums and squares end at 65,504, or keep three digits.
HALVES = (torch.float16, torch.bfloat16)


@final
class SynchronizedBatchNorm(BatchNorm):
    """Batch norm with statistics over all ranks, for inputs (B, C) and (B, C, ...).

    With R ranks of n_r values a channel: mean = sum_r sum(x_r) / N and variance
    = sum_r sum((x_r - mean)^2) / N, N = sum_r n_r. The gradient passes through both, so that it is
    that of one process with the whole batch, where the losses are weighed alike (`hosts.share`).
    Sums are in single precision at least: half of it counts to 65,504. On one process, and outside
    of training, it is the batch norm of PyTorch: a rank may evaluate alone.

    Source: B2, B4.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The inputs, normalized."""
        if not self.training or not dist.is_initialized() or dist.get_world_size() == 1:
            return super().forward(input)
        given = input.dtype
        if given in HALVES:
            input = input.float()
        axes = [0, *range(2, input.dim())]
        count = input.numel() // input.shape[1]
        sums = torch.cat([input.sum(axes), input.new_tensor([float(count)])])
        totals = _sum(sums)
        values = totals[-1]
        mean = totals[:-1] / values
        offsets = input - shaped(mean, input)
        variance = _sum(offsets.square().sum(axes)) / values
        self._move_averages(mean.detach(), variance.detach(), values.detach())
        outputs = offsets * shaped(torch.rsqrt(variance + self.eps), input)
        if self.affine:
            outputs = outputs * shaped(self.weight, input) + shaped(self.bias, input)
        return outputs.to(given)

    def _move_averages(self, mean: Tensor, variance: Tensor, values: Tensor) -> None:
        move_averages(self, mean, variance * values / (values - 1).clamp(min=1))

    def _check_input_dim(self, input: Tensor) -> None:
        refuse_shape(input)


def with_all_ranks(module: nn.Module) -> nn.Module:
    """The same module, every batch norm of PyTorch's in it synchronized over all ranks.

    Its parameters stay the objects that they are, so an optimizer may hold them already.

    Source: B2, B4.

    >>> type(with_all_ranks(nn.Sequential(nn.BatchNorm1d(3)))[0]).__name__
    'SynchronizedBatchNorm'
    """
    if isinstance(module, PLAIN):
        return like(module, SynchronizedBatchNorm)
    for name, child in module.named_children():
        setattr(module, name, with_all_ranks(child))
    return module


def like(module: BatchNorm, kind: type[B], **given: Any) -> B:
    """A batch norm of another kind with the tensors, numbers and switches of a module."""
    made = kind(
        module.num_features,
        eps=module.eps,
        momentum=module.momentum,
        affine=module.affine,
        track_running_stats=module.track_running_stats,
        **given,
    )
    tensors = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    for name in tensors:
        setattr(made, name, getattr(module, name))
    return made.train(module.training)


def move_averages(module: BatchNorm, mean: Tensor, variance: Tensor) -> None:
    """Moves the moving averages as PyTorch does: by `momentum`, or to the mean of all batches."""
    if module.running_mean is None or module.running_var is None:
        return
    assert module.num_batches_tracked is not None, "It counts what it averages. This is a bug."
    module.num_batches_tracked.add_(1)
    share: Tensor | float = (
        1.0 / module.num_batches_tracked.to(mean.dtype)
        if module.momentum is None
        else module.momentum
    )
    for average, value in ((module.running_mean, mean), (module.running_var, variance)):
        average.add_(share * (value - average))


def refuse_shape(inputs: Tensor) -> None:
    """Refuses what has no channels.

    Raises:
        WorkloadError: with the shapes that there may be.
    """
    if inputs.dim() < 2:
        raise WorkloadError(
            f"Batch norm takes inputs (B, C) or (B, C, ...), got {tuple(inputs.shape)}."
        )


def shaped(per_channel: Tensor, inputs: Tensor) -> Tensor:
    """Numbers of channels, to be multiplied with inputs (B, C, ...)."""
    return per_channel.view([1, -1, *[1] * (inputs.dim() - 2)])


def _sum(inputs: Tensor) -> Tensor:
    total: Tensor = _SumOverRanks.apply(inputs)  # type: ignore[no-untyped-call]  # torch has none
    return total


class _SumOverRanks(torch.autograd.Function):
    """The sum over ranks, with its gradient: what each rank's loss asks of the sum, summed too."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor) -> Tensor:
        del ctx
        total = inputs.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        del ctx
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total
