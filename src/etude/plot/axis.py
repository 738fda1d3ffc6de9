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
from .layers import HEIGHT, ONLY_RAIL, RAIL, Row, drawn, rail, rows, stacked, thinned
from .scales import Measure, along, position, shown

BEST: Final = 5
_TOOLTIP: Final = (
    alt.Tooltip("trial:N"),
    alt.Tooltip("setting:N", title="value"),
    alt.Tooltip("objective:N"),
    alt.Tooltip("status:N"),
)


def draw(result: Axis, *, best: int = BEST, max_rows: int = 2000) -> alt.LayerChart:
    """Every ended trial along one hyperparameter, the best few numbered, the bounds in sight.

    Source: C1, C13.
    """
    feasible = ranked(result)
    top, others = feasible[:best], thinned(feasible[best:], max_rows * 2 // 3)
    x = along(result.hyperparameter, result.domain)
    height = [HEIGHT, RAIL if _broken(result) else 0]
    measure = Measure(result.metric, [_objective(one) for one in feasible], result.maximize)
    y = measure.up("value", height)
    marks = [
        rows(_rows(result, others)).mark_circle(style="rest", size=46).encode(x=x, y=y),
        *_numbered(_rows(result, top), x, y),
    ]
    broken = thinned(_broken(result), max_rows // 3)
    crosses = _rows(result, broken)
    layers = [
        *_bounds(result),
        *(mark.encode(tooltip=list(_TOOLTIP)) for mark in marks if feasible),
        *rail(crosses, x, _TOOLTIP),
    ]
    note = drawn(len(top) + len(others) + len(broken), len(feasible) + len(_broken(result)))
    tall = HEIGHT if feasible else ONLY_RAIL
    return stacked(layers or [_empty(x)], measure.title, height=tall, note=note)


def caption(result: Axis, *, best: int = BEST) -> str:
    """Where the best few trials lie along the axis, and where the infeasible ones.

    Source: C1, C3.
    """
    feasible, broken = ranked(result), _broken(result)
    ended = quantity(len(result.points), "ended trial")
    if not feasible:
        where = f"; infeasible: {len(broken):,}{_where(result, broken)}" if broken else ""
        none = "The only ended trial is not" if len(result.points) == 1 else f"None of {ended} is"
        return f"{none} feasible{where}."
    top = feasible[:best]
    objective = chart_number(_objective(top[0]))
    first = f"The best, trial {top[0].trial} with {objective}, lies at {shown(top[0].value)}"
    others = f"; the best {len(top)} lie {_stretch(result, top)}" if len(top) > 1 else ""
    tail = f" Infeasible: {len(broken):,} of {ended}{_where(result, broken)}." if broken else ""
    return f"{first}{others}, {_searched(result)}.{tail}"


def ranked(result: Axis) -> list[AxisPoint]:
    """The trials with an objective, best first, equals by id."""
    loss = Objective(result.metric, result.maximize).loss
    feasible = [point for point in result.points if point.objective is not None]
    return sorted(feasible, key=lambda point: (loss(_objective(point)), point.trial))


def _objective(point: AxisPoint) -> float:
    return math.nan if point.objective is None else point.objective


def _broken(result: Axis) -> list[AxisPoint]:
    return [point for point in result.points if point.status == "infeasible"]


def _rows(result: Axis, points: Sequence[AxisPoint]) -> list[Row]:
    return [
        {
            "x": position(result.domain, point.value),
            "value": point.objective,
            "rank": str(place),
            "trial": str(point.trial),
            "setting": shown(point.value),
            "objective": chart_number(_objective(point)),
            "status": f"{point.status}: {point.reason}" if point.reason else point.status,
        }
        for place, point in enumerate(points, start=1)
    ]


def _numbered(top: Sequence[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Two layers a trial, the best on top, so that no number shows through another's mark."""
    pairs = [
        (
            rows([row]).mark_circle(style="best", size=230).encode(x=x, y=y),
            rows([row]).mark_text(style="best-rank", dy=0.5).encode(x=x, y=y, text="rank:N"),
        )
        for row in reversed(top)
    ]
    return [layer for pair in pairs for layer in pair]


def _bounds(result: Axis) -> list[alt.Chart]:
    """Dashed rules at the ends of the space, and shade beyond them."""
    if isinstance(result.domain, Choice):
        return []
    x = along(result.hyperparameter, result.domain)
    low, high = (position(result.domain, end) for end in (result.domain.low, result.domain.high))
    ends = [(low, 0), (high, "width")]
    shades = [
        rows([{"x": end}]).mark_rect(style="outside").encode(x=x, x2=alt.value(side))
        for end, side in ends
    ]
    bound = rows([{"x": low}, {"x": high}]).mark_rule(style="bound")
    return [*shades, bound.encode(x=x)]


def _empty(x: alt.X) -> alt.Chart:
    empty: alt.Chart = rows([]).mark_point().encode(x=x)
    return empty


def _where(result: Axis, points: Sequence[AxisPoint]) -> str:
    return f", {_stretch(result, points)}" if points else ""


def _stretch(result: Axis, points: Sequence[AxisPoint]) -> str:
    if isinstance(result.domain, Choice):
        values = sorted({point.value for point in points}, key=result.domain.unit)
        return "at " + ", ".join(value_text(value) for value in values)
    ordered = sorted(points, key=lambda point: point.unit)
    low, high = shown(ordered[0].value), shown(ordered[-1].value)
    return f"at {low}" if low == high else f"between {low} and {high}"


def _searched(result: Axis) -> str:
    if isinstance(result.domain, Choice):
        return f"of {len(result.domain.values)} values searched"
    return f"of {shown(result.domain.low)} to {shown(result.domain.high)} searched"
