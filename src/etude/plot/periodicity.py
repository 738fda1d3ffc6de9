"""The autocorrelation of the metrics that come nearest to a period, against the lag."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.periodicity import Periodicity, PeriodicityTrial
from ..analyze.checks.periodicity_rhythm import Rhythm
from ..wording import quantity
from .layers import SMALL_HEIGHT, Row, chart_of, count_note, dashed_lines, layer_chart
from .scales import integer_ticks
from .theme import DASHES


def draw(result: Periodicity) -> alt.LayerChart:
    """The few strongest rhythms, each at its lags, with the line that a period must pass.

    Source: E6.
    """
    lines = [_rows(trial, rhythm) for trial, rhythm in strongest(result)]
    last = max([1, *(row["lag"] for line in lines for row in line)])
    axis = alt.Axis(title="lag in values", grid=False, **integer_ticks(0, last))
    x = alt.X("lag:Q", axis=axis, scale=alt.Scale(domain=[0, last], nice=False))
    y = alt.Y(
        "correlation:Q",
        axis=alt.Axis(title=None, tickCount=5),
        scale=alt.Scale(domain=[-1, 1], nice=False),
    )
    fields = ("label:N", "metric:N", "lag:Q", "correlation:Q")
    limit = chart_of([{"correlation": result.thresholds.correlation}]).mark_rule(style="bound")
    layers = [
        limit.encode(y=y),
        *dashed_lines(lines, x, y, [alt.Tooltip(field) for field in fields]),
    ]
    note = count_note(len(lines), _judged_count(result))
    return layer_chart(layers, "autocorrelation", height=SMALL_HEIGHT, note=note)


def has_marks(result: Periodicity) -> bool:
    """Whether there is anything to draw."""
    return bool(strongest(result))


def caption(result: Periodicity) -> str:
    """How many trials return with a period, and the strongest of them.

    Source: E6.
    """
    judged = _judged_count(result)
    if not judged:
        return "No trial has enough values at regular steps to look for a period."
    periodic = sum(trial.status == "notice" for trial in result.trials)
    of = f"of {quantity(judged, 'trial')}"
    trials = strongest(result)
    if not periodic or not trials:
        return f"A metric returns with a period in none {of}."
    trial, rhythm = trials[0]
    return (
        f"A metric returns with a period in {periodic:,} {of}, most strongly {rhythm.metric} of "
        f"trial {trial.trial}, every {quantity(rhythm.steps, 'step')}."
    )


def strongest(result: Periodicity) -> list[tuple[PeriodicityTrial, Rhythm]]:
    """The trials nearest to a period, the nearest first."""
    by_id = {trial.trial: trial for trial in result.trials}
    trials = [by_id[id] for id in result.strongest][: len(DASHES)]
    return [(trial, trial.rhythm) for trial in trials if trial.rhythm is not None]


def _judged_count(result: Periodicity) -> int:
    return sum(trial.status != "unclear" for trial in result.trials)


def _rows(trial: PeriodicityTrial, rhythm: Rhythm) -> list[Row]:
    shared = {"label": f"trial {trial.trial}", "trial": trial.trial, "metric": rhythm.metric}
    return [
        {**shared, "lag": lag, "correlation": round(value, 4)}
        for lag, value in enumerate(rhythm.correlations_L)
    ]
