"""Schedules of the learning rate: factors of it, step by step; warmup and a hold come before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from ..experiment.pieces import Piece

Factors: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A decay by name, after a warmup and a constant phase: the factor of the rate at every step.

    Args:
        warmup_steps: Steps of a straight ramp from 0; step 0 has 1 / warmup_steps of the rate.
        constant_steps: Steps at the full rate between the warmup and the decay; a longer training
            lengthens them, so that the decay keeps its length (T10).
        decay_steps: Steps from there until the final factor, which holds after; of an inverse
            square root, those until its factor is 1 / sqrt(2).
        final_factor: Where a decay ends; an inverse square root falls no lower.
        pieces: Of a piecewise schedule alone, counted from where the decay begins.
    """

    name: str = "constant"
    warmup_steps: int = 0
    constant_steps: int = 0
    decay_steps: int = 1
    final_factor: float = 0.0
    pieces: tuple[Piece, ...] = (Piece(0, 1.0),)

    def factors(self, start: int, stop: int) -> Factors:
        """The factors of steps `start` until before `stop`.

        >>> Schedule(name="linear", warmup_steps=2, decay_steps=4).factors(0, 7).tolist()
        [0.5, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
        >>> Schedule(name="linear", constant_steps=3, decay_steps=2).factors(0, 6).tolist()
        [1.0, 1.0, 1.0, 1.0, 0.5, 0.0]

        Source: D7, D14, L1, T10.
        """
        steps_S = np.arange(start, stop, dtype=np.float64)
        after_S = np.maximum(steps_S - (self.warmup_steps + self.constant_steps), 0.0)
        decayed_S = SCHEDULES[self.name](after_S, self)
        warm_S = np.minimum((steps_S + 1.0) / max(self.warmup_steps, 1), 1.0)
        return np.asarray(warm_S * decayed_S, dtype=np.float64)


# From the steps since a decay began, 0 before, and the schedule to the factor.
Decay: TypeAlias = Callable[[Factors, Schedule], Factors]


def constant(after: Factors, schedule: Schedule) -> Factors:
    """1 throughout."""
    del schedule
    return np.ones_like(after)


def linear(after: Factors, schedule: Schedule) -> Factors:
    """From 1 to the final factor f in a straight line: 1 - (1 - f) u."""
    return 1.0 - (1.0 - schedule.final_factor) * _done(after, schedule)


def cosine(after: Factors, schedule: Schedule) -> Factors:
    """From 1 to the final factor f along half a cosine: f + (1 - f) (1 + cos(pi u)) / 2.

    Loshchilov and Hutter 2017, SGDR, equation 5, without restarts.
    """
    final = schedule.final_factor
    return final + (1.0 - final) * (1.0 + np.cos(np.pi * _done(after, schedule))) / 2.0


def exponential(after: Factors, schedule: Schedule) -> Factors:
    """From 1 to the final factor f by equal ratios: f ** u."""
    return np.asarray(schedule.final_factor ** _done(after, schedule), dtype=np.float64)


def step(after: Factors, schedule: Schedule) -> Factors:
    """1 until the decay steps are over, the final factor from there on."""
    return np.where(_done(after, schedule) < 1.0, 1.0, schedule.final_factor)


def inverse_sqrt(after: Factors, schedule: Schedule) -> Factors:
    """1 / sqrt(1 + n / T) after n steps with T decay steps, but no less than the final factor.

    With a warmup of T steps and no constant phase it is sqrt(T / step) beyond the warmup: Vaswani
    et al. 2017, Attention is all you need, equation 3, in units of its highest rate. The paper
    counts updates from 1, and so is one step ahead.
    """
    return np.maximum(1.0 / np.sqrt(1.0 + after / schedule.decay_steps), schedule.final_factor)


def piecewise(after: Factors, schedule: Schedule) -> Factors:
    """The factor of the last piece that has begun: constant pieces, with jumps between.

    Source: L2, L4.
    """
    begins = [piece.step for piece in schedule.pieces]
    factors = np.array([piece.factor for piece in schedule.pieces])
    return np.asarray(factors[np.searchsorted(begins, after, side="right") - 1], dtype=np.float64)


# Source: L1 (linear or cosine by default), S11 (constant at first).
SCHEDULES: Mapping[str, Decay] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "exponential": exponential,
    "step": step,
    "inverse_sqrt": inverse_sqrt,
    "piecewise": piecewise,
}


def _done(after: Factors, schedule: Schedule) -> Factors:
    """How much of a decay that ends is behind, u: from 0 to 1."""
    return np.minimum(after / schedule.decay_steps, 1.0)
