"""What each hyperparameter explains, with the interval of all it may, and those that interact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt

from ..analyze.checks.importance import Importance
from ..analyze.checks.influence import Influence
from ..wording import join, percent, quantity
from .layers import Row, chart_of, constant, fitting_label, layer_chart

ROW: Final = 46
_TOOLTIP: Final = (
    alt.Tooltip("hyperparameter:N"),
    alt.Tooltip("shown:N", title="by itself"),
    alt.Tooltip("interval:N", title="with its interactions"),
    alt.Tooltip("verdict:N"),
)


def draw(result: Importance, *, max_rows: int = 40) -> alt.LayerChart:
    """A row for each hyperparameter, the largest share first: a dot, and a line from low to high.

    The dot is the share by itself; the line is the interval with interactions, a pale bar what of
    them is seen. Dots beyond noise are filled in colour.

    Source: R2, C13.
    """
    order = ranked(result)[:max_rows]
    rows = [_row(influence) for influence in order]
    known = [row for row in rows if row["share"] is not None]
    names = [influence.hyperparameter for influence in order]
    y = alt.Y("hyperparameter:N", sort=None, scale=alt.Scale(domain=names), axis=None)
    title = "share of the differences in rank"
    axis = alt.Axis(title=title, format="%", labelOverlap="greedy", tickCount=5)
    shares = {
        field: alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(domain=[0, 1]))
        for field in ("share", "low")
    }
    high = alt.X2("high:Q")
    matter = [row for row in known if row["matters"]]
    rest = [row for row in known if not row["matters"]]
    reach = [[row for row in rows if row["high"] is not None] for rows in (rest, matter)]
    together = [row for row in known if row["total"] is not None]
    tooltip = list(_TOOLTIP)
    label = fitting_label("hyperparameter", "verdict")
    layers = [
        chart_of(together)
        .mark_bar(style="box", size=12)
        .encode(x=shares["share"], x2=alt.X2("total:Q"), y=y),
        chart_of(reach[0]).mark_rule(style="bound").encode(x=shares["low"], x2=high, y=y),
        chart_of(reach[1]).mark_rule(style="interval").encode(x=shares["low"], x2=high, y=y),
        chart_of(rest)
        .mark_circle(style="rest", size=70)
        .encode(x=shares["share"], y=y, tooltip=tooltip),
        chart_of(matter)
        .mark_circle(style="best", size=110)
        .encode(x=shares["share"], y=y, tooltip=tooltip),
        chart_of(rows)
        .mark_text(style="name", align="left", baseline="bottom", dy=-9, text=label)
        .encode(x=constant("x", 0), y=y, tooltip=tooltip),
    ]
    count = len(result.influences)
    note = "" if len(order) == count else f"the first {len(order)} of {count} are drawn"
    return layer_chart(
        layers if known else layers[-1:], "", height=ROW * max(1, len(names)), note=note
    )


def has_marks(result: Importance) -> bool:
    """Whether there is anything to draw."""
    return any(one.share is not None or one.high is not None for one in result.influences)


def caption(result: Importance) -> str:
    """The hyperparameters that matter, those that act together, and the meaning of the lines.

    Source: R2.
    """
    if result.reason:
        return f"Which hyperparameters matter is not known: {result.reason}."
    matter = [influence for influence in ranked(result) if influence.matters]
    clause = f"{_mattering_clause(result, matter)}{_pairs_clause(result)}"
    return f"{clause}; lines are 95 % intervals of the share, interactions included."


def ranked(result: Importance) -> list[Influence]:
    """The hyperparameters that matter first, the largest share first, equals by name.

    Source: R2.
    """
    return sorted(
        result.influences,
        key=lambda influence: (
            not influence.matters,
            -influence.size,
            influence.hyperparameter,
        ),
    )


def _mattering_clause(result: Importance, matter: Sequence[Influence]) -> str:
    of = f"over {quantity(result.judged, 'setting')}"
    if not matter:
        return f"Nothing stands out of the noise {of}"
    names = join([f"`{influence.hyperparameter}`" for influence in matter], most=2)
    verb = "matters" if len(matter) == 1 else "matter"
    return f"{names} {verb} beyond noise {of}"


def _pairs_clause(result: Importance) -> str:
    if not result.interactions:
        return ""
    pairs = [
        " and ".join(f"`{name}`" for name in interaction.hyperparameters)
        for interaction in result.interactions
    ]
    return f", {join(pairs, most=1)} together"


def _row(influence: Influence) -> Row:
    return {
        "hyperparameter": influence.hyperparameter,
        "share": influence.share,
        "low": influence.low,
        "high": influence.high,
        "total": influence.total,
        "matters": influence.matters,
        "shown": _share_text(influence),
        "interval": _interval_text(influence),
        "verdict": _verdict(influence),
    }


def _share_text(influence: Influence) -> str:
    return "not known" if influence.share is None else percent(influence.share)


def _interval_text(influence: Influence) -> str:
    if influence.low is None or influence.high is None:
        return "not known"
    return f"{percent(influence.low)} to {percent(influence.high)}"


def _verdict(influence: Influence) -> str:
    if influence.status == "unclear":
        return "unclear"
    if not influence.matters:
        return "of little effect"
    breaks = ", and for what breaks training" if influence.breaks else ""
    return f"matters{breaks}" if influence.counts else "matters for what breaks training"
