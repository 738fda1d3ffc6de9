"""Since when trials stood at their final level: a histogram, too early shaded."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.saturated import Saturated
from ..wording import quantity
from .histogram import of_steps, shares


def draw(result: Saturated) -> alt.LayerChart:
    """How many trials reached their final level where, of those that can be judged.

    Source: C10.
    """
    left = sum(one.share is None for one in result.trials)
    return of_steps(
        shares([one.share for one in result.trials if one.share is not None], "steps"),
        [(0.0, result.thresholds.before)],
        title=f"final level reached, of {result.max_steps:,} steps",
        note=f"{quantity(left, 'trial')} that cannot be judged left out" if left else "",
    )


def caption(result: Saturated) -> str:
    """How many trials stood at their final level since early in training.

    Source: C10.
    """
    judged = sum(one.share is not None for one in result.trials)
    if not judged:
        return "No trial trained to its end with enough evaluations to say since when it was flat."
    early = sum(one.status == "notice" for one in result.trials)
    return (
        f"Of {quantity(judged, 'trial')}, {early:,} stood at their final level since before "
        f"{result.thresholds.before:.0%} of the steps (shaded)."
    )
