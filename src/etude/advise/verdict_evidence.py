"""What a verdict rests on, as JSON has it."""

from __future__ import annotations

import math
from typing import Any

from ..analyze.comparison import Comparison
from ..finding import Lead
from .ranking import RankedStudy


def comparison_evidence(one: Comparison) -> dict[str, Any]:
    """A comparison by trainings.

    Source: A2.
    """
    gap = one.difference
    return {
        "answer": one.answer,
        "by": one.gain if math.isfinite(gap.by) else None,
        "p": gap.p if gap.known else None,
        "trainings": [one.b.trainings, one.a.trainings],
        "failed": [one.b.failed, one.a.failed],
    }


def study_evidence(study: RankedStudy) -> dict[str, Any]:
    """A study with its best trial.

    Source: R13.
    """
    best = study.best
    return {
        "trial": best.trial if best else None,
        "value": best.value if best else None,
        "step": best.step if best else None,
        "standard_error": study.standard_error,
        "ended": len(study.outcomes),
        "feasible": study.feasible,
    }


def lead_evidence(lead: Lead) -> dict[str, float | None]:
    """The lead's numbers; None for what is not finite.

    Source: A2, Q10.
    """
    numbers = {
        "by": lead.by,
        "low": lead.low,
        "high": lead.high,
        "run": lead.run,
        "chance": lead.p_value,
        "max_chance": lead.max_p_value,
        "sampling_error": lead.error,
    }
    return {name: value if math.isfinite(value) else None for name, value in numbers.items()}
