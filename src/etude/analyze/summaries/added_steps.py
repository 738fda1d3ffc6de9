"""Added steps: at which rate a schedule spends the steps by which a training gets longer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from ...train.schedules import Schedule

# Steps and the factor of the base rate at each.
Factors: TypeAlias = tuple[tuple[int, float], ...]


@final
@dataclass(frozen=True, kw_only=True)
class AddedSteps:
    """The factor of the base rate over a short training and over a longer one.

    Args:
        from_steps: The length of the short training.
        max_steps: That of the longer one.
        short: The factors of the short one, thinned.
        long: Those of the longer one.
        tiny: What counts as a tiny rate, as a factor of the base rate.
        tiny_steps: So many steps more than the short training spends the longer one at a tiny rate.
    """

    from_steps: int
    max_steps: int
    short: Factors
    long: Factors
    tiny: float
    tiny_steps: int

    @property
    def added(self) -> int:
        """By how many steps the training gets longer."""
        return self.max_steps - self.from_steps

    @property
    def share(self) -> float:
        """The share of the added steps that are spent at a tiny rate."""
        return self.tiny_steps / self.added

    @property
    def wasted(self) -> bool:
        """Whether most of them are, which is what T10 warns of."""
        return self.share > 0.5


def added_steps(
    short: Schedule,
    long: Schedule,
    from_steps: int,
    max_steps: int,
    # Heuristic: a tenth of the base rate. A cosine over the whole training spends a fifth of its
    # steps below it, whatever its length; a linear decay a tenth.
    tiny: float = 0.1,
) -> AddedSteps:
    """The rates of the added steps: those of the longer training less those of the short one.

    Source: T10, T14.

    >>> stretched = Schedule(name="cosine", decay_steps=1000)
    >>> left = Schedule(name="cosine", decay_steps=100)
    >>> [round(added_steps(left, one, 100, 1000).share, 1) for one in (stretched, left)]
    [0.2, 1.0]
    """
    factors = [short.factors(0, from_steps), long.factors(0, max_steps)]
    # Where a warmup rises from 0 the rate is low for another reason.
    begins = (short.warmup_steps, long.warmup_steps)
    counts = [
        int(np.sum(one[begin:] < tiny * (1 - 1e-9)))
        for one, begin in zip(factors, begins, strict=True)
    ]
    return AddedSteps(
        from_steps=from_steps,
        max_steps=max_steps,
        short=_thinned(factors[0]),
        long=_thinned(factors[1]),
        tiny=tiny,
        tiny_steps=min(max(counts[1] - counts[0], 0), max_steps - from_steps),
    )


def _thinned(factors_S: np.ndarray, most: int = 200) -> Factors:
    steps = np.unique(np.linspace(0, len(factors_S) - 1, min(most, len(factors_S))).astype(int))
    return tuple((int(step), float(f"{factors_S[step]:.6g}")) for step in steps)
