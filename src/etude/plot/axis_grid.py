"""The objective along the hyperparameters of several studies: a row an axis, a column a study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import altair as alt

from ..analyze.summaries.axis import Axis, AxisGrid, AxisPoint
from ..space import Choice, Domain
from ..wording import chart_number, quantity
from .axis import ranked
from .layers import (
    CROSS,
    Row,
    chart_of,
    count_note,
    edge_marks,
    even_subset,
    jitter,
    layer_chart,
    marking,
    notes,
    short_names,
)
from .scales import MetricAxis, beyond_note, domain_ticks, tick_label

BEST: Final = 3
# Pixels: left of the first column for the numbers of the metric, and the least width of a column.
_LEFT: Final = 56
COLUMN: Final = 150
# Pixels of the parts of a row, from its top: name, study, rail of crosses, plot, numbers, room.
_NAME, _STUDY, _RAIL, _PLOT, _TICKS, _ROOM = 20, 16, 18, 92, 20, 10
# Shares of a column: the gap on either side, and of a panel: from its edge to a bound.
_GAP, _INSET = 0.025, 0.04
# So much of the place of a value of a list do its trials take.
_SPREAD = 0.6
# Heuristic: more marks than this take a browser a second.
_MAX_MARKS: Final = 8000
_TOOLTIP: Final = (alt.Tooltip("trial:Q"),)


def draw(result: AxisGrid, *, max_rows: int = _MAX_MARKS) -> alt.LayerChart:
    """Every ended trial along each hyperparameter, the best few of a study numbered.

    All panels share the axis of the metric; in a row with one range they share that too. Infeasible
    trials are crosses on a rail above their panel.

    Source: C1, C13.
    """
    panels = list(_panels(result))
    most = min(max_rows, _MAX_MARKS) // max(1, len(panels))
    axis = MetricAxis(result.metric, result.values, result.maximize)
    marks = [_marks(panel, axis, most) for panel in panels]
    height = max((panel.bottom for panel in panels), default=0) + _TICKS
    x, y = _x(len(result.columns)), _y(height)
    layers = [
        *_frames(panels, axis, x, y),
        *_texts(result, panels, axis, x, y),
        *_mark_layers(marks, x, y),
    ]
    beyond = {row["trial"] for one in marks for row in (*one.low, *one.high)}
    known = {point.trial for panel in panels for point in panel.axis.points}
    shown = {row["trial"] for one in marks for row in one.rows}
    note = notes(count_note(len(shown), len(known)), beyond_note(len(beyond), "trial"))
    return layer_chart(layers, axis.oriented_title, height=height, note=note)


def caption(result: AxisGrid) -> str:
    """What points, numbers and crosses stand for.

    Source: C1, C13.
    """
    points = [point for panel in _panels(result) for point in panel.axis.points]
    crosses = any(point.status == "infeasible" for point in points)
    red = ", crosses are infeasible trials" if crosses else ""
    whose = "of each study " if len(result.columns) > 1 else ""
    if all(point.objective is None for point in points):
        return f"None of {quantity(len({one.trial for one in points}), 'ended trial')} is feasible."
    return f"A point is a trial; numbers rank the best {BEST} {whose}along every axis{red}."


def width(result: AxisGrid) -> int:
    """The least width in pixels at which the numbers of an axis do not touch."""
    return _LEFT + COLUMN * len(result.columns)


@final
@dataclass(frozen=True)
class _Panel:
    """One hyperparameter of one study: its column, and the pixel at which its row begins."""

    axis: Axis
    column: int
    top: int
    has_rail: bool
    has_values: bool
    has_study: bool

    @property
    def rail(self) -> int:
        return self.top + _NAME + _STUDY * self.has_study + _RAIL // 2

    @property
    def plot(self) -> int:
        """The pixel at which the plot begins."""
        return self.top + _NAME + _STUDY * self.has_study + _RAIL * self.has_rail

    @property
    def bottom(self) -> int:
        return self.plot + _PLOT * self.has_values

    def x(self, unit: float) -> float:
        """Where a coordinate of the axis lies, in columns; beyond a bound, in the shade."""
        inside = _INSET + (1 - 2 * _INSET) * min(max(unit, -0.75 * _INSET), 1 + 0.75 * _INSET)
        return round(self.column + _GAP + (1 - 2 * _GAP) * inside, 4)

    def point_x(self, point: AxisPoint) -> float:
        """Where a trial stands; those of one value of a list beside each other."""
        domain = self.axis.domain
        spread = _SPREAD / len(domain.values) if isinstance(domain, Choice) else 0.0
        return self.x(point.unit + spread * jitter(point.trial))

    def y(self, share: float) -> float:
        """Where a share of the axis of the metric lies, in pixels."""
        return round(self.bottom - share * _PLOT, 1)


@final
@dataclass(frozen=True)
class _Marks:
    """The rows of the marks of a panel: beyond its ends `low` and `high`."""

    rest: list[Row]
    best: list[Row]
    crosses: list[Row]
    low: list[Row]
    high: list[Row]

    @cached_property
    def rows(self) -> list[Row]:
        return [*self.rest, *self.best, *self.crosses, *self.low, *self.high]


def _panels(result: AxisGrid) -> Iterator[_Panel]:
    top = 0
    for _, cells in result.rows:
        there = [cell for cell in cells if cell is not None]
        has_rail = any(point.status == "infeasible" for cell in there for point in cell.points)
        row = [
            _Panel(cell, column, top, has_rail, bool(result.values), len(cells) > 1)
            for column, cell in enumerate(cells)
            if cell is not None and cell.points
        ]
        yield from row
        top = row[0].bottom + _TICKS + _ROOM


def _marks(panel: _Panel, axis: MetricAxis, most: int) -> _Marks:
    first = ranked(panel.axis)
    top, others = first[:BEST], even_subset(first[BEST:], max(1, most * 2 // 3))
    broken = [point for point in panel.axis.points if point.status == "infeasible"]
    sides = {point.trial: axis.side(point.objective or 0.0) for point in (*top, *others)}
    rows = {point.trial: _row(panel, point, axis) for point in (*top, *others)}
    return _Marks(
        rest=[rows[point.trial] for point in others if not sides[point.trial]],
        best=[{**rows[one.trial], "rank": place} for place, one in enumerate(top, start=1)],
        crosses=[
            {"trial": one.trial, "x": panel.point_x(one), "y": panel.rail}
            for one in even_subset(broken, max(1, most // 3))
        ],
        low=[_beyond(rows[one.trial], one) for one in others if sides[one.trial] == "low"],
        high=[_beyond(rows[one.trial], one) for one in others if sides[one.trial] == "high"],
    )


def _row(panel: _Panel, point: AxisPoint, axis: MetricAxis) -> Row:
    y = panel.y(axis.share(point.objective or 0.0))
    return {"trial": point.trial, "x": panel.point_x(point), "y": y}


def _beyond(row: Row, point: AxisPoint) -> Row:
    return {**row, "value": chart_number(point.objective or 0.0)}


def _x(columns: int) -> alt.X:
    scale = alt.Scale(
        domain=[0, max(1, columns)], nice=False, zero=False, range=[_LEFT, alt.ExprRef("width")]
    )
    return alt.X("x:Q", axis=None, scale=scale)


def _y(height: int) -> alt.Y:
    """Pixels from the top."""
    scale = alt.Scale(domain=[0, height], nice=False, zero=False, range=[0, height])
    return alt.Y("y:Q", axis=None, scale=scale)


def _frames(panels: Sequence[_Panel], axis: MetricAxis, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The ground of each panel, lines at round values, and shade beyond the bounds."""
    grounds, shades, lines, rails = [], [], [], []
    for panel in panels:
        ends = {"x": panel.x(-1.0), "x2": panel.x(2.0)}
        span = {"y": panel.plot, "y2": panel.bottom}
        if panel.has_values:
            grounds.append({**ends, **span})
            lines += [{**ends, "y": panel.y(axis.share(tick))} for tick in _ticks(axis)]
        if panel.has_rail:
            rails.append({**ends, "y": panel.rail})
        if panel.has_values and not isinstance(panel.axis.domain, Choice):
            left, right = panel.x(0.0), panel.x(1.0)
            shades.append({**span, "x": ends["x"], "x2": left})
            shades.append({**span, "x": right, "x2": ends["x2"]})
    x2, y2 = alt.X2("x2:Q"), alt.Y2("y2:Q")
    drawn = [
        (grounds, chart_of(grounds).mark_rect(style="panel").encode(x=x, x2=x2, y=y, y2=y2)),
        (shades, chart_of(shades).mark_rect(style="outside").encode(x=x, x2=x2, y=y, y2=y2)),
        (lines, chart_of(lines).mark_rule(style="grid").encode(x=x, x2=x2, y=y)),
        (rails, chart_of(rails).mark_rule(style="rail").encode(x=x, x2=x2, y=y)),
    ]
    return [layer for rows, layer in drawn if rows]


