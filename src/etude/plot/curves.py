"""Training curves: every trial thin, infeasible ones dashed red, the best few brought forward."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import altair as alt

from ..analyze.summaries.learning_curves import Curve, Curves
from ..wording import chart_number, conjunction, quantity
from .layers import (
    ONLY_RAIL,
    RAIL,
    TALL_HEIGHT,
    Row,
    chart_of,
    count_note,
    even_subset,
    layer_chart,
    rail_layers,
)
from .scales import MetricAxis, integer_ticks
from .theme import DASHES, SHAPES

_TOOLTIP: Final = (alt.Tooltip("trial:N"),)
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
    beginnings = [curve.values_P[:1] if feasible else curve.values_P for curve in infeasible]
    series = [*(curve.values_P for curve in feasible), *beginnings]
    values = list(chain.from_iterable(series))
    x = _step_axis(result, max_steps)
    metric_axis = MetricAxis(result.metric, values, _rises(best))
    y = metric_axis.y("value", [TALL_HEIGHT, RAIL if infeasible else 0])
    trial = alt.Detail("trial:N")
    layers = [
        *(
            _line(curves, style, max(values)).encode(x=x, y=y, detail=trial, tooltip=list(_TOOLTIP))
            for curves, style in ((infeasible, "infeasible-line"), (rest, "rest-line"))
            if values
        ),
        *_best_layers(best, x, y),
        *rail_layers([_end(curve) for curve in infeasible], x, _TOOLTIP),
        *_stop_layers([*rest, *best], x, y),
    ]
    note = count_note(len(best) + len(rest) + len(infeasible), len(result.curves))
    height = TALL_HEIGHT if values else ONLY_RAIL
    return layer_chart(layers, metric_axis.title, height=height, note=note)


def caption(result: Curves) -> str:
    """Where the best trials end, and how many trials are infeasible or stopped.

    Source: C5.
    """
    if not result.curves:
        return "No trial has values of it."
    feasible = [curve for curve in result.curves if not curve.infeasible]
    tail = f"{_infeasible_sentence(result)}{_stopped_sentence(feasible)}"
    best = _best_curves(result)
    if not best:
        return f"{_without_best(result)}.{tail}"
    ends = [f"trial {curve.trial} at {chart_number(curve.values_P[-1])}" for curve in best]
    verb = "ends" if len(ends) == 1 else "end"
    others = sum(bool(curve.values_P) for curve in feasible) - len(ends)
    grey = f"; grey: {quantity(others, 'other feasible trial')}" if others else ""
    return f"The best by the objective {verb} here: {conjunction(ends)}{grey}.{tail}"


def _best_curves(result: Curves) -> list[Curve]:
    """The curves of the best few trials, best first, to be brought forward."""
    by_trial = {curve.trial: curve for curve in result.curves if curve.values_P}
    return [by_trial[trial] for trial in result.best if trial in by_trial][: len(_PLACES)]


def _fitting(curves: Sequence[Curve], max_rows: int) -> list[Curve]:
    """As many of the curves as have about `max_rows` points together."""
    total = sum(len(curve.steps_P) for curve in curves)
    most = max(1, len(curves) * max_rows // total) if total > max_rows else len(curves)
    return even_subset(curves, most)


def _line(curves: Sequence[Curve], style: str, ceiling: float) -> alt.Chart:
    rows = [row for curve in curves for row in _below(_rows(curve), ceiling)]
    layer: alt.Chart = chart_of(rows).mark_line(style=style)
    return layer


def _below(points: list[Row], ceiling: float) -> list[Row]:
    """The points up to the first above the ceiling, set on it: the curve leaves the plot there."""
    for place, row in enumerate(points):
        if row["value"] > ceiling:
            return [*points[:place], {**row, "value": ceiling}]
    return points


def _rows(curve: Curve, label: str = "") -> list[Row]:
    shared: dict[str, Any] = {"trial": _name(curve)}
    if label:
        shared["label"] = label
    points = zip(curve.steps_P, curve.values_P, strict=True)
    return [{**shared, "step": step, "value": float(f"{value:.6g}")} for step, value in points]


def _best_layers(best: Sequence[Curve], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The best few as lines, each with a mark of its own at its end, so that colour is not all."""
    if not best:
        return []
    labels = [f"trial {curve.trial} ({_PLACES[place]})" for place, curve in enumerate(best)]
    rows_by_place = [_rows(curve, label) for curve, label in zip(best, labels, strict=True)]
    color = alt.Color("label:N", title=None, scale=alt.Scale(domain=labels))
    shapes = alt.Scale(domain=labels, range=SHAPES[: len(labels)])
    # The dash stands in the mark: as an encoding, it would dash the marks of the legend too.
    lines = [
        chart_of(rows).mark_line(style="best-line", strokeDash=DASHES[place])
        for place, rows in reversed(list(enumerate(rows_by_place)))
    ]
    marks = [row for place, rows in enumerate(rows_by_place) for row in _mark_rows(rows, place)]
    points = chart_of(marks).mark_point(style="best-mark", filled=True, size=70)
    shaped = points.encode(shape=alt.Shape("label:N", title=None, scale=shapes))
    return [
        layer.encode(x=x, y=y, color=color, tooltip=list(_TOOLTIP)) for layer in [*lines, shaped]
    ]


