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
        until_step: Pause with a checkpoint after so many updates; None trains it to its end. A
            trial that writes no checkpoint cannot pause: it goes on, and can be stopped.
        name: Its id in the tool that trained it.
        seed: Its own, where it was trained elsewhere; None for one that the study derives.
    """

    searched: Mapping[str, Scalar]
    until_step: int | None = None
    name: str = ""
    seed: int | None = None


@final
@dataclass(frozen=True)
class Resume:
    """Let a paused trial go on from its last checkpoint, until a later step or to its end."""

    trial_id: int
    until_step: int | None = None


@final
@dataclass(frozen=True)
class Fork:
    """Begin a trial with other values from a checkpoint of another one: weights, optimizer, step.

    Args:
        parent: The trial whose checkpoint it is.
        from_step: The step of that checkpoint.
    """

    parent: int
    from_step: int
    searched: Mapping[str, Scalar]
    until_step: int | None = None


@final
@dataclass(frozen=True)
class Stop:
    """Train a trial no further: what it reported stays, censored."""

    trial_id: int


Beginning: TypeAlias = Start | Resume | Fork
Move: TypeAlias = Beginning | Stop
