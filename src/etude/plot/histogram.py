"""Bars of two kinds of trials beside each other along a share of something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from .layers import Row, rows, stacked


def paired_bars(
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


BARS = 180


def shares(values: Sequence[float], title: str, *, bins: int = 20) -> list[Row]:
    """How many of the values, shares from 0 to 1, lie in each of the bins; `title` names them."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    counts, _ = np.histogram(np.clip(values, 0.0, 1.0), edges)
    return [
        {
            "from": round(float(low), 4),
            "to": round(float(high), 4),
            "trials": int(count),
            "where": f"{low:.0%} to {high:.0%} of the {title}",
        }
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        if count
    ]


def of_steps(
    found: Sequence[Row], shades: Sequence[tuple[float, float]], *, title: str, note: str
) -> alt.LayerChart:
    """Bars of trials along the share of the steps done, stretches of it shaded."""
    axis = alt.Axis(title=title, format=".0%", grid=False, tickCount=5)
    x = alt.X("from:Q", axis=axis, scale=alt.Scale(domain=[0, 1], nice=False))
    up = alt.Axis(title=None, tickMinStep=1, tickCount=4)
    tooltip = [alt.Tooltip("where:N", title="at"), alt.Tooltip("trials:Q")]
    shaded = rows([{"from": low, "to": high} for low, high in shades]).mark_rect(style="outside")
    bars: Any = rows(found).mark_bar(style="box", binSpacing=1)
    layers = [shaded.encode(x=x, x2="to:Q")]
    if found:
        y = alt.Y("trials:Q", axis=up)
        layers.append(bars.encode(x=x, x2="to:Q", y=y, y2=alt.datum(0), tooltip=tooltip))
    return stacked(layers, "trials", height=BARS, note=note)