def _mark_rows(points: Sequence[Row], place: int) -> list[Row]:
    """Three points of a curve, at other steps for each place, so that no mark hides another."""
    gap = max(1, len(points) // 3)
    return list(points[(gap * (2 * place + 1)) // 10 :: gap][:3])


def _end(curve: Curve) -> Row:
    last = curve.steps_P[-1] if curve.steps_P else 0
    step = last if curve.broke_at is None else curve.broke_at
    return {"trial": _name(curve), "step": step}


def _stop_layers(curves: Sequence[Curve], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Marks where trials were stopped: their curves are cut off there, nothing broke."""
    rows = [
        {**_rows(curve)[-1], "end": "stopped early"}
        for curve in curves
        if curve.status == "stopped" and curve.values_P
    ]
    if not rows:
        return []
    marks = chart_of(rows).mark_point(
        style="stopped", shape="triangle-right", size=60, filled=False
    )
    # The channel only makes the legend: every mark has the same opacity.
    scale = alt.Scale(domain=["stopped early"], range=[1])
    legend = alt.Legend(title=None, symbolType="triangle-right")
    kind = alt.Opacity("end:O", scale=scale, legend=legend)
    return [marks.encode(x=x, y=y, opacity=kind, tooltip=list(_TOOLTIP))]


def _rises(best: Sequence[Curve]) -> bool:
    """Whether the best curve rises, so that its high end is what matters."""
    return any(curve.values_P[-1] > curve.values_P[0] for curve in best[:1])


def _step_axis(result: Curves, max_steps: int) -> alt.X:
    last = max([1, max_steps - 1, *(_end(curve)["step"] for curve in result.curves)])
    axis = alt.Axis(title="step", format="~s", grid=False, **integer_ticks(0, last))
    return alt.X("step:Q", axis=axis, scale=alt.Scale(domain=[0, last], nice=False, padding=0))


def _name(curve: Curve) -> str:
    return f"{curve.trial} ({curve.reason or curve.status})"


def _without_best(result: Curves) -> str:
    """Why no curve is brought forward."""
    trials = quantity(len(result.curves), "trial")
    if not any(curve.values_P for curve in result.curves):
        return f"No finite value of it in {trials}"
    few = "the best few have no finite value of it" if result.best else "none feasible"
    return f"{trials}, {few}"


def _infeasible_sentence(result: Curves) -> str:
    infeasible = [curve for curve in result.curves if curve.infeasible]
    if not infeasible:
        return ""
    steps = sorted(_end(curve)["step"] for curve in infeasible)
    where = (
        f"step {steps[0]:,}" if steps[0] == steps[-1] else f"steps {steps[0]:,} to {steps[-1]:,}"
    )
    of = f"{len(infeasible):,} infeasible of {quantity(len(result.curves), 'trial')}"
    red = "Dashed red" if any(curve.values_P for curve in infeasible) else "Red crosses"
    return f" {red}: {of}, which broke at {where}."


def _stopped_sentence(feasible: Sequence[Curve]) -> str:
    """A reminder that stopped trials are cut short: how far they would have come is open."""
    stopped = [curve for curve in feasible if curve.status == "stopped" and curve.values_P]
    if not stopped:
        return ""
    reasons = ", ".join(sorted({curve.reason for curve in stopped if curve.reason}))
    why = f" ({reasons.replace('_', ' ')})" if reasons else ""
    trials, were = quantity(len(stopped), "trial"), "was" if len(stopped) == 1 else "were"
    return f" Open triangles: {trials} {were} stopped there{why} and might have come further."
