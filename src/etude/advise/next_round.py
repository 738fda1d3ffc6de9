"""What the next round changes: as few lines as the evidence asks for."""

from __future__ import annotations

from collections.abc import Sequence

from ..experiment import Experiment
from ..finding import Finding, Recommendation, Verdict
from ..study import Study


def next_round(
    experiment: Experiment,
    studies: Sequence[Study],
    findings: Sequence[Finding],
    verdict: Verdict,
) -> list[Recommendation]:
    """Sides to widen; without any, more trials where the verdict is unclear; else nothing.

    Source: C1, C2, C14, Q10, R11.
    """
    raise NotImplementedError
