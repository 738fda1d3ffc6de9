"""The families of a population: every trial thin, the line that led to the best brought forward."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ..analyze.summaries.lineage import Change, Lineage, Stretch
from ..space import value_text
from ..wording import chart_number, quantity
from .layers import HEIGHT, Row, rows, stacked, thinned
from .scales import Measure

# So many changes are written out in a caption; the file of a replay has them all.
_LISTED = 4


def draw(result: Lineage, *, max_rows: int = 6000) -> alt.LayerChart:
    """The metric against the step: forks begin where their parents stood.

    Source: W4, C5.
    """
    line = [one for one in result.stretches if one.trial in result.best]
    rest = [one for one in result.stretches if one.trial not in result.best and one.steps_P]
    longest = max((len(one.steps_P) for one in rest), default=1)
    shown = thinned(rest, max(1, max_rows // longest))
    values = [value for one in (*line, *shown) for value in one.values_P]
    measure = Measure(result.metric, values, result.maximize)
    y = measure.up("value", [HEIGHT + 20, 0])
    x = alt.X("step:Q", axis=alt.Axis(title="step", grid=False))
    tooltip = [alt.Tooltip("trial:N"), alt.Tooltip("setting:N")]
    detail = alt.Detail("trial:N")
    layers = [
        rows(_rows(found)).mark_line(style=style).encode(x=x, y=y, detail=detail, tooltip=tooltip)
        for found, style in ((shown, "rest-line"), (line, "best-line"))
        if found
    ]
    begins = [_rows([one])[0] for one in line if one.parent is not None and one.steps_P]
    layers.append(rows(begins).mark_point(size=40).encode(x=x, y=y, tooltip=tooltip))
    return stacked(layers, measure.title, height=HEIGHT + 20)


def caption(result: Lineage) -> str:
    """How many forks there are, who descends from whom in the best line, and what changed when.

    Source: W4.
    """
    members = len(result.stretches) - result.forks
    begin = f"{quantity(members, 'member')} and {quantity(result.forks, 'fork')}"
    if result.value is None:
        return f"{begin}; none has a value that counts."
    trials = " to ".join(str(trial) for trial in result.best)
    first, *later = result.schedule
    told = "; ".join(_told(one) for one in later[:_LISTED])
    more = f"; {len(later) - _LISTED} more" if len(later) > _LISTED else ""
    changes = f", then {told}{more}" if told else ""
    return (
        f"{begin}. The best value, {chart_number(result.value)}, was reached along trials "
        f"{trials}: {_values(first)}{changes}."
    )


def _told(change: Change) -> str:
    return f"after {change.updates:,} steps {_values(change)}"


def _values(change: Change) -> str:
    return ", ".join(
        f"{name} = {chart_number(value) if isinstance(value, float) else value_text(value)}"
        for name, value in change.values.items()
    )


def _rows(found: Sequence[Stretch]) -> list[Row]:
    return [
        {
            "trial": one.trial,
            "step": step,
            "value": float(f"{value:.6g}"),
            "setting": _values(Change(0, one.setting)),
        }
        for one in found
        for step, value in zip(one.steps_P, one.values_P, strict=True)
    ]
