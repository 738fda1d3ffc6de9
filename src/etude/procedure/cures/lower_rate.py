"""A lower rate: the last cure, since it only steps back from what breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..base import Known, Step
from ..cost import Cost
from ..rates.diagnosis import Diagnosis
from .base import CureOutcome
from .candidate import Candidate, baseline_setting, most_of, tuned

# Heuristic: of the baseline's rate, down to a tenth of it: below that little is learned in time.
_FACTORS = (0.5, 0.3, 0.2, 0.1)


@final
@dataclass(frozen=True, kw_only=True)
class LowerRate:
    """The rate below the best one, where that breaks too often to be used.

    Source: D6, D10.
    """

    def step(self, known: Known, diagnosis: Diagnosis) -> Step | CureOutcome:
        """The sweep of lower rates, then the comparison.

        Source: D6, D10.
        """
        base = baseline_setting(known, diagnosis)
        best = diagnosis.baseline_rate or 0.0
        candidate = Candidate(
            cure="lower_rate",
            part="lower-rate",
            title="a lower rate",
            settings=tuple({**base, diagnosis.rate: factor * best} for factor in _FACTORS),
            max_steps=known.base.max_steps,
            rules=("D6", "D10"),
        )
        return tuned(known, diagnosis, candidate)

    def most(self, known: Known) -> Cost:
        """What its rounds take at most.

        Source: R15.
        """
        return most_of(known, len(_FACTORS), max_steps=known.base.max_steps)
