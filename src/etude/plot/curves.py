"""Training curves: every trial thin, infeasible ones dashed red, the best few brought forward."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, takewhile
from typing import Final

import altair as alt

from ..analyze.summaries.learning_curves import Curve, Curves
from ..wording import quantity
from .curve_lines import (
    TOOLTIP,
    BestLine,
    Point,
    best_layers,
    edge_layers,
    edge_rows,
    line_layer,
    line_rows,
    step_axis,
)
from .layers import (
    ONLY_RAIL,
    RAIL,
    TALL_HEIGHT,
    Row,
    chart_of,
    count_note,
    even_subset,
    layer_chart,
    marking,
    notes,
    rail_layers,
)
from .scales import MetricAxis, beyond_note

_PLACES: Final = ("best", "2nd best", "3rd best", "4th best", "5th best")


def draw(result: Curves, *, max_steps: int = 0, max_rows: int = 6000) -> alt.LayerChart:
    """One metric of every trial against the step, as many trials as `max_rows` points allow.

    The axis reaches to `max_steps` where it is given, so that a trial cut short is seen to be.

    Source: C5, C13.
    """
    best = _best_curves(result)
    feasible = [curve for curve in result.curves if not curve.infeasible]
    others = [curve for curve in feasible if curve.trial not in result.best]
    rest = _fitting(others, max_rows * 2 // 3)
    room = max_rows - sum(len(curve.steps_P) for curve in rest)
    infeasible = _fitting([curve for curve in result.curves if curve.infeasible], room)
    axis = _axis(result, feasible, infeasible)
    x = step_axis(max([max_steps - 1, *(_end(curve)["step"] for curve in result.curves)]))
    y = axis.y("value", [TALL_HEIGHT, RAIL if infeasible else 0])
    broken_rows = [row for curve in infeasible for row in _until_it_leaves(curve, axis)]
    rest_rows = [row for curve in rest for row in line_rows(curve.trial, _points(curve), axis)]
    edges = [
        row for curve in [*rest, *best] for row in edge_rows(curve.trial, _points(curve), axis)
    ]
    lines = [
        BestLine(
            f"trial {curve.trial} ({_PLACES[place]})", curve.trial, _points(curve), curve.smooth_M
        )
        for place, curve in enumerate(best)
    ]
    layers = [
        *line_layer(broken_rows, "infeasible-line", x, y),
        *line_layer(rest_rows, "rest-line", x, y),
        *best_layers(lines, axis, x, y),
        *rail_layers([_end(curve) for curve in infeasible], x, TOOLTIP),
        *_stop_layers([*rest, *best], x, y),
        *edge_layers(edges, x, y),
    ]
    count = count_note(len(best) + len(rest) + len(infeasible), len(result.curves))
    note = notes(count, beyond_note(len({row["trial"] for row in edges}), "curve"))
    height = TALL_HEIGHT if axis.values else ONLY_RAIL
    return layer_chart(layers, axis.title, height=height, note=note)


def caption(result: Curves) -> str:
    """What the colours stand for, and how many trials are infeasible or stopped.

    Source: C5.
    """
    if not result.curves:
        return "No trial has values of it."
    feasible = [curve for curve in result.curves if not curve.infeasible]
    tail = f"{_infeasible_clause(result)}{_stopped_clause(feasible)}"
    best = _best_curves(result)
    if not best:
        return f"{_without_best(result)}{tail}."
    medians = ", as running medians over faint values" if any(one.smooth_M for one in best) else ""
    others = sum(bool(curve.values_P) for curve in feasible) - len(best)
    grey = f"; grey: {quantity(others, 'other trial')}" if others else ""
    trials = "trial" if len(best) == 1 else f"{len(best)} trials"
    return f"In colour the best {trials} by the objective{medians}{grey}{tail}."


def _best_curves(result: Curves) -> list[Curve]:
    """The curves of the best few trials, best first, to be brought forward."""
    by_trial = {curve.trial: curve for curve in result.curves if curve.values_P}
    return [by_trial[trial] for trial in result.best if trial in by_trial][: len(_PLACES)]


def _fitting(curves: Sequence[Curve], max_rows: int) -> list[Curve]:
    """As many of the curves as have about `max_rows` points together."""
    total = sum(len(curve.steps_P) for curve in curves)
    most = max(1, len(curves) * max_rows // total) if total > max_rows else len(curves)
    return even_subset(curves, most)


def _axis(result: Curves, feasible: Sequence[Curve], infeasible: Sequence[Curve]) -> MetricAxis:
    """The axis of what feasible trials reach; infeasible ones begin on it, and leave it."""
    broken = [curve.values_P[:1] if feasible else curve.values_P for curve in infeasible]
    series = [*(curve.values_P for curve in feasible), *broken]
    values = list(chain.from_iterable(series))
    return MetricAxis(result.metric, values, _rises(feasible))


def _points(curve: Curve) -> list[Point]:
    return list(zip(curve.steps_P, curve.values_P, strict=True))


def _until_it_leaves(curve: Curve, axis: MetricAxis) -> list[Row]:
    """The line of a trial that broke, to where it leaves the axis; a cross says the rest."""
    rows = line_rows(curve.trial, _points(curve), axis)
    return list(takewhile(lambda row: row["value"] is not None, rows))


def _end(curve: Curve) -> Row:
    last = curve.steps_P[-1] if curve.steps_P else 0
    step = last if curve.broke_at is None else curve.broke_at
    return {"trial": curve.trial, "step": step}


def _stop_layers(curves: Sequence[Curve], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Marks where trials were stopped: their curves are cut off there, nothing broke."""
    rows: list[Row] = [
        {
            "trial": curve.trial,
            "step": curve.steps_P[-1],
            "value": curve.values_P[-1],
            "end": "stopped early",
        }
        for curve in curves
        if curve.status == "stopped" and curve.values_P
    ]
    if not rows:
        return []
    marks = chart_of(rows).mark_point(
        style="stopped", shape="triangle-right", size=60, filled=False
    )
    # The channel only makes the legend: every mark has the same width of line.
    scale = alt.Scale(domain=["stopped early"], range=[1.3])
    legend = alt.Legend(title=None, symbolType="triangle-right")
    kind = alt.StrokeWidth("end:O", scale=scale, legend=legend)
    return [marks.encode(x=x, y=y, strokeWidth=kind, tooltip=list(TOOLTIP), **marking())]


def _rises(curves: Sequence[Curve]) -> bool:
    """Whether most of these curves rise, so that their high ends are what matters."""
    rising = [curve.values_P[-1] > curve.values_P[0] for curve in curves if curve.values_P]
    return sum(rising) > len(rising) / 2


def _without_best(result: Curves) -> str:
    """Why no curve is brought forward."""
    trials = quantity(len(result.curves), "trial")
    if not any(curve.values_P for curve in result.curves):
        return f"No finite value of it in {trials}"
    few = "the best few have no finite value of it" if result.best else "none feasible"
    return f"{trials}, {few}"


def _infeasible_clause(result: Curves) -> str:
    infeasible = [curve for curve in result.curves if curve.infeasible]
    if not infeasible:
        return ""
    red = "dashed red" if any(curve.values_P for curve in infeasible) else "red crosses"
    return f"; {red}: {len(infeasible):,} infeasible"


def _stopped_clause(feasible: Sequence[Curve]) -> str:
    """A reminder that stopped trials are cut short: how far they would have come is open."""
    stopped = [curve for curve in feasible if curve.status == "stopped" and curve.values_P]
    return f"; open triangles: {len(stopped):,} stopped early" if stopped else ""
