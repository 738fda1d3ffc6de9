"""Moves: all that a search can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from .space import Scalar


@final
@dataclass(frozen=True)
class Start:
    """Begin a trial with these searched values.

    Args:
        searched: By name.
        name: Its id in the tool that trained it.
        seed: Its own, where it was trained elsewhere; None for one that the study derives.
    """

    searched: Mapping[str, Scalar]
    name: str = ""
    seed: int | None = None


Move: TypeAlias = Start
