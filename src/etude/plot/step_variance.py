"""The best trials of a study, each with how far its metric jumps late in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt

from ..analyze.checks.step_variance import StepVariance, StepVarianceTrial
from ..wording import number, quantity
from .layers import Row, chart_of, count_note, layer_chart, marking, notes
from .scales import MetricAxis
from .value_rows import ROW, ValueRows

SHOWN: Final = 8
_TOOLTIP: Final = (alt.Tooltip("trial:Q"), alt.Tooltip("value:Q", format=".4~g"))


def draw(result: StepVariance, *, most: int = SHOWN) -> alt.LayerChart:
    """The best trials, best first, each with one standard deviation of its last values each way.

    Trials whose difference from the best is within these jumps stand out; the others are grey. The
    shaded stretch is that of the best trial.

    Source: C8.
    """
    top = ranked(result)[:most]
    rows = [_row(trial) for trial in top]
    ends = [row[end] for row in rows for end in ("low", "high")]
    # Linear: the bars are as long on either side, and zero is no value of theirs to avoid.
    axis = MetricAxis(result.metric, ends, result.maximize, linear=True)
    places = ValueRows(
        axis, {row["row"]: _texts(trial) for row, trial in zip(rows, top, strict=True)}
    )
    close = [
        row
        for row, trial in zip(rows, top, strict=True)
        if trial.status == "notice" or trial.rank == 1
    ]
    others = [row for row in rows if row not in close]
    layers = [
        chart_of([{"low": row["low"], "high": row["high"]} for row in rows[:1]])
        .mark_rect(style="outside")
        .encode(x=places.x("low"), x2=alt.X2("high:Q")),
        *_bars(others, "rest-interval", "rest", places),
        *_bars(close, "interval", "best", places),
        *places.edge_layers(rows, _TOOLTIP),
        *places.labels(),
    ]
    note = notes(
        "lines: one standard deviation of the last values", count_note(len(top), len(result.trials))
    )
    return layer_chart(layers, "", height=ROW * max(1, len(rows)), note=note)


def has_marks(result: StepVariance) -> bool:
    """Whether there is anything to draw."""
    return any(trial.sd is not None for trial in ranked(result))


def caption(result: StepVariance) -> str:
    """How far the best trial's metric jumps against the gap to its rival.

    Source: C8.
    """
    if result.sd is None or result.gap is None:
        why = result.why or "there is nothing to compare the best trial with"
        return f"Late jumps cannot be compared: {why}."
    close = sum(trial.status == "notice" and trial.rank != 1 for trial in result.trials)
    alike = f"; {quantity(close, 'other trial')} cannot be told from it" if close else ""
    return (
        f"The best trial jumps by {number(result.sd, 2)} from value to value, and {result.rival} "
        f"is {number(result.gap, 2)} away{alike}."
    )


def ranked(result: StepVariance) -> Sequence[StepVarianceTrial]:
    """The trials with a value, best first."""
    return sorted(
        (trial for trial in result.trials if trial.rank), key=lambda trial: trial.rank or 0
    )


def _bars(rows: Sequence[Row], line: str, point: str, places: ValueRows) -> list[alt.Chart]:
    return [
        chart_of(rows)
        .mark_rule(style=line)
        .encode(x=places.x("low"), x2=alt.X2("high:Q"), y=places.y, **marking()),
        chart_of([row for row in rows if not places.axis.side(row["value"])])
        .mark_circle(style=point, size=70)
        .encode(x=places.x(), y=places.y, tooltip=list(_TOOLTIP), **marking()),
    ]


def _row(trial: StepVarianceTrial) -> Row:
    value, sd = trial.value or 0.0, trial.sd or 0.0
    return {
        "row": f"trial {trial.trial}",
        "trial": trial.trial,
        "value": value,
        "low": value - sd,
        "high": value + sd,
    }


def _texts(trial: StepVarianceTrial) -> tuple[str, str]:
    value = number(trial.value or 0.0)
    spread = "" if trial.sd is None else f" ± {number(trial.sd, 2)}"
    return value, f"{value}{spread}"
