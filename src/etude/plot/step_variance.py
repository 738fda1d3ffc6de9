"""The best trials of a study, each with how far its metric jumps late in training."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ..analyze.checks.step_variance import StepVariance, StepVarianceTrial
from ..wording import chart_number, quantity
from .layers import HEIGHT, Row, drawn, rows, stacked
from .scales import Measure

SHOWN = 20


def draw(result: StepVariance, *, most: int = SHOWN) -> alt.LayerChart:
    """The best value of the best trials, best first, with one sd of late jumps to either side.

    Source: C8.
    """
    top = ranked(result)[:most]
    found = [_row(one) for one in top]
    ends = [row[end] for row in found for end in ("low", "high")]
    # Linear: the bars are as long on either side, and zero is no value of theirs to avoid.
    measure = Measure(result.metric, ends, maximize=True)
    names = [row["trial"] for row in found]
    axis = alt.Axis(title="trial, best first", labelAngle=0, labelOverlap="greedy")
    x = alt.X("trial:N", sort=None, axis=axis, scale=alt.Scale(domain=names))
    low, value = (measure.up(field, [HEIGHT - 50, 0]) for field in ("low", "value"))
    tooltip = [alt.Tooltip("trial:N"), alt.Tooltip("shown:N", title="best")]
    layers = [
        rows(found).mark_rule(style="interval").encode(x=x, y=low, y2="high:Q", tooltip=tooltip),
        rows(found).mark_circle(style="best", size=60).encode(x=x, y=value, tooltip=tooltip),
    ]
    note = drawn(len(top), len(result.trials))
    return stacked(layers, f"best {result.metric}", height=HEIGHT - 50, note=note)


def caption(result: StepVariance) -> str:
    """How far the best trial's metric jumps against the gap to the second best of its study.

    Source: C8.
    """
    if result.sd is None or result.runner_up_gap is None:
        why = result.why or "there is nothing to compare the best trial with"
        return f"Late jumps cannot be compared: {why}."
    close = sum(one.status == "notice" for one in result.trials)
    return (
        f"Bars: one standard deviation of the last evaluations. The best trial jumps by "
        f"{chart_number(result.sd)} and is {chart_number(result.runner_up_gap)} away from "
        f"{result.runner_up}; "
        f"{quantity(close, 'trial')} cannot be told from the best by single evaluations."
    )


def ranked(result: StepVariance) -> Sequence[StepVarianceTrial]:
    """The trials with a value, best first."""
    return sorted((one for one in result.trials if one.rank), key=lambda one: one.rank or 0)


def _row(one: StepVarianceTrial) -> Row:
    value, sd = one.value or 0.0, one.sd or 0.0
    spread = "" if one.sd is None else f" ± {chart_number(sd)}"
    return {
        "trial": str(one.trial),
        "value": value,
        "low": value - sd,
        "high": value + sd,
        "shown": f"{chart_number(value)}{spread}",
    }