def _texts(
    result: AxisGrid, panels: Sequence[_Panel], axis: MetricAxis, x: alt.X, y: alt.Y
) -> list[alt.Chart]:
    """The names of hyperparameters and studies, the numbers of both axes."""
    first: dict[int, _Panel] = {}
    for panel in panels:
        first.setdefault(panel.top, panel)
    columns = max(1, len(result.columns))
    whole = f"(width - {_LEFT})"
    cell = f"{whole} / {columns} * {1 - 2 * _GAP}"
    short = short_names(result.columns)
    names = [
        {"x": panel.x(-1.0), "y": panel.top + 12, "text": _title(panel.axis)}
        for panel in first.values()
    ]
    rails = [
        {"x": panel.column, "y": panel.rail, "text": "infeasible"}
        for panel in first.values()
        if panel.has_rail
    ]
    studies = [
        {"x": panel.x(-1.0), "y": panel.top + _NAME + 7, "text": short[panel.axis.study]}
        for panel in panels
        if panel.has_study
    ]
    numbers = [
        {"x": panel.column, "y": panel.y(axis.share(tick)), "text": tick_label(tick)}
        for panel in first.values()
        if panel.has_values
        for tick in _ticks(axis)
    ]
    ticks = [row for panel in panels for row in _tick_rows(panel)]
    text = alt.Text("text:N")
    drawn = [
        (names, _cut(chart_of(names), f"{whole} * (1 - datum.x / {columns})", "name"), x),
        (rails, _right(chart_of(rails), "infeasible-label"), x),
        (studies, _cut(chart_of(studies), cell, "tick"), x),
        (numbers, _right(chart_of(numbers), "tick"), x),
        (ticks, _cut_tick(chart_of(ticks), cell), x),
    ]
    return [layer.encode(x=place, y=y, text=text) for rows, layer, place in drawn if rows]


