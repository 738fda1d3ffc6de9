"""One strip for each hyperparameter, from bound to bound: all axes of a study at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import altair as alt

from .layers import Row, chart_of, constant, layer_chart

Align: TypeAlias = Literal["left", "right"]

# Pixels of a strip, and of what is drawn on it.
STRIP: Final = 60
BAR: Final = 20
# Beside each end: as wide as a bound of four digits with an exponent and the word next to it.
_ROOM: Final = 92
# The name stands above its strip, clear of the bounds however long all three are.
_ABOVE: Final = 19


def strip_x(field: str = "x") -> alt.X:
    """The x axis along a strip, 0 at its lower bound, 1 at its upper one."""
    scale = alt.Scale(domain=[0, 1], padding=_ROOM, nice=False, zero=False, clamp=True)
    return alt.X(f"{field}:Q", scale=scale, axis=None)


def strip_y(names: Sequence[str]) -> alt.Y:
    """The y axis over the strips, by the names of their hyperparameters."""
    # The order stands in the domain: as `sort`, Vega would put the names into expressions.
    scale = alt.Scale(type="point", padding=0.5, domain=list(names))
    return alt.Y("name:N", sort=None, axis=None, scale=scale)


def strip_bars(
    rows: Sequence[Row], names: Sequence[str], style: str, tooltip: Sequence[alt.Tooltip] = ()
) -> alt.Chart:
    """Bars on strips, each from `x` to `x2`."""
    marks = chart_of(rows).mark_bar(style=style, size=BAR)
    layer: alt.Chart = marks.encode(
        x=strip_x(), x2=alt.X2("x2:Q"), y=strip_y(names), tooltip=list(tooltip)
    )
    return layer


def strip_lines(names: Sequence[str]) -> alt.Chart:
    """A line for each strip."""
    rows = [{"name": name, "x": 0.0, "x2": 1.0} for name in names]
    marks = chart_of(rows).mark_rule(style="bound")
    layer: alt.Chart = marks.encode(x=strip_x(), x2=alt.X2("x2:Q"), y=strip_y(names))
    return layer


def strip_labels(labels: Mapping[str, tuple[str, str]]) -> list[alt.Chart]:
    """The texts above, before and behind each strip: its name and the labels of its two ends."""
    names = list(labels)
    low = [{"name": name, "x": 0.0, "text": text} for name, (text, _) in labels.items()]
    high = [{"name": name, "x": 1.0, "text": text} for name, (_, text) in labels.items()]
    return [_name_labels(names), _end_labels(low, names, "right"), _end_labels(high, names, "left")]


def strips_chart(
    layers: Sequence[alt.Chart], count: int, title: str, note: str = ""
) -> alt.LayerChart:
    """The layers as one chart, as high as so many strips."""
    return layer_chart(layers, title, height=STRIP * max(count, 1), note=note)


def _name_labels(names: Sequence[str]) -> alt.Chart:
    marks = chart_of([{"name": name} for name in names]).mark_text(
        style="name", align="left", baseline="middle", dy=-_ABOVE
    )
    layer: alt.Chart = marks.encode(x=constant("x", 0), y=strip_y(names), text=alt.Text("name:N"))
    return layer


def _end_labels(rows: Sequence[Row], names: Sequence[str], align: Align) -> alt.Chart:
    dx = 8 if align == "left" else -8
    marks = chart_of(rows).mark_text(
        style="bound", align=align, baseline="middle", dx=dx, limit=_ROOM
    )
    layer: alt.Chart = marks.encode(x=strip_x(), y=strip_y(names), text=alt.Text("text:N"))
    return layer
