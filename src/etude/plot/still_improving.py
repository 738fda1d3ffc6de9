"""What trials gained at their end: those still improving beside the others."""

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
    judged = [one for one in result.trials if math.isfinite(one.share)]
    still = [one.share for one in judged if one.status == "notice"]
    rest = [one.share for one in judged if one.status == "ok"]
    left = len(result.trials) - len(judged)
    note = "dark: still improving; pale: no longer"
    if left:
        note += f"; {quantity(left, 'trial')} that cannot be placed left out"
    return paired_bars(
        {"median": still, "box": rest},
        [(0.0, result.thresholds.min_gain)],
        title=f"gained in the last {result.thresholds.late:.0%}, of what was gained before",
        note=note,
    )


def caption(result: StillImproving) -> str:
    """How many trials were still improving, and whether the best one was.

    Source: C9, T1.
    """
    judged = [one for one in result.trials if one.status != "unclear"]
    if not judged:
        return "No trial has evaluations enough at its end to say whether it was still improving."
    still = sum(one.status == "notice" for one in judged)
    flat = sum(one.flattens for one in judged)
    text = f"Of {quantity(len(judged), 'trial')}, {still:,} were still improving at their end"
    text += f" and {flat:,} had flattened shortly before." if flat else "."
    best = next((one for one in judged if one.trial == result.best), None)
    if best is None:
        return text
    if best.status == "notice":
        return text + " The best is one of them: more steps may help."
    return text + " The best is not."
