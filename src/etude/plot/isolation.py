"""The best of each scientific setting, with the luck of the search and the noise of a trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt

from ..analyze.summaries.isolation import Isolation, Retrained, StudyBest
from ..experiment.objective import Objective
from ..wording import chart_number, join
from .layers import Row, rows, stacked, thinned
from .scales import Measure

ROW = 62
# A name is cut in its middle so that its value still fits beside it; the tooltip has all of it.
# Heuristic: a character of these labels is about so many pixels wide.
_FITTING: Final = (
    "truncate(datum.study, max(8, floor(width / 7.2) - length(datum.shown) - 3), 'center')"
    " + ' · ' + datum.shown"
)
_TOOLTIP: Final = (
    alt.Tooltip("study:N"),
    alt.Tooltip("trial:N"),
    alt.Tooltip("shown:N", title="value"),
)


def draw(result: Isolation, *, max_rows: int = 2000) -> alt.LayerChart:
    """A row for each study: every feasible trial as a tick, the best as a diamond on its interval.

    Behind it, where the noise of a trial is known, a pale bar: other trainings of that setting.

    Source: C12, Q10, A2.
    """
    seen = _values(result)
    noise = [_again(one, seen) for one in result.studies if one.retrained is not None]
    ends = [row[end] for row in noise for end in ("low", "high")]
    measure = Measure(result.metric, [*seen, *ends], result.maximize)
    value, low, high = (measure.across(field) for field in ("value", "low", "high"))
    names = [one.study for one in result.studies]
    y = alt.Y("study:N", sort=None, scale=alt.Scale(domain=names), axis=None)
    each = max(1, max_rows // max(1, len(names)))
    best = [_row(one) for one in result.studies if one.value is not None]
    spans = [row for row in best if row["low"] is not None]
    layers = [
        _ticks(result, each).encode(x=value, y=y, tooltip=list(_TOOLTIP)),
        *([_noise(noise, low, y)] if noise else []),
        *_intervals(spans, low, high, y),
        rows(best)
        .mark_point(style="best", shape="diamond", size=170, filled=True)
        .encode(x=value, y=y, tooltip=list(_TOOLTIP)),
        rows([_label(one) for one in result.studies])
        .mark_text(
            style="name", align="left", baseline="bottom", dy=-13, text=alt.ExprRef(_FITTING)
        )
        .encode(x=alt.value(0), y=y, tooltip=list(_TOOLTIP)),
    ]
    return stacked(layers if measure.values else layers[-1:], "", height=ROW * max(1, len(names)))


def caption(result: Isolation) -> str:
    """Which study leads and by how much, and what the lines are; the verdict judges, not this.

    Source: C12, Q10, A2.
    """
    loss = Objective(result.metric, result.maximize).loss
    known = [(one, one.value) for one in result.studies if one.value is not None]
    order = sorted(known, key=lambda pair: loss(pair[1]))
    if not order:
        return "No study has a feasible trial, so nothing can be compared."
    (first, best), ticks = order[0], " Ticks are all feasible trials."
    if len(order) == 1:
        alone = (
            "the only study with a feasible trial" if len(result.studies) > 1 else "the only study"
        )
        reached = f"`{first.study}`, {alone}, reaches {chart_number(best)} (trial {first.trial})"
        return f"{reached}.{_bars(result)}{ticks}"
    second, value = order[1]
    return (
        f"`{first.study}` leads with {chart_number(best)} against {chart_number(value)} of "
        f"`{second.study}`, a gap of {chart_number(abs(value - best))}."
        f"{_lines(result)}{_bars(result)}{ticks}"
    )


def _lines(result: Isolation) -> str:
    if all(one.low is None and one.high is None for one in result.studies):
        return " How far the luck of the search could move them is not known."
    return " A line spans where the best of the same study lies in 95 % of its resampled searches."


def _bars(result: Isolation) -> str:
    """What the bars of trial noise are and rest on; without repeats, that there are none."""
    if all(one.value is None or one.retrained is None for one in result.studies):
        return " The noise of a trial is not known: no setting was trained again often enough (A2)."
    borrowed = [one.study for one in result.studies if one.retrained and _borrows(one.retrained)]
    whose = join([f"`{study}`" for study in borrowed])
    tail = f"; for {whose} with the noise of other studies" if borrowed else ""
    return (
        " A wide pale bar spans where 95 % of trainings of the best setting with another seed "
        f"lie{tail}."
    )


def _borrows(retrained: Retrained) -> bool:
    return retrained.whose == "others"


def _values(result: Isolation) -> list[float]:
    bests = [end for one in result.studies for end in (one.low, one.value, one.high)]
    each = [value for one in result.studies for value in one.values.values()]
    return [value for value in [*bests, *each] if value is not None]


def _row(one: StudyBest) -> Row:
    value = "" if one.value is None else chart_number(one.value)
    spread = (
        ""
        if one.low is None or one.high is None
        else f" ({chart_number(one.low)} to {chart_number(one.high)})"
    )
    trial = "none" if one.trial is None else str(one.trial)
    return {
        "study": one.study,
        "trial": trial,
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "shown": f"{value}{spread}",
    }


def _label(one: StudyBest) -> Row:
    row = _row(one)
    return {**row, "shown": row["shown"] or "no feasible trial"}


def _ticks(result: Isolation, each: int) -> alt.Chart:
    found: list[dict[str, Any]] = [
        {"study": one.study, "trial": str(trial), "value": value, "shown": chart_number(value)}
        for one in result.studies
        for trial, value in thinned(sorted(one.values.items()), each)
    ]
    ticks: alt.Chart = rows(found).mark_tick(
        style="rest-tick", orient="vertical", size=16, thickness=1.2
    )
    return ticks


def _again(one: StudyBest, seen: Sequence[float]) -> Row:
    """The bar of a study; positive where all values are, as a logarithmic scale asks."""
    retrained = one.retrained
    if retrained is None:
        return {}
    lowest = min(seen, default=0.0)
    low = max(retrained.low, lowest / 2) if lowest > 0 else retrained.low
    span = f"{chart_number(retrained.low)} to {chart_number(retrained.high)}"
    return {
        "study": one.study,
        "low": low,
        "high": retrained.high,
        "shown": f"{span} (standard deviation {chart_number(retrained.sd)})",
    }


def _noise(spans: Sequence[Row], low: alt.X, y: alt.Y) -> alt.Chart:
    tooltip = [alt.Tooltip("study:N"), alt.Tooltip("shown:N", title="trained again")]
    bars: alt.Chart = (
        rows(spans).mark_bar(style="box", size=14).encode(x=low, x2="high:Q", y=y, tooltip=tooltip)
    )
    return bars


def _intervals(spans: Sequence[Row], low: alt.X, high: alt.X, y: alt.Y) -> list[alt.Chart]:
    cap = rows(spans).mark_tick(style="interval-cap", orient="vertical", size=12, thickness=2)
    return [
        rows(spans).mark_rule(style="interval").encode(x=low, x2="high:Q", y=y),
        cap.encode(x=low, y=y),
        cap.encode(x=high, y=y),
    ]
