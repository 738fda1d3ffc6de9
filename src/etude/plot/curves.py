"""Training curves: every trial thin, infeasible ones dashed red, the best few brought forward."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import altair as alt

from ..analyze.summaries.learning_curves import Curve, Curves
from ..wording import chart_number, conjunction, quantity
from .layers import HEIGHT, ONLY_RAIL, RAIL, Row, drawn, rail, rows, stacked, thinned
from .scales import Measure, whole
from .theme import DASHES, SHAPES

_TOOLTIP: Final = (alt.Tooltip("trial:N"),)
_PLACES: Final = ("best", "2nd best", "3rd best", "4th best", "5th best")


def draw(result: Curves, *, max_steps: int = 0, max_rows: int = 6000) -> alt.LayerChart:
    """One metric of every trial against the step, as many trials as `max_rows` points allow.

    The axis reaches to `max_steps` where it is given, so that a trial cut short is seen to be.

    Source: C5, C13.
    """
    forward = _forward(result)
    feasible = [curve for curve in result.curves if not curve.infeasible]
    rest = _fitting([one for one in feasible if one.trial not in result.best], max_rows * 2 // 3)
    left = max_rows - sum(len(curve.steps_P) for curve in rest)
    broken = _fitting([curve for curve in result.curves if curve.infeasible], left)
    beginnings = [curve.values_P[:1] if feasible else curve.values_P for curve in broken]
    shown = [*(curve.values_P for curve in feasible), *beginnings]
    values = list(chain.from_iterable(shown))
    x = _steps(result, max_steps)
    measure = Measure(result.metric, values, _rises(forward))
    y = measure.up("value", [HEIGHT + 20, RAIL if broken else 0])
    trial = alt.Detail("trial:N")
    layers = [
        *(
            _line(curves, style, max(values)).encode(x=x, y=y, detail=trial, tooltip=list(_TOOLTIP))
            for curves, style in ((broken, "infeasible-line"), (rest, "rest-line"))
            if values
        ),
        *_brought_forward(forward, x, y),
        *rail([_end(curve) for curve in broken], x, _TOOLTIP),
        *_stops([*rest, *forward], x, y),
    ]
    note = drawn(len(forward) + len(rest) + len(broken), len(result.curves))
    tall = HEIGHT + 20 if values else ONLY_RAIL
    return stacked(layers, measure.title, height=tall, note=note)


def caption(result: Curves) -> str:
    """Which trials are brought forward and where they end, how many are infeasible or stopped.

    Source: C5.
    """
    if not result.curves:
        return "No trial has values of it."
    feasible = [curve for curve in result.curves if not curve.infeasible]
    tail = f"{_breaks(result)}{_halts(feasible)}"
    forward = _forward(result)
    if not forward:
        return f"{_without(result)}.{tail}"
    ends = [f"trial {curve.trial} at {chart_number(curve.values_P[-1])}" for curve in forward]
    verb = "ends" if len(ends) == 1 else "end"
    others = sum(bool(curve.values_P) for curve in feasible) - len(ends)
    grey = f"; grey: {quantity(others, 'other feasible trial')}" if others else ""
    return f"The best by the objective {verb} here: {conjunction(ends)}{grey}.{tail}"


def _forward(result: Curves) -> list[Curve]:
    by_trial = {curve.trial: curve for curve in result.curves if curve.values_P}
    return [by_trial[trial] for trial in result.best if trial in by_trial][: len(_PLACES)]


def _fitting(curves: Sequence[Curve], max_rows: int) -> list[Curve]:
    """As many of the curves as have about `max_rows` points together."""
    total = sum(len(curve.steps_P) for curve in curves)
    return thinned(
        curves, max(1, len(curves) * max_rows // total) if total > max_rows else len(curves)
    )


def _line(curves: Sequence[Curve], style: str, ceiling: float) -> alt.Chart:
    found = [row for curve in curves for row in _below(_rows(curve), ceiling)]
    line: alt.Chart = rows(found).mark_line(style=style)
    return line


def _below(points: list[Row], ceiling: float) -> list[Row]:
    """The points up to the first above the ceiling, set on it: the curve leaves the plot there."""
    for place, row in enumerate(points):
        if row["value"] > ceiling:
            return [*points[:place], {**row, "value": ceiling}]
    return points


def _rows(curve: Curve, label: str = "") -> list[Row]:
    shared: dict[str, Any] = {"trial": _named(curve)}
    if label:
        shared["label"] = label
    points = zip(curve.steps_P, curve.values_P, strict=True)
    return [{**shared, "step": step, "value": float(f"{value:.6g}")} for step, value in points]


def _brought_forward(forward: Sequence[Curve], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The best few as lines, each with a mark of its own at its end, so that colour is not all."""
    if not forward:
        return []
    labels = [f"trial {curve.trial} ({_PLACES[place]})" for place, curve in enumerate(forward)]
    found = [_rows(curve, label) for curve, label in zip(forward, labels, strict=True)]
    color = alt.Color("label:N", title=None, scale=alt.Scale(domain=labels))
    shapes = alt.Scale(domain=labels, range=SHAPES[: len(labels)])
    # The dash stands in the mark: as an encoding, it would dash the marks of the legend too.
    lines = [
        rows(one).mark_line(style="best-line", strokeDash=DASHES[place])
        for place, one in reversed(list(enumerate(found)))
    ]
    marks = [row for place, one in enumerate(found) for row in _staggered(one, place)]
    points = rows(marks).mark_point(style="best-mark", filled=True, size=70)
    shaped = points.encode(shape=alt.Shape("label:N", title=None, scale=shapes))
    return [
        layer.encode(x=x, y=y, color=color, tooltip=list(_TOOLTIP)) for layer in [*lines, shaped]
    ]


