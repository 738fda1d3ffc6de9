"""How densely the good region of every axis was sampled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt

from ..analyze.checks.coverage import AxisCoverage, Coverage
from ..wording import chart_number, quantity
from .layers import Row, drawn, rows, thinned
from .scales import shown
from .strips import BAR, across, bars, down, ends, lines, strips

MAX_ROWS: Final = 2000


def draw(result: Coverage, *, max_rows: int = MAX_ROWS) -> alt.LayerChart:
    """A strip for each hyperparameter: every feasible trial, the good ones and their gap marked.

    Source: C2.
    """
    names = [each.hyperparameter for each in result.axes]
    good = len(result.good)
    most = max(max_rows // max(len(names), 1), 1)
    rest = {each.hyperparameter: thinned(each.units[good:], most) for each in result.axes}
    marked = {each.hyperparameter: thinned(each.units[:good], most) for each in result.axes}
    labels = {
        each.hyperparameter: (shown(each.bounds[0]), shown(each.bounds[1])) for each in result.axes
    }
    region = [
        _stretch(each, min(each.units[:good]), max(each.units[:good])) for each in result.axes
    ]
    layers = [
        bars(region, names, "box"),
        lines(names),
        *ends(labels),
        _marks(_ticks(rest), names, "rest-tick"),
        _marks(_ticks(marked), names, "median"),
    ]
    known = [sum(map(len, each.values())) for each in (rest, marked)]
    count = len(names)
    note = drawn(sum(known) // count, result.feasible) if count else ""
    return strips(layers, count, "feasible trials on every axis", note)


def caption(result: Coverage) -> str:
    """How many trials are good, and what more of them would bring.

    Source: C2, Q10.
    """
    if result.reason:
        return f"How densely the good region was sampled is unclear: {result.reason}."
    by = "the best tenth" if result.noise is None else "as good as the best but for chance"
    good = quantity(len(result.good), "trial")
    gain = ""
    if result.gain is not None:
        gain = f" Twice the trials would better the best by about {chart_number(result.gain)}."
    return (
        f"Marked: {good} of {result.feasible:,} feasible ({by}), and the stretch that they span; "
        f"{result.needed:,} trials are usual for so many hyperparameters.{gain}"
    )


def _marks(found: Sequence[Row], names: Sequence[str], style: str) -> alt.Chart:
    marks = rows(found).mark_tick(style=style, orient="vertical", size=BAR, thickness=1.5)
    chart: alt.Chart = marks.encode(x=across(), y=down(names))
    return chart


def _ticks(units: dict[str, list[float]]) -> list[Row]:
    return [{"name": name, "x": unit} for name, found in units.items() for unit in found]


def _stretch(axis: AxisCoverage, low: float, high: float) -> Row:
    return {"name": axis.hyperparameter, "x": low, "x2": high}
