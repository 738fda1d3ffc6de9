"""The autocorrelation of the metrics that come nearest to a period, against the lag."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.periodicity import Periodicity, PeriodicityTrial, Rhythm
from ..wording import chart_number, quantity
from .histogram import BARS
from .layers import Row, drawn, rows, stacked
from .scales import whole
from .theme import DASHES


def draw(result: Periodicity) -> alt.LayerChart:
    """The few strongest rhythms, each at its lags, with the line that a period must pass.

    Source: E6.
    """
    found = strongest(result)
    lines = [_rows(one, rhythm) for one, rhythm in found]
    last = max([1, *(row["lag"] for line in lines for row in line)])
    axis = alt.Axis(title="lag in values", grid=False, **whole(0, last))
    x = alt.X("lag:Q", axis=axis, scale=alt.Scale(domain=[0, last], nice=False))
    y = alt.Y(
        "correlation:Q",
        axis=alt.Axis(title=None, tickCount=5),
        scale=alt.Scale(domain=[-1, 1], nice=False),
    )
    labels = [line[0]["label"] for line in lines if line]
    color = alt.Color("label:N", title=None, scale=alt.Scale(domain=labels))
    shown = ("label:N", "metric:N", "lag:Q", "correlation:Q")
    tooltip = [alt.Tooltip(field) for field in shown]
    curves = [
        rows(line)
        .mark_line(style="best-line", strokeDash=DASHES[place])
        .encode(x=x, y=y, color=color, tooltip=tooltip)
        for place, line in enumerate(lines)
    ]
    limit = rows([{"correlation": result.thresholds.correlation}]).mark_rule(style="bound")
    judged = sum(one.status != "unclear" for one in result.trials)
    return stacked(
        [limit.encode(y=y), *curves], "autocorrelation", height=BARS, note=drawn(len(found), judged)
    )


def caption(result: Periodicity) -> str:
    """How many trials return with a period, and the strongest of them.

    Source: E6.
    """
    judged = sum(one.status != "unclear" for one in result.trials)
    if not judged:
        return "No trial has enough values at regular steps to look for a period."
    periodic = sum(one.status == "notice" for one in result.trials)
    of = f"of {quantity(judged, 'trial')}"
    found = strongest(result)
    if not periodic or not found:
        return f"A metric returns with a period in none {of}."
    one, rhythm = found[0]
    return (
        f"A metric returns with a period in {periodic:,} {of}, most strongly in trial {one.trial}: "
        f"{rhythm.metric} every {rhythm.steps:,} steps (autocorrelation "
        f"{chart_number(rhythm.correlation)})."
    )


def strongest(result: Periodicity) -> list[tuple[PeriodicityTrial, Rhythm]]:
    """The trials nearest to a period, the nearest first."""
    by_trial = {one.trial: one for one in result.trials}
    found = [by_trial[trial] for trial in result.strongest][: len(DASHES)]
    return [(one, one.rhythm) for one in found if one.rhythm is not None]


def _rows(one: PeriodicityTrial, rhythm: Rhythm) -> list[Row]:
    shared = {"label": f"trial {one.trial}", "metric": rhythm.metric}
    return [
        {**shared, "lag": lag, "correlation": round(value, 4)}
        for lag, value in enumerate(rhythm.correlations_L)
    ]
