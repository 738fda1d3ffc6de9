"""The objective against one hyperparameter: one mark a trial, infeasible ones as red crosses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import altair as alt

from ..analyze.summaries.axis import Axis, AxisPoint
from ..experiment.objective import Objective
from ..space import Choice, value_text
from ..wording import chart_number, quantity
from .layers import (
    HEIGHT,
    ONLY_RAIL,
    RAIL,
    Row,
    chart_of,
    constant,
    count_note,
    even_subset,
    layer_chart,
    rail_layers,
)
from .scales import MetricAxis, domain_axis, position, value_label

BEST: Final = 5
_TOOLTIP: Final = (
    alt.Tooltip("trial:N"),
    alt.Tooltip("setting:N", title="value"),
    alt.Tooltip("objective:N"),
    alt.Tooltip("status:N"),
)


def draw(result: Axis, *, best: int = BEST, max_rows: int = 2000) -> alt.LayerChart:
    """Every ended trial along one hyperparameter, the best few numbered, the bounds marked.

    Source: C1, C13.
    """
    feasible = ranked(result)
    top, others = feasible[:best], even_subset(feasible[best:], max_rows * 2 // 3)
    x = domain_axis(result.hyperparameter, result.domain)
    infeasible = _infeasible(result)
    objectives = [_objective(point) for point in feasible]
    metric_axis = MetricAxis(result.metric, objectives, result.maximize)
    y = metric_axis.y("value", [HEIGHT, RAIL if infeasible else 0])
    marks = [
        chart_of(_rows(result, others)).mark_circle(style="rest", size=46).encode(x=x, y=y),
        *_numbered_marks(_rows(result, top), x, y),
    ]
    crosses = even_subset(infeasible, max_rows // 3)
    layers = [
        *_bounds(result),
        *(mark.encode(tooltip=list(_TOOLTIP)) for mark in marks if feasible),
        *rail_layers(_rows(result, crosses), x, _TOOLTIP),
    ]
    note = count_note(len(top) + len(others) + len(crosses), len(feasible) + len(infeasible))
    height = HEIGHT if feasible else ONLY_RAIL
    return layer_chart(layers or [_empty_layer(x)], metric_axis.title, height=height, note=note)


def caption(result: Axis, *, best: int = BEST) -> str:
    """Where the best few trials lie along the axis, and where the infeasible ones.

    Source: C1, C3.
    """
    feasible, infeasible = ranked(result), _infeasible(result)
    ended = quantity(len(result.points), "ended trial")
    if not feasible:
        where = (
            f"; infeasible: {len(infeasible):,}{_where(result, infeasible)}" if infeasible else ""
        )
        none = "The only ended trial is not" if len(result.points) == 1 else f"None of {ended} is"
        return f"{none} feasible{where}."
    top = feasible[:best]
    objective = chart_number(_objective(top[0]))
    first = f"The best, trial {top[0].trial} with {objective}, lies at {value_label(top[0].value)}"
    others = f"; the best {len(top)} lie {_range(result, top)}" if len(top) > 1 else ""
    tail = ""
    if infeasible:
        tail = f" Infeasible: {len(infeasible):,} of {ended}{_where(result, infeasible)}."
    return f"{first}{others}, {_searched_range(result)}.{tail}"


def ranked(result: Axis) -> list[AxisPoint]:
    """The trials with an objective, best first, equals by id."""
    loss = Objective(result.metric, result.maximize).loss
    feasible = [point for point in result.points if point.objective is not None]
    return sorted(feasible, key=lambda point: (loss(_objective(point)), point.trial))


def _objective(point: AxisPoint) -> float:
    return math.nan if point.objective is None else point.objective


def _infeasible(result: Axis) -> list[AxisPoint]:
    return [point for point in result.points if point.status == "infeasible"]


def _rows(result: Axis, points: Sequence[AxisPoint]) -> list[Row]:
    return [
        {
            "x": position(result.domain, point.value),
            "value": point.objective,
            "rank": str(place),
            "trial": str(point.trial),
            "setting": value_label(point.value),
            "objective": chart_number(_objective(point)),
            "status": f"{point.status}: {point.reason}" if point.reason else point.status,
        }
        for place, point in enumerate(points, start=1)
    ]


def _numbered_marks(top: Sequence[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Two layers a trial, the best on top, so that no number shows through another's mark."""
    pairs = [
        (
            chart_of([row]).mark_circle(style="best", size=230).encode(x=x, y=y),
            chart_of([row])
            .mark_text(style="best-rank", dy=0.5)
            .encode(x=x, y=y, text=alt.Text("rank:N")),
        )
        for row in reversed(top)
    ]
    return [layer for pair in pairs for layer in pair]


def _bounds(result: Axis) -> list[alt.Chart]:
    """Dashed rules at the ends of the space, and shade beyond them."""
    if isinstance(result.domain, Choice):
        return []
    x = domain_axis(result.hyperparameter, result.domain)
    low, high = (position(result.domain, end) for end in (result.domain.low, result.domain.high))
    ends: list[tuple[float | str, float | str]] = [(low, 0), (high, "width")]
    shades = [
        chart_of([{"x": end}]).mark_rect(style="outside").encode(x=x, x2=constant("x2", side))
        for end, side in ends
    ]
    bound = chart_of([{"x": low}, {"x": high}]).mark_rule(style="bound")
    return [*shades, bound.encode(x=x)]


def _empty_layer(x: alt.X) -> alt.Chart:
    layer: alt.Chart = chart_of([]).mark_point().encode(x=x)
    return layer


def _where(result: Axis, points: Sequence[AxisPoint]) -> str:
    return f", {_range(result, points)}" if points else ""


def _range(result: Axis, points: Sequence[AxisPoint]) -> str:
    if isinstance(result.domain, Choice):
        values = sorted({point.value for point in points}, key=result.domain.unit)
        return "at " + ", ".join(value_text(value) for value in values)
    ordered = sorted(points, key=lambda point: point.unit)
    low, high = value_label(ordered[0].value), value_label(ordered[-1].value)
    return f"at {low}" if low == high else f"between {low} and {high}"


def _searched_range(result: Axis) -> str:
    if isinstance(result.domain, Choice):
        return f"of {len(result.domain.values)} values searched"
    return f"of {value_label(result.domain.low)} to {value_label(result.domain.high)} searched"
