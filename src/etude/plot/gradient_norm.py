"""Gradient norms over all steps of a study: a histogram, with the norm where clipping begins.

Axes: T trials, Q quantiles.
"""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np

from ..analyze.checks.gradient_norm import GradientNorm
from ..wording import chart_number, number, percent, quantity
from .layers import SMALL_HEIGHT, Row, chart_of, layer_chart
from .scales import limits, log_ticks

BINS = 40
# Shares are rounded, each a little.
_ROUNDING = 1e-4 * BINS


def draw(result: GradientNorm) -> alt.LayerChart:
    """The share of all steps with a norm of each size, every trial counted alike.

    Source: D5, D9.
    """
    rows = _bin_rows(result)
    beyond = 1.0 - sum(row["share"] for row in rows)
    note = f"{percent(beyond)} of the steps beyond the axis" if beyond > _ROUNDING else ""
    if not rows or result.threshold is None:
        empty = chart_of([]).mark_bar(style="box").encode(x=alt.X("from:Q", title="grad_norm"))
        return layer_chart([empty], "share of the steps", height=SMALL_HEIGHT)
    low, high = rows[0]["from"], rows[-1]["to"]
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    axis = alt.Axis(
        title="grad_norm (log scale)", values=log_ticks(low, high), grid=False, format="~g"
    )
    x = alt.X("from:Q", axis=axis, scale=scale)
    y = alt.Y("share:Q", axis=alt.Axis(title=None, format=".0%", tickCount=4))
    tooltip = [alt.Tooltip("norm:N"), alt.Tooltip("share:Q", format=".1%")]
    bars: Any = chart_of(rows).mark_bar(style="box", binSpacing=0)
    rule = chart_of([{"from": result.threshold, "norm": chart_number(result.threshold)}])
    return layer_chart(
        [
            bars.encode(x=x, x2=alt.X2("to:Q"), y=y, y2=alt.Y2Datum(0), tooltip=tooltip),
            rule.mark_rule(style="bound").encode(x=x, tooltip=tooltip[:1]),
        ],
        "share of the steps",
        height=SMALL_HEIGHT,
        note=note,
    )


def has_marks(result: GradientNorm) -> bool:
    """Whether there is anything to draw."""
    return result.threshold is not None and bool(_bin_rows(result))


def caption(result: GradientNorm) -> str:
    """The median, where clipping would begin, and how many trials it would clip too often.

    Source: D5, D9, D10.
    """
    logged = sum(bool(trial.quantiles_Q) for trial in result.trials)
    if result.threshold is None or result.median is None:
        return "No trial logged enough gradient norms."
    percentile = f"{100 * result.thresholds.percentile:.0f}th percentile"
    often = quantity(len(result.too_often), "trial")
    tail = f", for {often} on more than half of the steps" if result.too_often else ""
    return (
        f"Gradient norms of {quantity(logged, 'trial')}; dashed: the {percentile}, "
        f"{number(result.threshold, 2)}, where clipping would begin{tail}."
    )


def _bin_rows(result: GradientNorm) -> list[Row]:
    pooled_TxQ = np.array([trial.quantiles_Q for trial in result.trials if trial.quantiles_Q])
    positive = pooled_TxQ[pooled_TxQ > 0.0]
    if not len(positive):
        return []
    ends_of_axis = limits(positive.tolist(), logarithmic=True)
    low, high = math.log10(ends_of_axis[0]), math.log10(ends_of_axis[1])
    if high - low < 0.1:
        low, high = low - 0.05, high + 0.05
    counts, edges = np.histogram(np.log10(positive), np.linspace(low, high, BINS + 1))
    ends = [float(f"{10.0**edge:.6g}") for edge in edges]
    return [
        {
            "from": begin,
            "to": end,
            "share": round(float(count) / pooled_TxQ.size, 5),
            "norm": f"{chart_number(begin)} to {chart_number(end)}",
        }
        for begin, end, count in zip(ends[:-1], ends[1:], counts.tolist(), strict=True)
        if count or begin == ends[0] or math.isclose(end, ends[-1])
    ]
