"""Where in training the best steps fell: a histogram, too early and too late shaded."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.best_step import BestStep
from ..wording import quantity
from .histogram import histogram


def draw(result: BestStep) -> alt.LayerChart:
    """How many trials were at their best where, of those that trained to their end.

    Source: T5.
    """
    limits = result.thresholds
    return histogram(
        [
            trial.share
            for trial in result.trials
            if trial.status == "ok" and trial.share is not None
        ],
        [(0.0, limits.first), (1.0 - limits.last, 1.0)],
        title=f"best step, of {result.max_steps:,}",
        note=_omission_note(result),
    )


def has_marks(result: BestStep) -> bool:
    """Whether there is anything to draw."""
    return result.judged > 0


def caption(result: BestStep) -> str:
    """How many best steps fall in the shaded stretches.

    Source: T5.
    """
    if not result.judged:
        return "No trial trained to its end with enough evaluations to place its best step."
    return (
        f"Of {quantity(result.judged, 'trial')}, {result.early:,} had the best step in the first "
        f"{result.thresholds.first:.0%} of the steps and {result.late:,} in the last "
        f"{result.thresholds.last:.0%} (shaded)."
    )


def _omission_note(result: BestStep) -> str:
    count = len(result.trials) - result.judged
    return f"{quantity(count, 'trial')} without an end to judge left out" if count else ""
