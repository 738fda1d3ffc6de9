"""One strip for each hyperparameter, from bound to bound: all axes of a study at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import altair as alt

from .layers import Row, rows, stacked

Align: TypeAlias = Literal["left", "right"]

# Pixels of a strip, and of what is drawn on it.
STRIP: Final = 60
BAR: Final = 20
# Beside each end: as wide as a bound of four digits with an exponent and the word next to it.
_ROOM: Final = 92
# The name stands above its strip, clear of the bounds however long all three are.
_ABOVE: Final = 19


def across(field: str = "x") -> alt.X:
    """The way along a strip, 0 at its lower bound, 1 at its upper one."""
    scale = alt.Scale(domain=[0, 1], padding=_ROOM, nice=False, zero=False, clamp=True)
    return alt.X(f"{field}:Q", scale=scale, axis=None)


def down(names: Sequence[str]) -> alt.Y:
    """Which strip, by the name of the hyperparameter."""
    # The order stands in the domain: as `sort`, Vega would put the names into expressions.
    scale = alt.Scale(type="point", padding=0.5, domain=list(names))
    return alt.Y("name:N", sort=None, axis=None, scale=scale)


def bars(
    found: Sequence[Row], names: Sequence[str], style: str, tooltip: Sequence[alt.Tooltip] = ()
) -> alt.Chart:
    """Stretches of strips from `x` to `x2`."""
    marks = rows(found).mark_bar(style=style, size=BAR)
    chart: alt.Chart = marks.encode(x=across(), x2="x2:Q", y=down(names), tooltip=list(tooltip))
    return chart


def _words(found: Sequence[Row], names: Sequence[str], align: Align) -> alt.Chart:
    dx = 8 if align == "left" else -8
    marks = rows(found).mark_text(style="bound", align=align, baseline="middle", dx=dx, limit=_ROOM)
    chart: alt.Chart = marks.encode(x=across(), y=down(names), text="text:N")
    return chart


def lines(names: Sequence[str]) -> alt.Chart:
    """A line for each strip."""
    marks = rows([{"name": name, "x": 0.0, "x2": 1.0} for name in names]).mark_rule(style="bound")
    chart: alt.Chart = marks.encode(x=across(), x2="x2:Q", y=down(names))
    return chart


def ends(labels: Mapping[str, tuple[str, str]]) -> list[alt.Chart]:
    """What stands above, before and behind each strip: its name and its two labels."""
    names = list(labels)
    low = [{"name": name, "x": 0.0, "text": text} for name, (text, _) in labels.items()]
    high = [{"name": name, "x": 1.0, "text": text} for name, (_, text) in labels.items()]
    return [_names(names), _words(low, names, "right"), _words(high, names, "left")]


def _names(names: Sequence[str]) -> alt.Chart:
    found = rows([{"name": name} for name in names])
    marks = found.mark_text(style="name", align="left", baseline="middle", dy=-_ABOVE)
    chart: alt.Chart = marks.encode(x=alt.value(0), y=down(names), text="name:N")
    return chart


def strips(layers: Sequence[alt.Chart], count: int, title: str, note: str = "") -> alt.LayerChart:
    """The layers as one chart, as high as so many strips."""
    return stacked(layers, title, height=STRIP * max(count, 1), note=note)