def _ticks(axis: MetricAxis) -> list[float]:
    """The round values along the axis of the metric, few as a panel is low."""
    return axis.ticks(most=5 if axis.logarithmic else 4)


def _right(chart: alt.Chart, style: str) -> alt.Chart:
    """Texts that end where a column begins: the first of a row that is drawn."""
    layer: alt.Chart = chart.mark_text(style=style, align="right", dx=-2, fontSize=10)
    return layer


def _cut(chart: alt.Chart, limit: str, style: str) -> alt.Chart:
    """Texts that end where their place does."""
    layer: alt.Chart = chart.mark_text(style=style, align="left", limit=alt.ExprRef(limit))
    return layer


def _cut_tick(chart: alt.Chart, cell: str) -> alt.Chart:
    limit = alt.ExprRef(f"{cell} / datum.count - 4")
    layer: alt.Chart = chart.mark_text(
        style="tick", align=alt.ExprRef("datum.align"), baseline="top", limit=limit
    )
    return layer


def _tick_rows(panel: _Panel) -> list[Row]:
    domain, y = panel.axis.domain, panel.bottom + 5
    ticks = domain_ticks(domain)
    count = len(ticks) if isinstance(domain, Choice) else 1
    rows = []
    for tick in ticks:
        unit = domain.unit(tick)
        # At an end, a number would touch that of the next panel.
        align = "center" if count > 1 or 0.1 < unit < 0.9 else "left" if unit < 0.5 else "right"
        place = {"x": panel.x(unit if align == "center" else 2 * unit - 0.5), "y": y}
        rows.append({**place, "text": tick_label(tick), "count": count, "align": align})
    return rows


def _title(axis: Axis) -> str:
    return f"{axis.hyperparameter}{_scale_note(axis.domain)}"


def _scale_note(domain: Domain) -> str:
    if isinstance(domain, Choice) or domain.scale == "linear":
        return ""
    return " (log scale)" if domain.scale == "log" else " (log scale of 1 − x)"


def _mark_layers(marks: Sequence[_Marks], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    rest = [row for one in marks for row in one.rest]
    crosses = [row for one in marks for row in one.crosses]
    low = [row for one in marks for row in one.low]
    high = [row for one in marks for row in one.high]
    tooltip = list(_TOOLTIP)
    far = [*_TOOLTIP, alt.Tooltip("value:N")]
    layers = [
        chart_of(rest)
        .mark_circle(style="rest", size=30)
        .encode(x=x, y=y, tooltip=tooltip, **marking(size=110)),
        chart_of(crosses)
        .mark_point(shape=CROSS, style="infeasible", size=16)
        .encode(x=x, y=y, tooltip=tooltip, **marking(size=50)),
        *edge_marks(low, "down", x, y, far),
        *edge_marks(high, "up", x, y, far),
    ]
    for rank in range(BEST, 0, -1):  # the best on top, so that no number hides in another's mark
        rows = [row for one in marks for row in one.best if row["rank"] == rank]
        layers += [
            chart_of(rows)
            .mark_circle(style="best", size=150)
            .encode(x=x, y=y, tooltip=tooltip, **marking(size=240)),
            chart_of(rows)
            .mark_text(style="best-rank", dy=0.5, fontSize=9)
            .encode(x=x, y=y, text=alt.Text("rank:N"), **marking()),
        ]
    return layers
