"""The families of a population: every trial thin, the line that led to the best brought forward."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ..analyze.summaries.lineage import Change, Lineage, Stretch
from ..wording import join, number, quantity
from .curve_lines import TOOLTIP, Point, edge_layers, edge_rows, line_layer, line_rows, step_axis
from .layers import TALL_HEIGHT, Row, chart_of, even_subset, layer_chart, marking
from .scales import MetricAxis, beyond_note, value_label


def draw(result: Lineage, *, max_rows: int = 6000) -> alt.LayerChart:
    """The metric against the step: forks begin where their parents stood.

    Source: W4, C5.
    """
    best = [curve for curve in result.stretches if curve.trial in result.best]
    others = [curve for curve in result.stretches if curve.trial not in result.best]
    others = [curve for curve in others if curve.steps_P]
    longest = max((len(curve.steps_P) for curve in others), default=1)
    others = even_subset(others, max(1, max_rows // longest))
    values = [value for curve in (*best, *others) for value in curve.values_P]
    metric_axis = MetricAxis(result.metric, values, result.maximize)
    y = metric_axis.y("value", [TALL_HEIGHT, 0])
    ends = [curve.steps_P[-1] for curve in (*best, *others) if curve.steps_P]
    x = step_axis(max(ends, default=1))
    forks = [
        {"trial": curve.trial, "step": curve.steps_P[0], "value": curve.values_P[0]}
        for curve in best
        if curve.parent is not None and curve.steps_P
    ]
    edges = [
        row
        for curve in (*best, *others)
        for row in edge_rows(curve.trial, _points(curve), metric_axis)
    ]
    layers = [
        *line_layer(_rows(others, metric_axis), "rest-line", x, y),
        *line_layer(_rows(best, metric_axis), "lead-line", x, y),
        chart_of(forks)
        .mark_point(style="fork", size=40)
        .encode(x=x, y=y, tooltip=list(TOOLTIP), **marking(size=90)),
        *edge_layers(edges, x, y),
    ]
    note = beyond_note(len({row["trial"] for row in edges}), "curve")
    return layer_chart(layers, metric_axis.title, height=TALL_HEIGHT, note=note)


def caption(result: Lineage) -> str:
    """How many forks there are, the ends of the best line, and its first change.

    Source: W4.
    """
    members = len(result.stretches) - result.forks
    begin = f"{quantity(members, 'member')} and {quantity(result.forks, 'fork')}"
    if result.value is None:
        return f"{begin}; none has a value that counts."
    first, last = result.best[0], result.best[-1]
    line = f"from trial {first} to trial {last}" if first != last else f"in trial {first}"
    changes = result.schedule[1:]
    more = f" and {quantity(len(changes) - 1, 'more change')}" if len(changes) > 1 else ""
    tail = f", {_change_text(changes[0])}{more}" if changes else ""
    return f"{begin}; the best, {number(result.value)}, came {line}{tail}."


def _change_text(change: Change) -> str:
    values = [f"{name} = {value_label(value)}" for name, value in change.values.items()]
    return f"after {quantity(change.updates, 'step')} with {join(values, most=2)}"


def _points(curve: Stretch) -> list[Point]:
    return list(zip(curve.steps_P, curve.values_P, strict=True))


def _rows(curves: Sequence[Stretch], axis: MetricAxis) -> list[Row]:
    return [row for curve in curves for row in line_rows(curve.trial, _points(curve), axis)]
