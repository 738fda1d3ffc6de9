"""Networks: the model of a trial, built from its seed, its parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn

from ...errors import WorkloadError
from ...study import derived_seed
from ..workload import Workload
from . import dropout


@final
@dataclass(frozen=True)
class Layout:
    """Where each trained parameter stands in the vector of all."""

    names: tuple[str, ...]
    shapes: tuple[torch.Size, ...]
    dtype: torch.dtype

    @property
    def sizes(self) -> list[int]:
        """How many numbers each parameter has."""
        return [shape.numel() for shape in self.shapes]

    def views(self, x: Tensor) -> dict[str, Tensor]:
        """The parameters by name, views of a vector (P,)."""
        parts = torch.split(x, self.sizes)
        return {
            name: part.view(shape)
            for name, part, shape in zip(self.names, parts, self.shapes, strict=True)
        }


@final
@dataclass(frozen=True)
class Network:
    """A model as a person built it for one setting and seed, dropout swapped for ours."""

    module: nn.Module
    noise: dropout.Noise
    layout: Layout

    def vector(self) -> Tensor:
        """All trained parameters, one after another, a copy."""
        return torch.cat([part.detach().reshape(-1) for part in self._trained()])

    def rest(self) -> dict[str, Tensor]:
        """Tensors that the forward pass reads beside them: buffers, and untrained parameters."""
        frozen = {
            name: part.detach()
            for name, part in self.module.named_parameters()
            if not part.requires_grad
        }
        return {**frozen, **dict(self.module.named_buffers())}

    def point_into(self, x: Tensor, gradient: Tensor) -> None:
        """Makes the trained parameters and their gradients views of two vectors."""
        views, slopes = self.layout.views(x), self.layout.views(gradient)
        for name, part in self.module.named_parameters():
            if part.requires_grad:
                part.data, part.grad = views[name], slopes[name]

    def _trained(self) -> Iterator[nn.Parameter]:
        return (part for part in self.module.parameters() if part.requires_grad)


def network(
    workload: Workload,
    setting: Mapping[str, Any],
    seed: int,
    device: torch.device,
    *,
    double: bool = False,
) -> Network:
    """The model of a setting, its initialization from the seed alone; the random state stays.

    Raises:
        WorkloadError: for what is no model or has nothing to train.
    """
    with torch.random.fork_rng():
        torch.manual_seed(derived_seed(seed, "initialization"))
        module = workload.model(setting)
    if not isinstance(module, nn.Module):
        raise WorkloadError(
            f"{workload.name}: `model` returned {type(module).__name__}; return a "
            "`torch.nn.Module`."
        )
    noise = dropout.with_rows(module)
    module = (module.double() if double else module).to(device).train()
    trained = [(name, part) for name, part in module.named_parameters() if part.requires_grad]
    if not trained:
        raise WorkloadError(
            f"{workload.name}: `model` returned a module with nothing to train. "
            "Give it a parameter, or leave `requires_grad` of one as it is."
        )
    kinds = sorted({str(part.dtype) for _, part in trained})
    if len(kinds) > 1:
        raise WorkloadError(
            f"{workload.name}: the trained parameters are of several kinds, {', '.join(kinds)}. "
            "Make them one; `torch.autocast` in `loss` computes in another."
        )
    shapes = tuple(part.shape for _, part in trained)
    layout = Layout(tuple(name for name, _ in trained), shapes, trained[0][1].dtype)
    return Network(module, noise, layout)


def default_device() -> torch.device:
    """The GPU where there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
