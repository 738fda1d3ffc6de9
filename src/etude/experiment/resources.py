"""Resources: what one trial takes of a machine, and which files its code needs beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one trial takes, for every runner; None for what is not said.

    Args:
        cpus: Cores.
        gpus: GPUs: 0.5 where two trials share one, 0 for none; above 1 whole ones.
        memory_gb: Main memory in GiB.
        files: What the training needs beside its code where it is trained on another machine,
            relative to the experiment file.

    Source: W5.
    """

    cpus: float | None = None
    gpus: float | None = None
    memory_gb: float | None = None
    files: tuple[str, ...] = ()
