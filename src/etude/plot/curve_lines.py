"""The lines of charts of curves: cut at the edge of the axis, the best few brought forward."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, final

import altair as alt

from .layers import Row, chart_of, edge_marks, fading, marking
from .scales import MetricAxis, integer_ticks
from .theme import DASHES, SHAPES

# A step and a value.
Point: TypeAlias = tuple[int, float]
# Pixels of a character in a legend, and of a chart on a phone.
_CHARACTER: Final = 6.0
_PHONE: Final = 330
TOOLTIP: Final = (alt.Tooltip("trial:Q"),)
_EDGE_TOOLTIP: Final = (*TOOLTIP, alt.Tooltip("value:Q", format=".4~g"))


@final
@dataclass(frozen=True)
class BestLine:
    """A line that stands out: its name in the legend, its points, and their running median."""

    label: str
    trial: int
    points: Sequence[Point]
    smooth: Sequence[Point] = ()


def step_axis(last: int) -> alt.X:
    """The x axis of steps, from 0 to the last one."""
    last = max(1, last)
    # Few numbers, so that a wide chart is no ruler.
    few = {"tickCount": alt.ExprRef("ceil(width / 90)")}
    ticks = {**few, **integer_ticks(0, last)}
    axis = alt.Axis(
        title="step",
        format="~s",
        labelExpr="datum.value === 0 ? '0' : datum.label",
        grid=False,
        labelSeparation=6,
        **ticks,
    )
    return alt.X("step:Q", axis=axis, scale=alt.Scale(domain=[0, last], nice=False, padding=0))


def line_rows(trial: int, points: Sequence[Point], axis: MetricAxis) -> list[Row]:
    """The points of a curve inside the axis, with where it crosses an edge, and gaps beyond.

    A row without a value ends a part of the line.
    """
    rows: list[Row] = []
    for place, point in enumerate(points):
        if place:
            rows += _crossings(trial, points[place - 1], point, axis)
        if not axis.side(point[1]):
            rows.append(_row(trial, *point))
    return rows


def edge_rows(trial: int, points: Sequence[Point], axis: MetricAxis) -> list[Row]:
    """Where a curve first leaves each end of the axis that it leaves, with its farthest value."""
    rows = []
    ends: dict[str, Callable[..., float]] = {"low": min, "high": max}
    for side, farthest in ends.items():
        places = [place for place, point in enumerate(points) if axis.side(point[1]) == side]
        if places:
            value = farthest(points[place][1] for place in places)
            step = _first_crossing(points, places, axis)
            rows.append({**_row(trial, step, value), "side": side})
    return rows


def _first_crossing(points: Sequence[Point], places: Sequence[int], axis: MetricAxis) -> float:
    """The step at which a curve leaves the axis, or enters it where it began beyond."""
    first = places[0]
    last = next((place for place in places if place + 1 not in places), first)
    ends = (first - 1, first) if first else (last, last + 1)
    if ends[1] == len(points):
        return points[first][0]
    crossing = _crossings(0, points[ends[0]], points[ends[1]], axis)
    return float(crossing[-1 if first and len(crossing) > 1 else 0]["step"])


def edge_layers(rows: Sequence[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The triangles of `edge_rows` at the upper and the lower edge."""
    low, high = (
        [
            {name: row[name] for name in ("trial", "step", "value")}
            for row in rows
            if row["side"] == side
        ]
        for side in ("low", "high")
    )
    return [
        *edge_marks(low, "down", x, y, _EDGE_TOOLTIP),
        *edge_marks(high, "up", x, y, _EDGE_TOOLTIP),
    ]


def line_layer(rows: Sequence[Row], style: str, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The lines of many trials in one layer; none without rows."""
    if not rows:
        return []
    layer: alt.Chart = chart_of(rows).mark_line(style=style)
    trial, tooltip = alt.Detail("trial:N"), list(TOOLTIP)
    return [layer.encode(x=x, y=y, detail=trial, tooltip=tooltip, **marking(strokeWidth=2))]


def best_layers(lines: Sequence[BestLine], axis: MetricAxis, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The best few as lines, each with marks of its own, so that colour is not all.

    A noisy one is drawn faintly, and its running median over it.
    """
    lines = lines[: len(DASHES)]
    if not lines:
        return []
    labels = [line.label for line in lines]
    # As many names beside each other as a phone has room for; by the width that there is, Vega
    # would lay the title over the legend.
    room = _CHARACTER * max(map(len, labels)) + 30
    legend = alt.Legend(title=None, columns=max(1, int(_PHONE / room)))
    color = alt.Color("label:N", legend=legend, scale=alt.Scale(domain=labels))
    shapes = alt.Scale(domain=labels, range=SHAPES[: len(labels)])
    rows_by_place = [_labelled(line, line.smooth or line.points, axis) for line in lines]
    faint = [_labelled(line, line.points, axis) for line in lines if line.smooth]
    layers = [
        chart_of(rows).mark_line(style="faint-line").encode(x=x, y=y, color=color, **fading())
        for rows in faint
    ]
    # The dash stands in the mark: as an encoding, it would dash the marks of the legend too.
    layers += [
        chart_of(rows_by_place[place])
        .mark_line(style="best-line", strokeDash=DASHES[place])
        .encode(x=x, y=y, color=color, tooltip=list(TOOLTIP), **marking())
        for place in reversed(range(len(lines)))
    ]
    marks = [row for place, rows in enumerate(rows_by_place) for row in _mark_rows(rows, place)]
    points = chart_of(marks).mark_point(style="best-mark", filled=True, size=70)
    shaped = alt.Shape("label:N", legend=legend, scale=shapes)
    return [
        *layers,
        points.encode(x=x, y=y, color=color, shape=shaped, tooltip=list(TOOLTIP), **marking()),
    ]


def _labelled(line: BestLine, points: Sequence[Point], axis: MetricAxis) -> list[Row]:
    return [{"label": line.label, **row} for row in line_rows(line.trial, points, axis)]


def _mark_rows(points: Sequence[Row], place: int) -> list[Row]:
    """Three points of a curve, at other steps for each place, so that no mark hides another."""
    points = [row for row in points if row["value"] is not None]
    gap = max(1, len(points) // 3)
    return list(points[(gap * (2 * place + 1)) // 10 :: gap][:3])


def _row(trial: int, step: float, value: float) -> Row:
    return {"trial": trial, "step": step, "value": float(f"{value:.5g}")}


def _crossings(trial: int, before: Point, after: Point, axis: MetricAxis) -> list[Row]:
    """Where a curve crosses the ends of the axis between two points, and a gap where it leaves."""
    sides = axis.side(before[1]), axis.side(after[1])
    if sides[0] == sides[1]:
        return []
    gap = [{"trial": trial, "step": after[0], "value": None}] if sides[1] else []
    low, high = axis.domain
    edges = [low if side == "low" else high for side in sides if side]
    begin, end = axis.place(before[1]), axis.place(after[1])
    # From infinitely far, as zero is on a logarithmic scale, a curve comes straight down.
    shares = [
        (axis.place(edge) - begin) / (end - begin)
        if math.isfinite(end - begin)
        else float(bool(sides[0]))
        for edge in edges
    ]
    steps = [round(before[0] + share * (after[0] - before[0]), 2) for share in shares]
    return [*(_row(trial, step, edge) for step, edge in zip(steps, edges, strict=True)), *gap]
