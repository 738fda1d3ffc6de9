"""The best value of a study as luck moves it, for each number of trials."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.sampling_luck import Budget, SamplingLuck, between
from ..wording import chart_number, number, quantity
from .layers import SMALL_HEIGHT, Row, chart_of, layer_chart
from .scales import MetricAxis


def draw(result: SamplingLuck) -> alt.LayerChart:
    """The interval of the best for each number of trials, its median marked.

    Source: Q10.
    """
    known = [budget for budget in result.budgets if budget.median is not None]
    rows = [_row(budget, maximize=result.maximize) for budget in known]
    values = [row[end] for row in rows for end in ("low", "median", "high") if row[end] is not None]
    order = [row["trials"] for row in rows]
    axis = alt.Axis(title="trials in the study", labelAngle=0)
    x = alt.X("trials:N", sort=None, axis=axis, scale=alt.Scale(domain=order))
    metric_axis = MetricAxis(result.metric, values, result.maximize)
    low, median = (metric_axis.y(field, [SMALL_HEIGHT, 0]) for field in ("low", "median"))
    tooltip = [alt.Tooltip("trials:N"), alt.Tooltip("shown:N", title="best")]
    layers = [
        chart_of(rows).mark_bar(style="box", size=34).encode(x=x, y=low, y2=alt.Y2("high:Q")),
        chart_of(rows)
        .mark_tick(style="median", orient="horizontal", size=34, thickness=2.5)
        .encode(x=x, y=median, tooltip=tooltip),
    ]
    return layer_chart(layers, f"best {metric_axis.title}", height=SMALL_HEIGHT)


def caption(result: SamplingLuck) -> str:
    """Between which values the best of nine in ten other studies of each size would lie.

    Source: Q10.
    """
    known = [budget for budget in result.budgets if None not in (budget.low, budget.high)]
    if not known:
        return "Too few feasible trials to say how much of the best is luck."
    whose = "all trials" if result.study == "all" else f"`{result.study}`"
    last = known[-1]
    return (
        f"By {whose}, nine in ten other such searches of {quantity(last.trials, 'trial')} would "
        f"end {_span(last, maximize=result.maximize)}; the line marks the middle one."
    )


def _span(budget: Budget, *, maximize: bool) -> str:
    """As the finding has it: as many digits as tell both ends apart."""
    if budget.two_sided and budget.low == budget.high:
        return f"at {number(budget.low or 0.0, 3)}"
    return between(budget, maximize=maximize)


def _row(budget: Budget, *, maximize: bool) -> Row:
    """The interval; from the middle one on where the better end says nothing."""
    low, high = budget.low, budget.high
    if not budget.two_sided:
        low, high = (low, budget.median) if maximize else (budget.median, high)
    return {
        "trials": str(budget.trials),
        "median": budget.median,
        "low": low,
        "high": high,
        "shown": ""
        if budget.low is None
        else f"{chart_number(budget.median or 0.0)} ({_span(budget, maximize=maximize)})",
    }
