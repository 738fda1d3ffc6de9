"""Schedules of the learning rate: factors of it, step by step; warmup and a hold come before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Factors: TypeAlias = NDArray[np.float64]
# From how much of the decay is behind (0 to 1) and the final factor to the factor.
Decay: TypeAlias = Callable[[Factors, float], Factors]


def constant(done: Factors, final_factor: float) -> Factors:
    """1 throughout."""
    del final_factor
    return np.ones_like(done)


def linear(done: Factors, final_factor: float) -> Factors:
    """From 1 to the final factor f in a straight line: 1 - (1 - f) u."""
    return 1.0 - (1.0 - final_factor) * done


def cosine(done: Factors, final_factor: float) -> Factors:
    """From 1 to the final factor f along half a cosine: f + (1 - f) (1 + cos(pi u)) / 2.

    Loshchilov and Hutter 2017, SGDR, equation 5, without restarts.
    """
    return final_factor + (1.0 - final_factor) * (1.0 + np.cos(np.pi * done)) / 2.0


def exponential(done: Factors, final_factor: float) -> Factors:
    """From 1 to the final factor f by equal ratios: f ** u."""
    return np.asarray(final_factor**done, dtype=np.float64)


def step(done: Factors, final_factor: float) -> Factors:
    """1 until the decay steps are over, the final factor from there on."""
    return np.where(done < 1.0, 1.0, final_factor)


# Source: L1 (linear or cosine by default), S11 (constant at first).
SCHEDULES: Mapping[str, Decay] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "exponential": exponential,
    "step": step,
}


@final
@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A decay by name, after a warmup and a constant phase: the factor of the rate at every step.

    Args:
        warmup_steps: Steps of a straight ramp from 0; step 0 has 1 / warmup_steps of the rate.
        constant_steps: Steps at the full rate between the warmup and the decay; a longer training
            lengthens them, so that the decay keeps its length (T10).
        decay_steps: Steps from there until the final factor, which holds after.
    """

    name: str = "constant"
    warmup_steps: int = 0
    constant_steps: int = 0
    decay_steps: int = 1
    final_factor: float = 0.0

    def factors(self, start: int, stop: int) -> Factors:
        """The factors of steps `start` until before `stop`.

        >>> Schedule(name="linear", warmup_steps=2, decay_steps=4).factors(0, 7).tolist()
        [0.5, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
        >>> Schedule(name="linear", constant_steps=3, decay_steps=2).factors(0, 6).tolist()
        [1.0, 1.0, 1.0, 1.0, 0.5, 0.0]

        Source: D7, D14, L1, T10.
        """
        steps_S = np.arange(start, stop, dtype=np.float64)
        begins = self.warmup_steps + self.constant_steps
        done_S = np.clip((steps_S - begins) / self.decay_steps, 0.0, 1.0)
        decayed_S = SCHEDULES[self.name](done_S, self.final_factor)
        warm_S = np.minimum((steps_S + 1.0) / max(self.warmup_steps, 1), 1.0)
        return np.asarray(warm_S * decayed_S, dtype=np.float64)
