"""Histograms of trials over a share from 0 to 1, of one kind or of several beside each other.

Behind the bars, stretches of the share may be shaded: those that a check judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from .layers import SMALL_HEIGHT, Row, chart_of, layer_chart
from .scales import integer_ticks

Shades = Sequence[tuple[float, float]]
# Of so few trials each number has its tick.
_FEW = 4


def histogram(shares: Sequence[float], shades: Shades, *, title: str, note: str) -> alt.LayerChart:
    """How many trials lie in each bin of a share of the steps."""
    return _bar_chart({"box": shares}, shades, title=title, of="steps", note=note)


def paired_bars(
    shares_by_style: Mapping[str, Sequence[float]], shades: Shades, *, title: str, note: str
) -> alt.LayerChart:
    """How many trials of each kind lie in each bin of the share that the title names.

    `shares_by_style` holds the kinds by the style of their bars, the first on the left of each bin.
    """
    return _bar_chart(shares_by_style, shades, title=title, of=title, note=note)


def bin_rows(shares: Sequence[float], of: str, *, bins: int = 20) -> list[Row]:
    """How many of the shares lie in each of the bins, empty ones left out; `of` names the whole."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    counts, _ = np.histogram(np.clip(shares, 0.0, 1.0), edges)
    return [
        {
            "from": round(float(low), 4),
            "to": round(float(high), 4),
            "trials": int(count),
            "where": f"{low:.0%} to {high:.0%} of the {of}",
        }
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        if count
    ]


def _bar_chart(
    shares_by_style: Mapping[str, Sequence[float]],
    shades: Shades,
    *,
    title: str,
    of: str,
    note: str,
) -> alt.LayerChart:
    axis = alt.Axis(title=title, format=".0%", grid=False, tickCount=5)
    x = alt.X("from:Q", axis=axis, scale=alt.Scale(domain=[0, 1], nice=False))
    x2 = alt.X2("to:Q")
    bars_by_style = {style: bin_rows(shares, of) for style, shares in shares_by_style.items()}
    most = max((row["trials"] for rows in bars_by_style.values() for row in rows), default=1)
    counts = integer_ticks(0, most) if most <= _FEW else {"tickMinStep": 1, "tickCount": 4}
    y = alt.Y("trials:Q", axis=alt.Axis(title=None, format="d", **counts))
    tooltip = [alt.Tooltip("where:N", title="at"), alt.Tooltip("trials:Q")]
    shaded = chart_of([{"from": low, "to": high} for low, high in shades])
    layers = [shaded.mark_rect(style="outside").encode(x=x, x2=x2)]
    for place, (style, counted) in enumerate(bars_by_style.items()):
        if counted:
            rows = [_kind_bar(row, place, len(bars_by_style)) for row in counted]
            bars: Any = chart_of(rows).mark_bar(style=style, binSpacing=1)
            layers.append(bars.encode(x=x, x2=x2, y=y, y2=alt.Y2Datum(0), tooltip=tooltip))
    return layer_chart(layers, "trials", height=SMALL_HEIGHT, note=note)


def _kind_bar(row: Row, place: int, kinds: int) -> Row:
    """The bar of one kind: its part of the width of a bin."""
    width = (row["to"] - row["from"]) / kinds
    begin = row["from"] + place * width
    return {**row, "from": round(begin, 4), "to": round(begin + width, 4)}
