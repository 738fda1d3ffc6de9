"""The best of each scientific setting, with the luck of the search and the noise of a trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt

from ..analyze.summaries.isolation import Isolation, StudyBest
from ..experiment.objective import Objective
from ..wording import chart_number, number, study_text
from .layers import (
    MAX_MARKS,
    Row,
    chart_of,
    constant,
    edge_marks,
    even_subset,
    fitting_label,
    layer_chart,
    marking,
)
from .scales import MetricAxis, beyond_note

ROW = 62
_SIDES: Final = ("low", "", "high")
_TOOLTIP: Final = (
    alt.Tooltip("study:N"),
    alt.Tooltip("trial:Q"),
    alt.Tooltip("value:Q", format=".4~g"),
)
_LABEL_TOOLTIP: Final = (alt.Tooltip("study:N"), alt.Tooltip("shown:N", title="best"))


def draw(result: Isolation, *, max_rows: int = 2000) -> alt.LayerChart:
    """A row for each study: every feasible trial as a tick, the best as a diamond on its interval.

    Behind it, where the noise of a trial is known, a pale bar: other trainings of that setting.

    Source: C12, Q10, A2.
    """
    values = _values(result)
    noise = [_noise_row(study, values) for study in result.studies if study.retrained is not None]
    ends = [row[end] for row in noise for end in ("low", "high")]
    metric_axis = MetricAxis(result.metric, [*values, *ends], result.maximize)
    value, low, high = (metric_axis.x(field) for field in ("value", "low", "high"))
    names = [study.study for study in result.studies]
    y = alt.Y("study:N", sort=None, scale=alt.Scale(domain=names), axis=None)
    max_ticks = max(1, min(max_rows, MAX_MARKS) // max(1, len(names)))
    known = [study for study in result.studies if study.value is not None]
    best = [_best_row(study, maximize=result.maximize) for study in known]
    intervals = [row for row in best if row["low"] is not None]
    tooltip, label = list(_TOOLTIP), fitting_label("study", "shown")
    ticks = _tick_rows(result, max_ticks)
    sides = {
        side: [row for row in ticks if metric_axis.side(row["value"]) == side] for side in _SIDES
    }
    layers = [
        _tick_layer(sides[""]).encode(x=value, y=y, tooltip=tooltip, **marking()),
        *edge_marks(sides["low"], "left", value, y, _TOOLTIP),
        *edge_marks(sides["high"], "right", value, y, _TOOLTIP),
        *([_noise_layer(noise, low, y)] if noise else []),
        *_interval_layers(intervals, low, high, y),
        chart_of(best)
        .mark_point(style="best", shape="diamond", size=170, filled=True)
        .encode(x=value, y=y, tooltip=tooltip, **marking()),
        chart_of([_label_row(study, maximize=result.maximize) for study in result.studies])
        .mark_text(style="name", align="left", baseline="bottom", dy=-13, text=label)
        .encode(x=constant("x", 0), y=y, tooltip=list(_LABEL_TOOLTIP)),
    ]
    drawn_layers = layers if metric_axis.values else layers[-1:]
    every = [value for study in result.studies for value in study.values.values()]
    note = beyond_note(sum(metric_axis.side(value) != "" for value in every))
    return layer_chart(drawn_layers, "", height=ROW * max(1, len(names)), note=note)


def caption(result: Isolation) -> str:
    """The study that leads, its lead, and the meaning of the lines; the verdict judges, not this.

    Source: C12, Q10, A2.
    """
    loss = Objective(result.metric, result.maximize).loss
    known = [(study, study.value) for study in result.studies if study.value is not None]
    order = sorted(known, key=lambda pair: loss(pair[1]))
    if not order:
        return "No study has a feasible trial, so nothing can be compared."
    first, best = order[0]
    if len(order) == 1:
        alone = (
            "the only study with a feasible trial" if len(result.studies) > 1 else "the only study"
        )
        reached = f"`{first.study}`, {alone}, reaches {number(best)} (trial {first.trial})"
        if first.study == "all":
            reached = f"The best is {number(best)}, of trial {first.trial}"
        return f"{reached}{_lines_clause(result)}."
    second, value = order[1]
    return (
        f"{study_text(first.study)} is ahead of {study_text(second.study)} by "
        f"{number(abs(value - best), 2)}{_lines_clause(result)}."
    )


def _lines_clause(result: Isolation) -> str:
    """The meaning of the lines and bars that are drawn."""
    if all(study.low is None and study.high is None for study in result.studies):
        luck = "; how far luck could move that is not known"
    else:
        luck = "; lines span nine in ten other such searches"
    if all(study.value is None or study.retrained is None for study in result.studies):
        return luck
    return f"{luck}, pale bars 95 % of retrainings of the best"


def _values(result: Isolation) -> list[float]:
    rows = [_best_row(study, maximize=result.maximize) for study in result.studies]
    best = [row[end] for row in rows for end in ("low", "value", "high")]
    others = [value for study in result.studies for value in study.values.values()]
    return [value for value in [*best, *others] if value is not None]


def _best_row(study: StudyBest, *, maximize: bool) -> Row:
    """The best with its interval; from the best on where the better end says nothing."""
    low, high = study.low, study.high
    value = "" if study.value is None else number(study.value)
    interval = ""
    if low is not None and high is not None:
        interval = f" ({number(low, 2)} to {number(high, 2)})"
        if not study.two_sided:
            worse = f"{number(low, 2)} or above" if maximize else f"{number(high, 2)} or below"
            interval = f" ({worse})"
            low, high = (low, study.value) if maximize else (study.value, high)
    return {
        "study": study.study,
        "trial": study.trial,
        "value": study.value,
        "low": low,
        "high": high,
        "shown": f"{value}{interval}",
    }


def _label_row(study: StudyBest, *, maximize: bool) -> Row:
    row = _best_row(study, maximize=maximize)
    return {**row, "shown": row["shown"] or "no feasible trial"}


def _tick_rows(result: Isolation, max_ticks: int) -> list[Row]:
    """A tick for each feasible trial, for at most so many of a study."""
    return [
        {"study": study.study, "trial": trial, "value": float(f"{value:.5g}")}
        for study in result.studies
        for trial, value in even_subset(sorted(study.values.items()), max_ticks)
    ]


def _tick_layer(rows: Sequence[Row]) -> alt.Chart:
    layer: alt.Chart = chart_of(rows).mark_tick(
        style="rest-tick", orient="vertical", size=16, thickness=1.2
    )
    return layer


def _noise_row(study: StudyBest, values: Sequence[float]) -> Row:
    """The bar of a study; positive where all values are, as a logarithmic scale asks."""
    retrained = study.retrained
    if retrained is None:
        return {}
    lowest = min(values, default=0.0)
    low = max(retrained.low, lowest / 2) if lowest > 0 else retrained.low
    span = f"{chart_number(retrained.low)} to {chart_number(retrained.high)}"
    return {
        "study": study.study,
        "low": low,
        "high": retrained.high,
        "shown": f"{span} (standard deviation {chart_number(retrained.sd)})",
    }


def _noise_layer(rows: Sequence[Row], low: alt.X, y: alt.Y) -> alt.Chart:
    tooltip = [alt.Tooltip("study:N"), alt.Tooltip("shown:N", title="trained again")]
    bars = chart_of(rows).mark_bar(style="box", size=14)
    layer: alt.Chart = bars.encode(x=low, x2=alt.X2("high:Q"), y=y, tooltip=tooltip)
    return layer


def _interval_layers(rows: Sequence[Row], low: alt.X, high: alt.X, y: alt.Y) -> list[alt.Chart]:
    cap = chart_of(rows).mark_tick(style="interval-cap", orient="vertical", size=12, thickness=2)
    return [
        chart_of(rows).mark_rule(style="interval").encode(x=low, x2=alt.X2("high:Q"), y=y),
        cap.encode(x=low, y=y),
        cap.encode(x=high, y=y),
    ]
