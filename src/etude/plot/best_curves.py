"""The curve of the best trial of each study in one chart: a colour, a dash and a shape a study."""

from __future__ import annotations

from typing import Final

import altair as alt

from ..analyze.summaries.learning_curves import BestCurves, StudyCurve
from ..wording import quantity
from .curve_lines import (
    BestLine,
    Point,
    best_layers,
    edge_layers,
    edge_rows,
    line_layer,
    line_rows,
    step_axis,
)
from .layers import TALL_HEIGHT, layer_chart, notes, short_names
from .scales import MetricAxis, beyond_note
from .theme import DASHES

# So many studies are told apart; those behind them are grey.
COLORED: Final = len(DASHES)
_LABEL: Final = 30


def draw(result: BestCurves, *, max_steps: int = 0, max_rows: int = 6000) -> alt.LayerChart:
    """The best trial of each study against the step, the best few studies in colour.

    Source: C5, C12.
    """
    length = max((len(one.curve.steps_P) for one in result.curves), default=1)
    shown = result.curves[: max(COLORED, max_rows // max(1, length))]
    points = {one.curve.trial: _points(one) for one in shown}
    values = [value for line in points.values() for _, value in line]
    axis = MetricAxis(result.metric, values, result.maximize)
    last = max((step for line in points.values() for step, _ in line), default=1)
    x, y = step_axis(max(max_steps - 1, last)), axis.y("value", [TALL_HEIGHT, 0])
    short = short_names([one.study for one in result.curves])
    lines = [
        BestLine(_label(short[one.study], one), one.curve.trial, _points(one), one.curve.smooth_M)
        for one in shown[:COLORED]
    ]
    others = [one.curve.trial for one in shown[COLORED:]]
    rest = [row for trial in others for row in line_rows(trial, points[trial], axis)]
    edges = [row for trial, line in points.items() for row in edge_rows(trial, line, axis)]
    layers = [
        *line_layer(rest, "rest-line", x, y),
        *best_layers(lines, axis, x, y),
        *edge_layers(edges, x, y),
    ]
    grey = f"grey: {quantity(len(others), 'more study', 'more studies')}" if others else ""
    note = notes(grey, beyond_note(len({row["trial"] for row in edges}), "curve"))
    return layer_chart(layers, axis.title, height=TALL_HEIGHT, note=note)


def caption(result: BestCurves) -> str:
    """What each line stands for.

    Source: C5, C12.
    """
    noisy = any(one.curve.smooth_M for one in result.curves[:COLORED])
    medians = ", as a running median over its faint values" if noisy else ""
    colored = f"the best {COLORED} studies" if len(result.curves) > COLORED else "each study"
    return f"The best trial of {colored} while it trained{medians}."


def _label(name: str, one: StudyCurve) -> str:
    """A study and its trial, the name cut in its middle, where long names seldom differ."""
    if len(name) > _LABEL:
        half = _LABEL // 2 - 1
        name = f"{name[:half]}…{name[-half:]}"
    return f"{name}, trial {one.curve.trial}"


def _points(one: StudyCurve) -> list[Point]:
    return list(zip(one.curve.steps_P, one.curve.values_P, strict=True))
