"""Whose an optimizer's moments are, and since when: what a checkpoint says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from .optimizers import have_same_moments

# One entry of a file's metadata, `adam 0`: several stand in no order, and equal states are to be
# equal files.
_ENTRY: Final = "moments"


@final
@dataclass(frozen=True)
class MomentsOrigin:
    """Whose the moments of a checkpoint are.

    Args:
        optimizer: Empty where that is not known.
        begun: The step with which they began: 0 but in a fork that changed the optimizer.
        steps: Those done at the checkpoint, where it was read.
    """

    optimizer: str = ""
    begun: int = 0
    steps: int = 0

    @classmethod
    def read(cls, metadata: Mapping[str, str] | None, folder: Path) -> MomentsOrigin:
        """What the metadata of a checkpoint's file say, which stands in a folder of its step."""
        optimizer, _, begun = (metadata or {}).get(_ENTRY, "").rpartition(" ")
        steps = int(folder.name) + 1 if folder.name.isdecimal() else 0
        return cls(optimizer, int(begun or 0), steps)

    @property
    def metadata(self) -> dict[str, str]:
        """As a file says it."""
        return {_ENTRY: f"{self.optimizer} {self.begun}"}

    def fits(self, optimizer: str) -> bool:
        """Whether this optimizer goes on with them; else it begins with moments of its own."""
        return not self.optimizer or have_same_moments(self.optimizer, optimizer)

    def begun_for(self, optimizer: str) -> int:
        """The step with which the moments of this optimizer began, or begin."""
        return self.begun if self.fits(optimizer) else self.steps
