"""What the charts are put together from: layers with their data inline, and the rail of crosses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import altair as alt
from altair.utils.schemapi import debug_mode

HEIGHT = 230
# Infeasible trials have no value that counts: they stand on a rail above the plot, this many
# pixels high.
RAIL = 32
# Where there is nothing but the rail, the plot is no higher than that.
ONLY_RAIL = RAIL + 8
CROSS = "M-1,-1L1,1M-1,1L1,-1"

Row = dict[str, Any]
One = TypeVar("One")


def rows(values: Sequence[Row]) -> alt.Chart:
    """A chart of these rows, their data inline."""
    # To check each row against Altair's schema takes longer than all the rest of a chart.
    with debug_mode(arg=False):
        return alt.Chart(alt.InlineData(values=list(values)))


def stacked(
    layers: Sequence[alt.Chart], title: str, *, height: int = HEIGHT, note: str = ""
) -> alt.LayerChart:
    """The layers as one chart as wide as its place, with what is measured, and a note, above."""
    return alt.LayerChart(
        layer=list(layers),
        width="container",
        height=height,
        title=alt.TitleParams(text=title, subtitle=note or alt.Undefined),
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )


def rail(crosses: Sequence[Row], x: alt.X, tooltip: Sequence[alt.Tooltip]) -> list[alt.Chart]:
    """Red crosses above the plot, one for each row, and a word that says what they are."""
    if not crosses:
        return []
    marks = rows(crosses).mark_point(shape=CROSS, style="infeasible", size=20)
    word = rows([{}]).mark_text(style="infeasible-label", align="left", baseline="top")
    line = rows([{}]).mark_rule(style="rail")
    return [
        line.encode(y=alt.value(RAIL - 12), x=alt.value(0), x2=alt.value("width")),
        marks.encode(x=x, y=alt.value(RAIL - 12), tooltip=list(tooltip)),
        word.encode(x=alt.value(16), y=alt.value(-1), text=alt.value("infeasible")),
    ]


def drawn(shown: int, known: int) -> str:
    """A note on how many of the trials a chart shows; empty where it shows them all."""
    return "" if shown >= known else f"{shown:,} of {known:,} trials drawn"


def thinned(found: Sequence[One], most: int) -> list[One]:
    """At most `most` of them, evenly spread over their order, the first and the last among them."""
    if len(found) <= most:
        return list(found)
    if most <= 1:
        return list(found[:most])
    step = (len(found) - 1) / (most - 1)
    return [found[round(index * step)] for index in range(most)]
