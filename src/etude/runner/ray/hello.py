"""What a driver and an actor tell each other before there is a trial."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from ... import __version__


@final
@dataclass(frozen=True, kw_only=True)
class Hello:
    """To an actor: what its worker imports, and from where.

    Args:
        reference: The train function, `train.py:train`.
        folder: What its path is relative to; below the shipped folder where code was shipped.
        path: Where modules are looked for, before what the node has; below the shipped folder too.
        is_shipped: Whether the code was shipped, to the working folder of the actor.
        environment: Variables that the worker is to have.
        grace_s: Seconds past its time limit after which a worker is killed.
    """

    reference: str
    folder: str
    path: tuple[str, ...]
    is_shipped: bool
    environment: Mapping[str, str]
    grace_s: float

    def place(self, name: str) -> Path:
        """Where a folder of these stands on this node."""
        return Path.cwd() / name if self.is_shipped else Path(name)


@final
@dataclass(frozen=True)
class Installed:
    """From an actor: what its node has installed, and how it is called."""

    etude: str
    python: str
    node: str


def installed() -> Installed:
    """What this process has."""
    major, minor, _ = platform.python_version_tuple()
    return Installed(__version__, f"{major}.{minor}", os.uname().nodename)
