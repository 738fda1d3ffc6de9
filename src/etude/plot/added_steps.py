"""The factor of the learning rate over the steps, of a short training and of a longer one."""

from __future__ import annotations

import altair as alt

from ..analyze.summaries.added_steps import AddedSteps, Factors
from ..wording import percent, quantity
from .layers import HEIGHT, Row, chart_of, dashed_lines, layer_chart
from .scales import integer_ticks


def draw(result: AddedSteps) -> alt.LayerChart:
    """Both schedules over their steps; below the dashed rule the rate is tiny.

    Source: T10, T14.
    """
    last = result.max_steps - 1
    axis = alt.Axis(title="step", format="~s", grid=False, **integer_ticks(0, last))
    x = alt.X("step:Q", axis=axis, scale=alt.Scale(domain=[0, last], nice=False, padding=0))
    y = alt.Y(
        "value:Q",
        axis=alt.Axis(title=None, tickCount=5),
        scale=alt.Scale(domain=[0, 1.05], nice=False, range=[HEIGHT, 0]),
    )
    lines = [
        _rows(result.long, f"{result.max_steps:,} steps"),
        _rows(result.short, f"{result.from_steps:,} steps"),
    ]
    tooltip = [
        alt.Tooltip("label:N", title="length"),
        alt.Tooltip("step:Q"),
        alt.Tooltip("value:Q"),
    ]
    edge: Row = {"step": result.from_steps}
    layers = [
        chart_of([{"value": result.tiny}]).mark_rule(style="bound").encode(y=y),
        chart_of([edge]).mark_rule(style="bound").encode(x=x),
        *dashed_lines(lines, x, y, tooltip),
    ]
    share = percent(result.share) if result.tiny_steps else "none"
    note = f"{share} of the added steps below {result.tiny:g} of the rate"
    return layer_chart(layers, "learning rate, as a factor of the base rate", note=note)


def caption(result: AddedSteps) -> str:
    """How many of the added steps are spent at a tiny rate, in a sentence.

    Source: T10.
    """
    if not result.tiny_steps:
        steps = quantity(result.added, "added step")
        return f"Each of {steps} is trained above {result.tiny:g} of the base rate."
    return (
        f"{result.tiny_steps:,} of {quantity(result.added, 'added step')} are spent below "
        f"{result.tiny:g} of the base rate."
    )


def _rows(factors: Factors, label: str) -> list[Row]:
    return [{"label": label, "step": step, "value": value} for step, value in factors]
