"""Training curves: every trial thin, infeasible ones dashed red, the best few brought forward."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import altair as alt

from ..analyze.curves import Curve, Curves
from .layers import HEIGHT, RAIL, Row, drawn, rail, rows, stacked, thinned
from .scales import Measure, number
from .theme import DASHES, SHAPES

_TOOLTIP: Final = (alt.Tooltip("trial:N"),)
_PLACES: Final = ("best", "2nd best", "3rd best", "4th best", "5th best")


def draw(result: Curves, *, max_rows: int = 6000) -> alt.LayerChart:
    """One metric of every trial against the step; of many, as many as `max_rows` points allow.

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
    x = alt.X("step:Q", axis=alt.Axis(title="step", format="~s", grid=False), scale=_steps(result))
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
    ]
    note = drawn(len(forward) + len(rest) + len(broken), len(result.curves))
    return stacked(layers, measure.title, height=HEIGHT + 20, note=note)


def caption(result: Curves) -> str:
    """Which trials are brought forward and where they end, and how many are infeasible.

    Source: C5.
    """
    broken = [curve for curve in result.curves if curve.infeasible]
    trials = f"{len(result.curves):,} trial{'' if len(result.curves) == 1 else 's'}"
    if not result.curves:
        return "No trial has values of it."
    tail = (
        f" Dashed red: {len(broken):,} infeasible of {trials}{_breaks(broken)}." if broken else ""
    )
    ends = [f"trial {curve.trial} at {number(curve.values_P[-1])}" for curve in _forward(result)]
    if not ends:
        return f"{trials}, none feasible.{tail}"
    others = len(result.curves) - len(broken) - len(ends)
    grey = f"; grey: the other {others:,} feasible ones" if others else ""
    return f"The best by the objective end here: {_listed(ends)}{grey}.{tail}"


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


def _rises(forward: Sequence[Curve]) -> bool:
    """Whether the best curve rises, so that its high end is what matters."""
    return any(curve.values_P[-1] > curve.values_P[0] for curve in forward[:1])


def _steps(result: Curves) -> alt.Scale:
    last = max((curve.steps_P[-1] for curve in result.curves if curve.steps_P), default=1)
    return alt.Scale(domain=[0, last], nice=False, padding=0)


def _named(curve: Curve) -> str:
    return f"{curve.trial} ({curve.reason or curve.status})"


def _breaks(broken: Sequence[Curve]) -> str:
    steps = sorted(_end(curve)["step"] for curve in broken)
    where = (
        f"step {steps[0]:,}" if steps[0] == steps[-1] else f"steps {steps[0]:,} to {steps[-1]:,}"
    )
    return f", which broke at {where}"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
