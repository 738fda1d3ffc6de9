"""The gain of trials at their end: those still improving beside the others."""

from __future__ import annotations

import math

import altair as alt

from ..analyze.checks.still_improving import StillImproving
from ..wording import quantity
from .histogram import paired_bars


def draw(result: StillImproving) -> alt.LayerChart:
    """How much trials gained over their last steps, as a share of all they gained.

    Source: C9.
    """
    placed = [trial for trial in result.trials if math.isfinite(trial.share)]
    improving = [trial.share for trial in placed if trial.status == "notice"]
    rest = [trial.share for trial in placed if trial.status == "ok"]
    unplaced = len(result.trials) - len(placed)
    note = "dark: still improving; pale: no longer"
    if unplaced:
        note += f"; {quantity(unplaced, 'trial')} that cannot be placed left out"
    return paired_bars(
        {"median": improving, "box": rest},
        [(0.0, result.thresholds.min_gain)],
        title=f"gained in the last {result.thresholds.late:.0%}, of what was gained before",
        note=note,
    )


def has_marks(result: StillImproving) -> bool:
    """Whether there is anything to draw."""
    return any(
        math.isfinite(trial.share) and trial.status in ("notice", "ok") for trial in result.trials
    )


def caption(result: StillImproving) -> str:
    """How many trials were still improving, and whether the best one was.

    Source: C9, T1.
    """
    judged = [trial for trial in result.trials if trial.status != "unclear"]
    if not judged:
        return "No trial has evaluations enough at its end to say whether it was still improving."
    improving = sum(trial.status == "notice" for trial in judged)
    flat = sum(trial.flattens for trial in judged)
    verb = "was" if improving == 1 else "were"
    text = f"Of {quantity(len(judged), 'trial')}, {improving:,} {verb} still improving at their end"
    text += f" and {flat:,} had flattened shortly before" if flat else ""
    best = next((trial for trial in judged if trial.trial == result.best), None)
    if best is None:
        return f"{text}."
    if best.status == "notice":
        return f"{text}; the best was: more steps may help."
    return f"{text}; the best was not."
