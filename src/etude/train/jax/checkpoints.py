"""Checkpoints of a trial: its arrays in a folder, in a format that runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from ..optimizers import have_same_moments

Named: TypeAlias = Mapping[str, NDArray[Any]]


@final
@dataclass(frozen=True)
class State:
    """All that the next step depends on, beside the seed and the step itself (K2).

    Args:
        model: Parameters by their path in what `init` returned, such as `dense.kernel`.
        moments: The optimizer's `m` and `v`, as far as it has them, over all parameters.
        optimizer: Whose moments they are; empty where that is not known.
        moments_from: The step with which they began.
        steps: Those done when it was saved, where it was loaded from a checkpoint.
    """

    model: Named
    moments: Named
    optimizer: str = ""
    moments_from: int = 0
    steps: int = 0

    def moments_for(self, optimizer: str) -> Named:
        """The moments with which this optimizer goes on; none where they are another's."""
        return self.moments if self._is_own(optimizer) else {}

    def moments_from_for(self, optimizer: str) -> int:
        """The step with which the moments of this optimizer began, or begin."""
        return self.moments_from if self._is_own(optimizer) else self.steps

    def _is_own(self, optimizer: str) -> bool:
        return not self.optimizer or have_same_moments(self.optimizer, optimizer)

    def save(self, folder: Path) -> None:
        """Writes the two into a folder."""
        for name, arrays in (("model", self.model), ("optimizer", self.moments)):
            parts = {key: np.ascontiguousarray(part) for key, part in arrays.items()}
            # One entry: several stand in no order, and equal states are to be equal files.
            about = {_MOMENTS: f"{self.optimizer} {self.moments_from}"}
            save_file(parts, folder / f"{name}.safetensors", about)

    @classmethod
    def load(cls, folder: Path) -> State:
        """What was saved."""
        model, moments = (load_file(folder / f"{name}.safetensors") for name in _FILES)
        with safe_open(folder / "optimizer.safetensors", framework="np") as file:
            optimizer, _, begun = (file.metadata() or {}).get(_MOMENTS, "").rpartition(" ")
        steps = int(folder.name) + 1 if folder.name.isdecimal() else 0
        return cls(model, moments, optimizer, int(begun or 0), steps)


_FILES = ("model", "optimizer")
# Where a checkpoint says whose moments it has, and with which step they began: `adam 0`.
_MOMENTS = "moments"
