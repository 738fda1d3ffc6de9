"""How much of a study's best is the luck of the search.

Letters: B bootstrap samples, S sizes of a study (numbers of trials).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from ..finding import Finding
from ..record import Record, Records
from ..study import Study


@final
@dataclass(frozen=True)
class Budget:
    """The best of `trials` trials over bootstrap samples, in the metric's own unit and direction.

    `low <= high`; None where the samples hold no feasible trial there.
    """

    trials: int
    median: float | None
    low: float | None
    high: float | None


@final
@dataclass(frozen=True, kw_only=True)
class SamplingLuck:
    """The best of smaller studies, resampled from this one; the last budget is the whole study."""

    study: str
    metric: str
    maximize: bool
    ended: int
    feasible: int
    best: float | None
    budgets: tuple[Budget, ...]


def sampling_luck(
    study: Study, records: Records | Sequence[Record], *, sizes: Sequence[int] = (6, 20, 100)
) -> SamplingLuck:
    """The spread of the best over bootstrap samples of the study, for each size it can speak of.

    Source: Q10.
    """
    raise NotImplementedError


def best_of(
    losses: Sequence[float], sizes: Sequence[int], *, seed: int, n_bootstrap: int = 10_000
) -> NDArray[np.float64]:
    """best_BxS: the lowest of `size` draws with replacement from `losses`; infeasible ones are `inf`.

    Source: Q10.
    """
    raise NotImplementedError


def findings(result: SamplingLuck) -> list[Finding]:
    """One finding a study.

    Source: Q10.
    """
    raise NotImplementedError
