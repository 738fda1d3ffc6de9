"""The objective against one hyperparameter: one mark a trial, infeasible ones as red crosses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import altair as alt

from ..analyze.summaries.axis import Axis, AxisPoint
from ..experiment.objective import Objective
from ..space import Choice, value_text
from ..wording import join, number, quantity
from .layers import (
    HEIGHT,
    ONLY_RAIL,
    RAIL,
    Row,
    chart_of,
    constant,
    count_note,
    edge_marks,
    even_subset,
    layer_chart,
    marking,
    notes,
    rail_layers,
)
from .scales import MetricAxis, beyond_note, domain_axis, position

BEST: Final = 5
_TOOLTIP: Final = (alt.Tooltip("trial:Q"), alt.Tooltip("value:Q", format=".4~g"))


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
    inside = [point for point in others if not metric_axis.side(_objective(point))]
    marks = [
        chart_of(_rows(result, inside))
        .mark_circle(style="rest", size=46)
        .encode(x=x, y=y, tooltip=list(_TOOLTIP), **marking(size=110)),
        *_edges(result, others, metric_axis, x, y),
        *_numbered_marks(_rows(result, top), x, y),
    ]
    crosses = even_subset(infeasible, max_rows // 3)
    layers = [
        *_bounds(result),
        *(marks if feasible else ()),
        *rail_layers(_rows(result, crosses), x, _TOOLTIP[:1]),
    ]
    count = count_note(len(top) + len(others) + len(crosses), len(feasible) + len(infeasible))
    far = sum(metric_axis.side(value) != "" for value in objectives)
    note = notes(count, beyond_note(far))
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
    first = f"The best {len(top)} lie" if len(top) > 1 else f"The best, trial {top[0].trial}, lies"
    tail = ""
    if infeasible:
        verb = "is" if len(infeasible) == 1 else "are"
        tail = f"; {len(infeasible):,} of {ended} {verb} infeasible{_where(result, infeasible)}"
    return f"{first} {_range(result, top)} {_searched_range(result)}{tail}."


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
            "trial": point.trial,
        }
        for place, point in enumerate(points, start=1)
    ]


def _numbered_marks(top: Sequence[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Two layers a trial, the best on top, so that no number shows through another's mark."""
    pairs = [
        (
            chart_of([row])
            .mark_circle(style="best", size=230)
            .encode(x=x, y=y, tooltip=list(_TOOLTIP), **marking()),
            chart_of([row])
            .mark_text(style="best-rank", dy=0.5)
            .encode(x=x, y=y, text=alt.Text("rank:N"), **marking()),
        )
        for row in reversed(top)
    ]
    return [layer for pair in pairs for layer in pair]


def _edges(
    result: Axis, points: Sequence[AxisPoint], axis: MetricAxis, x: alt.X, y: alt.Y
) -> list[alt.Chart]:
    """Triangles at the edges for the trials whose objective lies beyond them."""
    low, high = (
        _rows(result, [point for point in points if axis.side(_objective(point)) == side])
        for side in ("low", "high")
    )
    return [*edge_marks(low, "down", x, y, _TOOLTIP), *edge_marks(high, "up", x, y, _TOOLTIP)]


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
        return "at " + join([value_text(value) for value in values])
    ordered = sorted(points, key=lambda point: point.unit)
    low, high = number(ordered[0].value), number(ordered[-1].value)
    return f"at {low}" if low == high else f"between {low} and {high}"


def _searched_range(result: Axis) -> str:
    if isinstance(result.domain, Choice):
        return f"of {len(result.domain.values)} values searched"
    return f"of {number(result.domain.low)} to {number(result.domain.high)} searched"
