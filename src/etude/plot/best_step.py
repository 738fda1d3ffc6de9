"""Where in training the best steps fell: a histogram, too early and late shaded."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.best_step import BestStep
from ..wording import quantity
from .histogram import of_steps, shares


def draw(result: BestStep) -> alt.LayerChart:
    """How many trials were at their best where, of those that trained to their end.

    Source: T5.
    """
    judged = [one.share for one in result.trials if one.status == "ok" and one.share is not None]
    limits = result.thresholds
    return of_steps(
        shares(judged, "steps"),
        [(0.0, limits.first), (1.0 - limits.last, 1.0)],
        title=f"best step, of {result.max_steps:,}",
        note=_left_out(result),
    )


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


def _left_out(result: BestStep) -> str:
    left = len(result.trials) - result.judged
    return f"{quantity(left, 'trial')} without an end to judge left out" if left else ""
