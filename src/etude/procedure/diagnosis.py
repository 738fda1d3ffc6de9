"""Diagnosis: how a workload breaks, where, and whether that holds its best rate down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, final

Kind: TypeAlias = Literal["stable", "early", "mid_training", "hidden", "unclear"]


@final
@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What the sweep of the rate and the probes above its best show.

    Args:
        kind: How it breaks at the rates that matter: `early` (in the first steps), `mid_training`
            (after steady progress), `hidden` (between evaluations, and it recovers), `stable`, or
            `unclear`.
        rate: The user's name of the learning rate.
        best_rate: lr*, the rate with the lowest loss; None where none trained.
        unstable_from: The lowest rate that breaks, `unstable_base_learning_rate` of D7; None where
            none did.
        held_down: Whether the best usable rate is limited by it (D1); None where that is not known.
        because: Why it is `unclear`, or what the verdict rests on, in a sentence.

    Source: D1, D2, D3, D4, D7.
    """

    kind: Kind
    rate: str
    best_rate: float | None = None
    unstable_from: float | None = None
    held_down: bool | None = None
    because: str = ""
