"""The best trials of a study, each with how far its metric jumps late in training."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ..analyze.checks.step_variance import StepVariance, StepVarianceTrial
from ..wording import chart_number, quantity
from .layers import SMALL_HEIGHT, Row, chart_of, count_note, layer_chart
from .scales import MetricAxis

SHOWN = 20


def draw(result: StepVariance, *, most: int = SHOWN) -> alt.LayerChart:
    """The best value of the best trials, best first, with one sd of late jumps to either side.

    Source: C8.
    """
    top = ranked(result)[:most]
    rows = [_row(trial) for trial in top]
    ends = [row[end] for row in rows for end in ("low", "high")]
    # Linear: the bars are as long on either side, and zero is no value of theirs to avoid.
    metric_axis = MetricAxis(result.metric, ends, maximize=True)
    names = [row["trial"] for row in rows]
    axis = alt.Axis(title="trial, best first", labelAngle=0, labelOverlap="greedy")
    x = alt.X("trial:N", sort=None, axis=axis, scale=alt.Scale(domain=names))
    low, value = (metric_axis.y(field, [SMALL_HEIGHT, 0]) for field in ("low", "value"))
    tooltip = [alt.Tooltip("trial:N"), alt.Tooltip("shown:N", title="best")]
    layers = [
        chart_of(rows)
        .mark_rule(style="interval")
        .encode(x=x, y=low, y2=alt.Y2("high:Q"), tooltip=tooltip),
        chart_of(rows).mark_circle(style="best", size=60).encode(x=x, y=value, tooltip=tooltip),
    ]
    note = count_note(len(top), len(result.trials))
    return layer_chart(layers, f"best {result.metric}", height=SMALL_HEIGHT, note=note)


def caption(result: StepVariance) -> str:
    """How far the best trial's metric jumps against the gap to its rival.

    Source: C8.
    """
    if result.sd is None or result.gap is None:
        why = result.why or "there is nothing to compare the best trial with"
        return f"Late jumps cannot be compared: {why}."
    close = sum(trial.status == "notice" for trial in result.trials)
    return (
        f"Bars: one standard deviation of the last evaluations. The best trial jumps by "
        f"{chart_number(result.sd)} and is {chart_number(result.gap)} away from {result.rival}; "
        f"{quantity(close, 'trial')} cannot be told from the best by single evaluations."
    )


def ranked(result: StepVariance) -> Sequence[StepVarianceTrial]:
    """The trials with a value, best first."""
    return sorted(
        (trial for trial in result.trials if trial.rank), key=lambda trial: trial.rank or 0
    )


def _row(trial: StepVarianceTrial) -> Row:
    value, sd = trial.value or 0.0, trial.sd or 0.0
    spread = "" if trial.sd is None else f" ± {chart_number(sd)}"
    return {
        "trial": str(trial.trial),
        "value": value,
        "low": value - sd,
        "high": value + sd,
        "shown": f"{chart_number(value)}{spread}",
    }
