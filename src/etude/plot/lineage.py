"""The families of a population: every trial thin, the line that led to the best brought forward."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ..analyze.summaries.lineage import Change, Lineage, Stretch
from ..space import value_text
from ..wording import chart_number, quantity
from .layers import TALL_HEIGHT, Row, chart_of, even_subset, layer_chart
from .scales import MetricAxis

# So many changes are written out in a caption; the file of a replay has them all.
_MAX_CHANGES = 4


def draw(result: Lineage, *, max_rows: int = 6000) -> alt.LayerChart:
    """The metric against the step: forks begin where their parents stood.

    Source: W4, C5.
    """
    best = [curve for curve in result.stretches if curve.trial in result.best]
    others = [curve for curve in result.stretches if curve.trial not in result.best]
    others = [curve for curve in others if curve.steps_P]
    longest = max((len(curve.steps_P) for curve in others), default=1)
    others = even_subset(others, max(1, max_rows // longest))
    values = [value for curve in (*best, *others) for value in curve.values_P]
    metric_axis = MetricAxis(result.metric, values, result.maximize)
    y = metric_axis.y("value", [TALL_HEIGHT, 0])
    x = alt.X("step:Q", axis=alt.Axis(title="step", grid=False))
    tooltip = [alt.Tooltip("trial:N"), alt.Tooltip("setting:N")]
    detail = alt.Detail("trial:N")
    layers = [
        chart_of(_rows(curves))
        .mark_line(style=style)
        .encode(x=x, y=y, detail=detail, tooltip=tooltip)
        for curves, style in ((others, "rest-line"), (best, "best-line"))
        if curves
    ]
    forks = [_rows([curve])[0] for curve in best if curve.parent is not None and curve.steps_P]
    layers.append(chart_of(forks).mark_point(size=40).encode(x=x, y=y, tooltip=tooltip))
    return layer_chart(layers, metric_axis.title, height=TALL_HEIGHT)


def caption(result: Lineage) -> str:
    """How many forks there are, the trials of the best line, and the changes along it.

    Source: W4.
    """
    members = len(result.stretches) - result.forks
    begin = f"{quantity(members, 'member')} and {quantity(result.forks, 'fork')}"
    if result.value is None:
        return f"{begin}; none has a value that counts."
    trials = " to ".join(str(trial) for trial in result.best)
    first, *later = result.schedule
    changes = "; ".join(_change_text(change) for change in later[:_MAX_CHANGES])
    more = f"; {len(later) - _MAX_CHANGES} more" if len(later) > _MAX_CHANGES else ""
    tail = f", then {changes}{more}" if changes else ""
    return (
        f"{begin}. The best value, {chart_number(result.value)}, was reached along trials "
        f"{trials}: {_values_text(first)}{tail}."
    )


def _change_text(change: Change) -> str:
    return f"after {change.updates:,} steps {_values_text(change)}"


def _values_text(change: Change) -> str:
    return ", ".join(
        f"{name} = {chart_number(value) if isinstance(value, float) else value_text(value)}"
        for name, value in change.values.items()
    )


def _rows(curves: Sequence[Stretch]) -> list[Row]:
    return [
        {
            "trial": curve.trial,
            "step": step,
            "value": float(f"{value:.6g}"),
            "setting": _values_text(Change(0, curve.setting)),
        }
        for curve in curves
        for step, value in zip(curve.steps_P, curve.values_P, strict=True)
    ]
