"""The throughput against the batch size, with its intervals and the useful size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import altair as alt

from ..wording import chart_number
from .layers import Row, chart_of, dashed_lines, layer_chart


@final
@dataclass(frozen=True, kw_only=True)
class SizeRow:
    """The throughput of one batch size, with the ends of its interval where they are known."""

    size: int
    mean: float
    low: float | None
    high: float | None


def draw(name: str, rows: Sequence[SizeRow], useful: int | None) -> alt.LayerChart:
    """A line through the throughput, a bar for each interval, a rule at the useful size.

    Source: S4, S6.
    """
    x = alt.X("x:Q", title=name, scale=alt.Scale(type="log", base=2))
    y = alt.Y("value:Q", title="examples/s", scale=alt.Scale(type="log"))
    points: list[Row] = [{"x": one.size, "value": one.mean, "label": "measured"} for one in rows]
    tooltip = [alt.Tooltip("x:Q", title=name), alt.Tooltip("value:Q", title="examples/s")]
    ends: list[Row] = [
        {"x": one.size, "value": one.low, "value2": one.high}
        for one in rows
        if one.low is not None and one.high is not None
    ]
    layers = list(dashed_lines([points], x, y, tooltip))
    if ends:
        bars = chart_of(ends).mark_rule(style="interval")
        layers.append(bars.encode(x=x, y=y, y2=alt.Y2("value2:Q")))
    if useful is not None:
        layers.append(chart_of([{"x": useful}]).mark_rule(strokeDash=[3, 3]).encode(x=x))
    return layer_chart(layers, "examples/s", note="bars: 95 %; dashed: the largest useful size")


def caption(name: str, rows: Sequence[SizeRow], useful: int | None) -> str:
    """The useful size and its throughput.

    Source: S6.
    """
    mean = next((one.mean for one in rows if one.size == useful), None)
    if mean is None:
        return f"Where the throughput stops growing with {name} is not told."
    return f"The throughput grows up to {name} = {useful:,}: {chart_number(mean)} examples/s."
