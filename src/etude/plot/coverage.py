"""How densely the good region of every axis was sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import altair as alt

from ..analyze.checks.coverage import AxisCoverage, Coverage
from ..wording import quantity
from .layers import Row, chart_of, count_note, even_subset
from .scales import value_label
from .strips import (
    BAR,
    strip_bars,
    strip_labels,
    strip_lines,
    strip_x,
    strip_y,
    strips_chart,
)

MAX_ROWS: Final = 2000


def draw(result: Coverage, *, max_rows: int = MAX_ROWS) -> alt.LayerChart:
    """A strip for each hyperparameter: every feasible trial, the good ones and their gap marked.

    Source: C2.
    """
    names = [axis.hyperparameter for axis in result.axes]
    good_count = len(result.good)
    most = max(max_rows // max(len(names), 1), 1)
    good = {axis.hyperparameter: even_subset(axis.units[:good_count], most) for axis in result.axes}
    rest = {axis.hyperparameter: even_subset(axis.units[good_count:], most) for axis in result.axes}
    labels = {axis.hyperparameter: _end_labels(axis) for axis in result.axes}
    regions = [_good_region(axis, good_count) for axis in result.axes]
    layers = [
        strip_bars(regions, names, "box"),
        strip_lines(names),
        *strip_labels(labels),
        _tick_layer(rest, names, "rest-tick"),
        _tick_layer(good, names, "median"),
    ]
    ticks = sum(len(units) for shares in (rest, good) for units in shares.values())
    note = count_note(ticks // len(names), result.feasible) if names else ""
    return strips_chart(layers, len(names), "feasible trials on every axis", note)


def has_marks(result: Coverage) -> bool:
    """Whether there is anything to draw."""
    return any(len(axis.units) for axis in result.axes)


def caption(result: Coverage) -> str:
    """How many trials are good, and what more of them would bring.

    Source: C2, Q10.
    """
    if result.reason and result.status == "ok":
        return f"How densely the good region was sampled is no question: {result.reason}."
    if result.reason:
        return f"How densely the good region was sampled is unclear: {result.reason}."
    criterion = "the best tenth"
    if result.noise is not None:
        criterion = "as good as the best but for chance"
    good = quantity(len(result.good), result.counted)
    usual = f"; {quantity(result.needed, result.counted)} are usual for so many hyperparameters"
    return (
        f"Marked: {good} of {result.feasible:,} feasible, {criterion}, and the stretch that they "
        f"span{usual}."
    )


def _tick_layer(
    units: Mapping[str, Sequence[float]], names: Sequence[str], style: str
) -> alt.Chart:
    rows = [{"name": name, "x": unit} for name in units for unit in units[name]]
    marks = chart_of(rows).mark_tick(style=style, orient="vertical", size=BAR, thickness=1.5)
    layer: alt.Chart = marks.encode(x=strip_x(), y=strip_y(names))
    return layer


def _end_labels(axis: AxisCoverage) -> tuple[str, str]:
    low, high = axis.bounds
    return value_label(low), value_label(high)


def _good_region(axis: AxisCoverage, good_count: int) -> Row:
    good = axis.units[:good_count]
    return {"name": axis.hyperparameter, "x": min(good), "x2": max(good)}
