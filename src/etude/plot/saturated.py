"""Since when trials stood at their final level: a histogram, too early shaded."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.saturated import Saturated
from ..wording import quantity
from .histogram import histogram


def draw(result: Saturated) -> alt.LayerChart:
    """How many trials reached their final level where, of those that can be judged.

    Source: C10.
    """
    unjudged = sum(trial.share is None for trial in result.trials)
    return histogram(
        [trial.share for trial in result.trials if trial.share is not None],
        [(0.0, result.thresholds.before)],
        title=f"final level reached, of {result.max_steps:,} steps",
        note=f"{quantity(unjudged, 'trial')} that cannot be judged left out" if unjudged else "",
    )


def has_marks(result: Saturated) -> bool:
    """Whether there is anything to draw."""
    return any(trial.share is not None for trial in result.trials)


def caption(result: Saturated) -> str:
    """How many trials stood at their final level since early in training.

    Source: C10.
    """
    judged = sum(trial.share is not None for trial in result.trials)
    if not judged:
        return "No trial trained to its end with enough evaluations to say since when it was flat."
    early = sum(trial.status == "notice" for trial in result.trials)
    return (
        f"Of {quantity(judged, 'trial')}, {early:,} stood at their final level since before "
        f"{result.thresholds.before:.0%} of the steps (shaded)."
    )