def _staggered(points: Sequence[Row], place: int) -> list[Row]:
    """Three points of a curve, at other steps for each place, so that no mark hides another."""
    gap = max(1, len(points) // 3)
    return list(points[(gap * (2 * place + 1)) // 10 :: gap][:3])


def _end(curve: Curve) -> Row:
    last = curve.steps_P[-1] if curve.steps_P else 0
    step = last if curve.broke_at is None else curve.broke_at
    return {"trial": _named(curve), "step": step}


def _stops(curves: Sequence[Curve], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Where trials were stopped: their curves are cut off there, nothing broke."""
    found = [
        {**_rows(curve)[-1], "end": "stopped early"}
        for curve in curves
        if curve.status == "stopped" and curve.values_P
    ]
    if not found:
        return []
    marks = rows(found).mark_point(style="stopped", shape="triangle-right", size=60, filled=False)
    # The channel only makes the legend: every mark has the same opacity.
    scale = alt.Scale(domain=["stopped early"], range=[1])
    legend = alt.Legend(title=None, symbolType="triangle-right")
    kind = alt.Opacity("end:O", scale=scale, legend=legend)
    return [marks.encode(x=x, y=y, opacity=kind, tooltip=list(_TOOLTIP))]


def _rises(forward: Sequence[Curve]) -> bool:
    """Whether the best curve rises, so that its high end is what matters."""
    return any(curve.values_P[-1] > curve.values_P[0] for curve in forward[:1])


def _steps(result: Curves, max_steps: int) -> alt.X:
    last = max([1, max_steps - 1, *(_end(curve)["step"] for curve in result.curves)])
    axis = alt.Axis(title="step", format="~s", grid=False, **whole(0, last))
    return alt.X("step:Q", axis=axis, scale=alt.Scale(domain=[0, last], nice=False, padding=0))


def _named(curve: Curve) -> str:
    return f"{curve.trial} ({curve.reason or curve.status})"


def _without(result: Curves) -> str:
    """Why no curve is brought forward."""
    trials = quantity(len(result.curves), "trial")
    if not any(curve.values_P for curve in result.curves):
        return f"No finite value of it in {trials}"
    few = "the best few have no finite value of it" if result.best else "none feasible"
    return f"{trials}, {few}"


def _breaks(result: Curves) -> str:
    broken = [curve for curve in result.curves if curve.infeasible]
    if not broken:
        return ""
    steps = sorted(_end(curve)["step"] for curve in broken)
    where = (
        f"step {steps[0]:,}" if steps[0] == steps[-1] else f"steps {steps[0]:,} to {steps[-1]:,}"
    )
    of = f"{len(broken):,} infeasible of {quantity(len(result.curves), 'trial')}"
    red = "Dashed red" if any(curve.values_P for curve in broken) else "Red crosses"
    return f" {red}: {of}, which broke at {where}."


def _halts(feasible: Sequence[Curve]) -> str:
    """That stopped trials are cut short, not finished: how far they would have come is open."""
    halted = [curve for curve in feasible if curve.status == "stopped" and curve.values_P]
    if not halted:
        return ""
    reasons = ", ".join(sorted({curve.reason for curve in halted if curve.reason}))
    why = f" ({reasons.replace('_', ' ')})" if reasons else ""
    trials, were = quantity(len(halted), "trial"), "was" if len(halted) == 1 else "were"
    return f" Open triangles: {trials} {were} stopped there{why} and might have come further."
