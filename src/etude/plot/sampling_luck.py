"""How the best of a study depends on luck, for each number of trials."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.sampling_luck import Budget, SamplingLuck
from ..wording import chart_number, quantity
from .layers import Row, rows, stacked
from .scales import Measure


def draw(result: SamplingLuck) -> alt.LayerChart:
    """The interval of the best for each number of trials, its median marked.

    Source: Q10.
    """
    found = [_row(one) for one in result.budgets if one.median is not None]
    values = [
        row[end] for row in found for end in ("low", "median", "high") if row[end] is not None
    ]
    order = [row["trials"] for row in found]
    axis = alt.Axis(title="trials in the study", labelAngle=0)
    x = alt.X("trials:N", sort=None, axis=axis, scale=alt.Scale(domain=order))
    measure = Measure(result.metric, values, result.maximize)
    low, median = (measure.up(field, [180, 0]) for field in ("low", "median"))
    layers = [
        rows(found).mark_bar(style="box", size=34).encode(x=x, y=low, y2="high:Q"),
        rows(found)
        .mark_tick(style="median", orient="horizontal", size=34, thickness=2.5)
        .encode(
            x=x, y=median, tooltip=[alt.Tooltip("trials:N"), alt.Tooltip("shown:N", title="best")]
        ),
    ]
    return stacked(layers, f"best {measure.title}", height=180)


def caption(result: SamplingLuck) -> str:
    """Between which values the best would lie in 95 of 100 studies of each size.

    Source: Q10.
    """
    known = [one for one in result.budgets if one.low is not None and one.high is not None]
    if not known:
        return "Too few feasible trials to say how much of the best is luck."
    whose = "all trials" if result.study == "all" else f"`{result.study}`"
    parts = [f"with {quantity(one.trials, 'trial')} {_span(one)}" for one in known]
    return (
        f"Resampled from {whose}, the best lies {', '.join(parts)} in 95 of 100 draws; "
        "the line marks the median."
    )


def _span(one: Budget) -> str:
    low, high = chart_number(one.low or 0.0), chart_number(one.high or 0.0)
    return f"at {low}" if low == high else f"between {low} and {high}"


def _row(one: Budget) -> Row:
    return {
        "trials": str(one.trials),
        "median": one.median,
        "low": one.low,
        "high": one.high,
        "shown": "" if one.low is None else f"{chart_number(one.median or 0.0)} ({_span(one)})",
    }
