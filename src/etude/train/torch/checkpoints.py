"""Checkpoints of a trial: its tensors in a folder, in a format that runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, final

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..moments import MomentsOrigin

Named: TypeAlias = Mapping[str, Tensor]


@final
@dataclass(frozen=True)
class State:
    """All that the next step depends on, beside the seed and the step itself (K2).

    Args:
        model: Parameters and buffers by name, as `nn.Module.load_state_dict` takes them.
        moments: The optimizer's `m` and `v`, as far as it has them, over all trained parameters.
        origin: Whose moments they are.
    """

    model: Named
    moments: Named
    origin: MomentsOrigin

    def moments_for(self, optimizer: str) -> Named:
        """The moments with which this optimizer goes on; none where they are another's."""
        return self.moments if self.origin.fits(optimizer) else {}

    def save(self, folder: Path) -> None:
        """Writes the two into a folder, in a format that runs no code when it is read."""
        for name, tensors in (("model", self.model), ("optimizer", self.moments)):
            parts = {key: part.contiguous().clone() for key, part in tensors.items()}
            save_file(parts, folder / f"{name}.safetensors", self.origin.metadata)

    @classmethod
    def load(cls, folder: Path) -> State:
        """What was saved."""
        model, moments = (load_file(folder / f"{name}.safetensors") for name in _FILES)
        with safe_open(folder / "optimizer.safetensors", framework="pt") as file:
            origin = MomentsOrigin.read(file.metadata(), folder)
        return cls(model, moments, origin)


_FILES = ("model", "optimizer")
