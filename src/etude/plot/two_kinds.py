"""Bars of two kinds of trials beside each other along a share of something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from .histogram import BARS, shares
from .layers import Row, rows, stacked


def beside(
    kinds: Mapping[str, Sequence[float]],
    shades: Sequence[tuple[float, float]],
    *,
    title: str,
    note: str,
) -> alt.LayerChart:
    """How many trials of each kind lie in each bin of a share from 0 to 1.

    `kinds` holds their shares by the style of their bars, the first on the left of each bin.
    """
    axis = alt.Axis(title=title, format=".0%", grid=False, tickCount=5)
    x = alt.X("from:Q", axis=axis, scale=alt.Scale(domain=[0, 1], nice=False))
    up = alt.Y("trials:Q", axis=alt.Axis(title=None, tickMinStep=1, tickCount=4))
    tooltip = [alt.Tooltip("where:N", title="at"), alt.Tooltip("trials:Q")]
    shaded = rows([{"from": low, "to": high} for low, high in shades]).mark_rect(style="outside")
    layers = [shaded.encode(x=x, x2="to:Q")]
    for place, (style, values) in enumerate(kinds.items()):
        if not len(values):
            continue
        found = [_part(one, place, len(kinds)) for one in shares(values, title)]
        bars: Any = rows(found).mark_bar(style=style, binSpacing=1)
        layers.append(bars.encode(x=x, x2="to:Q", y=up, y2=alt.datum(0), tooltip=tooltip))
    return stacked(layers, "trials", height=BARS, note=note)


def _part(row: Row, place: int, kinds: int) -> Row:
    """One kind's part of a bin."""
    width = (row["to"] - row["from"]) / kinds
    begin = row["from"] + place * width
    return {**row, "from": round(begin, 4), "to": round(begin + width, 4)}
