"""Moves: all that a search can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from .space import Scalar


@final
@dataclass(frozen=True)
class Start:
    """Begin a trial with these searched values."""

    searched: Mapping[str, Scalar]


Move: TypeAlias = Start
