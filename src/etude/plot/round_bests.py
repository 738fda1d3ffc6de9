"""The best of each round of one line of experiments, the first round on top."""

from __future__ import annotations

from typing import Final

import altair as alt

from ..analyze.summaries.round_bests import RoundBest, Rounds
from ..wording import number, quantity
from .layers import Row, chart_of, layer_chart
from .scales import MetricAxis
from .value_rows import ROW, ValueRows

_MAX_ROUNDS: Final = 20


def draw(result: Rounds) -> alt.LayerChart:
    """A row for each round: its best value with its interval, the best of all marked.

    Source: A2.
    """
    shown = result.rounds[-_MAX_ROUNDS:]
    points = [_row(one) for one in shown if one.value is not None]
    intervals = [row for row in points if row["low"] is not None]
    ends = [row[end] for row in intervals for end in ("low", "high")]
    axis = MetricAxis(result.metric, [*(row["value"] for row in points), *ends], result.maximize)
    rows = ValueRows(axis, {one.name: _texts(one) for one in shown})
    best = None if result.best is None else result.rounds[result.best].name
    tooltip = [alt.Tooltip("row:N", title="round"), alt.Tooltip("shown:N", title="best")]
    first = [row for row in points if row["row"] == best]
    others = [row for row in points if row["row"] != best and not axis.side(row["value"])]
    layers = [
        chart_of(intervals)
        .mark_rule(style="interval")
        .encode(x=rows.x("low"), x2=alt.X2("high:Q"), y=rows.y),
        chart_of(others)
        .mark_circle(style="rest", size=70)
        .encode(x=rows.x(), y=rows.y, tooltip=tooltip),
        chart_of(first)
        .mark_point(style="best", shape="diamond", size=150, filled=True)
        .encode(x=rows.x(), y=rows.y, tooltip=tooltip),
        *rows.edge_layers(points, tooltip),
        *rows.labels(),
    ]
    drawn = layers if points else rows.labels()
    left_out = len(result.rounds) - len(shown)
    note = f"the first {quantity(left_out, 'round')} left out" if left_out else ""
    return layer_chart(drawn, "", height=ROW * max(1, len(shown)), note=note)


def caption(result: Rounds) -> str:
    """The round with the best value, and how many rounds went further than all before.

    Source: A2.
    """
    if result.best is None:
        return "No round has a feasible trial."
    best = result.rounds[result.best]
    known = any(one.interval for one in result.rounds)
    ends = "; lines span 95 % of retrainings" if known else ""
    value = number(best.value or 0.0)
    if len(result.rounds) == 1:
        return f"The only round, `{best.name}`, reaches {value}{ends}."
    further = sum(result.improved) - 1
    count = f"{further} of {quantity(len(result.rounds) - 1, 'later round')}"
    return f"The best of all is {value} in `{best.name}`; {count} went further{ends}."


def _row(one: RoundBest) -> Row:
    low, high = one.interval or (None, None)
    shown = _texts(one)[1]
    return {"row": one.name, "value": one.value, "low": low, "high": high, "shown": shown}


def _texts(one: RoundBest) -> tuple[str, str]:
    trials = quantity(one.trials, "trial")
    best = None if one.value is None else number(one.value)
    return best or "none", f"{best or 'none feasible'} of {trials}"
