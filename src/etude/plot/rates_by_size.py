"""Losses against the rate, a line a size, the best rate of each with its interval."""

from __future__ import annotations

import math
from statistics import fmean

import altair as alt

from ..analyze.summaries.rates_by_size import RatesBySize, SizeRate
from ..experiment.objective import Objective
from ..space import Real
from ..wording import chart_number, conjunction
from .layers import HEIGHT, Row, chart_of, constant, dashed_lines, layer_chart
from .scales import MetricAxis, domain_axis
from .theme import DASHES


def draw(result: RatesBySize) -> alt.LayerChart:
    """The mean of each rate, a line a size; a rule at each best rate, its interval below.

    Source: S17.
    """
    lines = [_rows(result, size) for size in result.sizes[: len(DASHES)]]
    rates = [row["x"] for line in lines for row in line] or [0.1, 1.0]
    low, high = min(rates), max(rates)
    x = domain_axis(result.rate, Real(low, high if high > low else 2 * low, log=True))
    values = [row["value"] for line in lines for row in line]
    axis = MetricAxis(result.metric, values, result.maximize)
    y = axis.y("value", [HEIGHT - 24, 0])
    tooltip = [alt.Tooltip("label:N", title=result.name), alt.Tooltip("x:Q", title=result.rate)]
    layers = [
        *dashed_lines([line for line in lines if line], x, y, tooltip),
        *_intervals(result, x),
    ]
    empty = [chart_of([]).mark_line(style="best-line").encode(x=x)]
    return layer_chart(layers or empty, axis.title, note="bars: where the best rate lies, 95 %")


def caption(result: RatesBySize) -> str:
    """The best rate of each size, and whether it moved.

    Source: S17.
    """
    best = [
        f"{chart_number(one.best)} at {result.name} = {one.size}"
        for one in result.sizes
        if one.best is not None
    ]
    words = {True: "it moved", False: "it did not move", None: "whether it moved is not told"}
    if not best:
        return "No size trains at any rate."
    return f"The best {result.rate} is {conjunction(best)}: {words[result.moved]}."


def _rows(result: RatesBySize, size: SizeRate) -> list[Row]:
    loss = Objective(result.metric, result.maximize).loss
    return [
        {"label": f"{result.name} = {size.size}", "x": rate, "value": loss(fmean(losses))}
        for rate, losses in sorted(size.losses.items())
        if losses and all(map(math.isfinite, losses))
    ]


def _intervals(result: RatesBySize, x: alt.X) -> list[alt.Chart]:
    layers = []
    for place, size in enumerate(result.sizes[: len(DASHES)]):
        if size.low is None or size.high is None:
            continue
        row: Row = {"x": size.low, "x2": size.high, "label": f"{result.name} = {size.size}"}
        y = constant("y", HEIGHT - 6 - 5 * place)
        color = alt.Color("label:N", title=None)
        mark = chart_of([row]).mark_rule(style="interval")
        layers.append(mark.encode(x=x, x2=alt.X2("x2:Q"), y=y, color=color))
    return layers
