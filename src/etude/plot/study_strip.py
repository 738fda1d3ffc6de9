"""The studies beside each other in a few rows: every trial a point, the best of each marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import altair as alt

from ..analyze.summaries.isolation import Isolation, StudyBest
from ..experiment.objective import Objective
from ..finding import StudyRow
from ..wording import number, quantity, study_text
from .layers import (
    CROSS,
    MAX_MARKS,
    Row,
    chart_of,
    constant,
    count_note,
    even_subset,
    jitter,
    layer_chart,
    marking,
    notes,
)
from .scales import MetricAxis, beyond_note
from .value_rows import ROW, ValueRows

# Pixels of all rows: the answer, this and what to do next stand on one screen.
_HEIGHT: Final = 140
_MAX_ROWS: Final = 5
# Of so many trials in a row, each stands a little higher or lower than the next, in pixels.
_MANY: Final = 40
_SPREAD: Final = 12
_TOOLTIP: Final = (alt.Tooltip("trial:Q"), alt.Tooltip("value:Q", format=".4~g"))


def draw(
    result: Isolation, intervals: Sequence[StudyRow] = (), *, max_rows: int = 2000
) -> alt.LayerChart:
    """A row for each study, the best first: every trial a point, infeasible ones crosses.

    A diamond marks the best value, or the mean of its retrainings, with its interval where
    `intervals` have it.

    Source: C12, C13, A2.
    """
    known = {row.study: row for row in intervals}
    shown = ordered(result)[:_MAX_ROWS]
    marks = [mark for study in shown if (mark := _mark(study, known)) is not None]
    per_study = max(1, min(max_rows, MAX_MARKS) // max(1, len(shown)))
    points = [row for study in shown for row in _points(study, per_study)]
    ends = [row[end] for row in marks for end in ("low", "value", "high") if row[end] is not None]
    values = [value for study in shown for value in study.values.values()]
    axis = MetricAxis(result.metric, [*values, *ends], result.maximize)
    crosses = [row for study in shown for row in _crosses(study, per_study)]
    rows = ValueRows(axis, _texts(shown, known), rail=bool(crosses))
    inside = [row for row in points if not axis.side(row["value"])]
    height = min(ROW * len(shown), _HEIGHT) or ROW
    layers = [
        *_value_layers(inside, marks, rows),
        *rows.edge_layers([row for row in points if axis.side(row["value"])], _TOOLTIP),
        *_rail_layers(crosses, rows, height),
        *rows.labels(),
    ]
    drawn = layers if values else layers[-4:] if crosses else layers[-2:]
    beyond = sum(axis.side(value) != "" for value in values)
    left_out = len(result.studies) - len(shown)
    others = f"the best {len(shown)} of {len(result.studies)} studies" if left_out else ""
    count = count_note(len(points) + len(crosses), sum(study.ended for study in shown))
    return layer_chart(drawn, "", height=height, note=notes(others, count, beyond_note(beyond)))


def caption(result: Isolation, intervals: Sequence[StudyRow] = ()) -> str:
    """What a point, a diamond and a line stand for, and the best of all.

    Source: C12, C13.
    """
    known = {row.study: row for row in intervals}
    loss = Objective(result.metric, result.maximize).loss
    with_value = [(loss(study.value), study) for study in result.studies if study.value is not None]
    if not with_value:
        return f"No trial of {quantity(len(result.studies), 'study', 'studies')} is feasible."
    best = min(with_value, key=lambda pair: pair[0])[1]
    lines = any(row.low is not None for row in known.values())
    ends = ", a line its 95 % interval" if lines else ""
    if any(row.retrained > 1 for row in known.values()):
        return f"Points are trainings, a diamond the mean of a setting's{ends}."
    whose = f" of {study_text(best.study)}" if len(result.studies) > 1 else ""
    return (
        f"Points are trials, a diamond the best of its study{ends}; trial {best.trial}{whose} is "
        "the best of all."
    )


def ordered(result: Isolation) -> list[StudyBest]:
    """The studies, the best first; slices of a range in its order."""
    if any(" in [" in study.study for study in result.studies):
        return list(result.studies)
    loss = Objective(result.metric, result.maximize).loss
    return sorted(
        result.studies,
        key=lambda study: math.inf if study.value is None else loss(study.value),
    )


def _row_name(study: str) -> str:
    """A study that stands alone has no name of its own."""
    return "" if study == "all" else study


def _texts(
    studies: Sequence[StudyBest], known: Mapping[str, StudyRow]
) -> dict[str, tuple[str, str]]:
    texts = {}
    marks = {study.study: _mark(study, known) for study in studies}
    values = {mark["value"] for mark in marks.values() if mark is not None}
    # As the table beside it has them: as many digits as tell them apart.
    digits = 2 if len({number(value, 2) for value in values}) == len(values) > 1 else 3
    for study in studies:
        mark = marks[study.study]
        value = "none" if mark is None else number(mark["value"], digits)
        short = value if mark is None else f"{value} #{mark['trial']}"
        more = "none feasible" if mark is None else f"{value}, trial {mark['trial']}"
        row = known.get(study.study)
        if row is not None and row.retrained > 1:
            short, more = value, f"{value}, mean of {row.retrained}"
        texts[_row_name(study.study)] = (short, more)
    return texts


def _mark(study: StudyBest, known: Mapping[str, StudyRow]) -> Row | None:
    """The best of a study with its interval, as its verdict has them."""
    if study.value is None:
        return None
    row = known.get(study.study)
    value, low, high = study.value, None, None
    if row is not None and row.value is not None:
        value, low, high = row.value, row.low, row.high
    return {
        "row": _row_name(study.study),
        "trial": study.trial,
        "value": value,
        "low": low,
        "high": high,
    }


def _points(study: StudyBest, most: int) -> list[Row]:
    """A point a feasible trial, the best among them however few are drawn."""
    pairs = even_subset(sorted(study.values.items(), key=lambda pair: pair[1]), most)
    name = _row_name(study.study)
    spread = _SPREAD if len(pairs) > _MANY else 0
    return [
        {
            "row": name,
            "trial": trial,
            "value": float(f"{value:.5g}"),
            "dy": round(spread * jitter(trial), 1),
        }
        for trial, value in pairs
    ]


def _crosses(study: StudyBest, most: int) -> list[Row]:
    trials = even_subset(study.without_value, most)
    spread = _SPREAD if len(trials) > _MANY // 4 else 0
    name = _row_name(study.study)
    return [
        {
            "row": name,
            "trial": trial,
            "x": round((place + 0.5) / len(trials), 3),
            "dy": round(spread * jitter(trial), 1),
        }
        for place, trial in enumerate(trials)
    ]


def _value_layers(points: Sequence[Row], marks: Sequence[Row], rows: ValueRows) -> list[alt.Chart]:
    lines = [row for row in marks if row["low"] is not None]
    return [
        chart_of(points)
        .mark_circle(style="point", size=34, yOffset=alt.ExprRef("datum.dy"))
        .encode(x=rows.x(), y=rows.y, tooltip=list(_TOOLTIP), **marking(size=110)),
        chart_of(lines)
        .mark_rule(style="interval")
        .encode(x=rows.x("low"), x2=alt.X2("high:Q"), y=rows.y),
        chart_of(marks)
        .mark_point(style="best", shape="diamond", size=130, filled=True)
        .encode(x=rows.x(), y=rows.y, tooltip=list(_TOOLTIP), **marking(size=220)),
    ]


def _rail_layers(crosses: Sequence[Row], rows: ValueRows, height: int) -> list[alt.Chart]:
    """The infeasible trials beside the worse end of the axis, and a word below them."""
    if not crosses:
        return []
    offset = alt.ExprRef("datum.dy")
    marks = chart_of(crosses).mark_point(shape=CROSS, style="infeasible", size=18, yOffset=offset)
    word = chart_of([{"x": 0.5}]).mark_text(
        style="infeasible-label", align="center", baseline="top"
    )
    return [
        marks.encode(
            x=rows.rail_x(), y=rows.y, tooltip=[alt.Tooltip("trial:Q")], **marking(size=60)
        ),
        word.encode(
            x=rows.rail_x(), y=constant("y", height + 8), text=constant("text", "no value")
        ),
    ]
