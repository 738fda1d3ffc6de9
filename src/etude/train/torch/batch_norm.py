"""Batch norm whose statistics do not depend on the batch size: ghost batch norm.

A batch norm takes its statistics over whatever batch a device is handed, so that another batch size
is another model. Here they are taken over about `group` examples, 64 by default (B2), in one of two
ways:

- In groups (Hoffer, Hubara and Soudry 2017, *Train longer, generalize better*, algorithm 1): a
  batch of B examples is cut into G = max(1, B // group) runs of neighbours, as even as can be, as
  `torch.tensor_split` cuts. Each is normalized by its own mean and variance, and moves the moving
  averages once, in order. So no group has fewer than `group` examples, unless the whole batch has.
- By a sample: mean and variance of `group` examples, evenly spread over the batch (positions
  `i * B // group`), normalize all of it, and move the moving averages once.

A batch of at most `group` examples is normalized as PyTorch does it, bit for bit, and so is what is
evaluated, by the moving averages.
"""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor, nn

from ...errors import WorkloadError
from ...playbook.metrics import BATCH_NORM_EXAMPLES
from .synchronized import (
    HALVES,
    PLAIN,
    BatchNorm,
    SynchronizedBatchNorm,
    like,
    move_averages,
    refuse_shape,
    shaped,
)

# B2 as the playbook numbers it.
GROUP = 64


@final
class GhostBatchNorm(BatchNorm):
    """Batch norm with statistics over `group` examples, for inputs (B, C) and (B, C, ...).

    Parameters, buffers and their names are those of `nn.BatchNorm2d`, so that checkpoints fit.

    Source: B2.

    >>> import torch
    >>> outputs = GhostBatchNorm(3, group=4)(torch.randn(8, 3))
    >>> bool(outputs[:4].mean(0).abs().max() < 1e-6)  # the first group, by itself
    True

    Attributes:
        group: The examples behind a statistic.
        samples: Whether a sample of the batch speaks for all, in place of groups.
    """

    def __init__(
        self, channels: int, *, group: int = GROUP, samples: bool = False, **given: Any
    ) -> None:
        """Takes the channels, and what `nn.BatchNorm2d` takes beside them: `eps`, `momentum`."""
        if group < 2:
            raise WorkloadError(
                f"A group of ghost batch norm has two examples or more, got {group}. About 64 work "
                "well."
            )
        super().__init__(channels, **given)
        self.group = group
        self.samples = samples

    def forward(self, input: Tensor) -> Tensor:
        """The inputs, normalized."""
        if not self._by_batch() or len(input) <= self.group:
            return super().forward(input)
        if self.samples:
            return self._by_sample(input)
        parts = input.tensor_split(len(input) // self.group)
        return torch.cat([super(GhostBatchNorm, self).forward(part) for part in parts])

    def extra_repr(self) -> str:
        """As PyTorch prints modules."""
        own = super().extra_repr()  # type: ignore[no-untyped-call]  # torch has no type for it
        return f"{own}, group={self.group}, samples={self.samples}"

    def _by_batch(self) -> bool:
        """Whether a batch is normalized by itself; else by the moving averages."""
        return self.training or self.running_mean is None

    def _by_sample(self, input: Tensor) -> Tensor:
        given = input.dtype
        if given in HALVES:
            input = input.float()
        places = torch.arange(self.group, device=input.device) * len(input) // self.group
        sample = input[places]
        axes = [0, *range(2, input.dim())]
        variance, mean = torch.var_mean(sample, axes, correction=0)
        if self.training:
            count = sample.numel() // sample.shape[1]
            move_averages(self, mean.detach(), variance.detach() * (count / (count - 1)))
        outputs = (input - shaped(mean, input)) * shaped(torch.rsqrt(variance + self.eps), input)
        if self.affine:
            outputs = outputs * shaped(self.weight, input) + shaped(self.bias, input)
        return outputs.to(given)

    def _check_input_dim(self, input: Tensor) -> None:
        refuse_shape(input)


def with_groups(module: nn.Module, group: int = GROUP, *, samples: bool = False) -> nn.Module:
    """The same module, every batch norm of PyTorch's in it a ghost batch norm.

    Its parameters stay the objects that they are, so an optimizer may hold them already.

    Source: B2.

    >>> with_groups(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))[1].group
    64
    """
    if isinstance(module, PLAIN):
        return like(module, GhostBatchNorm, group=group, samples=samples)
    for name, child in module.named_children():
        setattr(module, name, with_groups(child, group, samples=samples))
    return module


def examples_behind(module: nn.Module, batch_size: int, *, ranks: int = 1) -> int | None:
    """The fewest examples behind a batch norm statistic in training; None without batch norm.

    Of what stands in the module as one of PyTorch's batch norms or ours; one that is written out by
    hand is not seen, and one that is frozen (`eval`) takes no statistics.

    Args:
        module: As it is trained.
        batch_size: The examples that one device is handed at a time.
        ranks: How many devices share the statistics of a synchronized batch norm.

    Source: B2.

    >>> net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    >>> examples_behind(net, 256), examples_behind(with_groups(net), 256)
    (256, 64)
    """
    counts = [
        _examples(part, batch_size, ranks)
        for part in module.modules()
        if isinstance(part, BatchNorm) and (part.training or part.running_mean is None)
    ]
    return min(counts, default=None)


def metrics(module: nn.Module, batch_size: int, *, ranks: int = 1) -> dict[str, float]:
    """What a loop logs once, at step 0, so that `etude check` knows it.

    Etude's own loop does so for workloads. Nothing where the module has no batch norm.

    Source: B1, B2.

    >>> metrics(nn.BatchNorm1d(3), 32)
    {'batch_norm/examples': 32.0}
    """
    count = examples_behind(module, batch_size, ranks=ranks)
    return {} if count is None else {BATCH_NORM_EXAMPLES: float(count)}


def _examples(part: nn.Module, batch_size: int, ranks: int) -> int:
    if isinstance(part, GhostBatchNorm):
        group = part.group
        most = group if part.samples else batch_size // max(1, batch_size // group)
        return min(batch_size, most)
    shared = isinstance(part, nn.SyncBatchNorm | SynchronizedBatchNorm)
    return batch_size * ranks if shared else batch_size
