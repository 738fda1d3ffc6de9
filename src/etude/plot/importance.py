"""What each hyperparameter explains, with its interval, and which act together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import altair as alt

from ..analyze.checks.importance import Importance, Influence
from ..wording import join, percent, quantity
from .layers import Row, rows, stacked

ROW: Final = 46
_TOOLTIP: Final = (
    alt.Tooltip("hyperparameter:N"),
    alt.Tooltip("shown:N", title="by itself"),
    alt.Tooltip("together:N", title="with its interactions"),
    alt.Tooltip("verdict:N"),
)
# A name is cut in its middle so that what was found still fits beside it, as in the comparison.
_FITTING: Final = (
    "truncate(datum.hyperparameter, max(8, floor(width / 7.2) - length(datum.verdict) - 3),"
    " 'center') + ' · ' + datum.verdict"
)


def draw(result: Importance, *, max_rows: int = 40) -> alt.LayerChart:
    """A row for each hyperparameter, the largest share first: a dot on its interval.

    A pale bar reaches to the share with interactions; what is beyond noise is filled in colour.

    Source: R2, C13.
    """
    order = ranked(result)[:max_rows]
    found = [_row(one) for one in order]
    known = [row for row in found if row["share"] is not None]
    names = [one.hyperparameter for one in order]
    y = alt.Y("hyperparameter:N", sort=None, scale=alt.Scale(domain=names), axis=None)
    title = "share of the differences in rank"
    axis = alt.Axis(title=title, format="%", labelOverlap="greedy", tickCount=5)
    shares = {
        field: alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(domain=[0, 1]))
        for field in ("share", "low")
    }
    matter = [row for row in known if row["matters"]]
    rest = [row for row in known if not row["matters"]]
    together = [row for row in known if row["total"] is not None]
    tooltip = list(_TOOLTIP)
    layers = [
        rows(together).mark_bar(style="box", size=12).encode(x=shares["share"], x2="total:Q", y=y),
        rows(rest).mark_rule(style="bound").encode(x=shares["low"], x2="high:Q", y=y),
        rows(matter).mark_rule(style="interval").encode(x=shares["low"], x2="high:Q", y=y),
        rows(rest)
        .mark_circle(style="rest", size=70)
        .encode(x=shares["share"], y=y, tooltip=tooltip),
        rows(matter)
        .mark_circle(style="best", size=110)
        .encode(x=shares["share"], y=y, tooltip=tooltip),
        rows(found)
        .mark_text(style="name", align="left", baseline="bottom", dy=-9, text=alt.ExprRef(_FITTING))
        .encode(x=alt.value(0), y=y, tooltip=tooltip),
    ]
    known_of = len(result.influences)
    note = "" if len(order) == known_of else f"the first {len(order)} of {known_of} are drawn"
    return stacked(layers if known else layers[-1:], "", height=ROW * max(1, len(names)), note=note)


def caption(result: Importance) -> str:
    """What matters, what acts together, what could be fixed, and what is not known.

    Source: R2.
    """
    if result.reason:
        return f"Which hyperparameters matter is not known: {result.reason}."
    matter = [one for one in ranked(result) if one.matters]
    sentences = [_mattering(result, matter), _pairs(result, len(matter))]
    free = [f"`{one.hyperparameter}`" for one in result.influences if one.status == "notice"]
    if free and matter:
        sentences.append(f"Not seen to matter: {join(free, most=8)}.")
    unclear = [f"`{one.hyperparameter}`" for one in result.influences if one.status == "unclear"]
    if unclear:
        sentences.append(f"Unclear: {join(unclear, most=8)}.")
    sentences.append("Lines are 95 % intervals of the share that each explains by itself.")
    return " ".join(each for each in sentences if each)


def ranked(result: Importance) -> list[Influence]:
    """What matters first, the largest share first, equals by name.

    Source: R2.
    """
    return sorted(
        result.influences,
        key=lambda one: (not one.matters, -(one.total or one.share or 0.0), one.hyperparameter),
    )


def _mattering(result: Importance, matter: Sequence[Influence]) -> str:
    of = f"over {quantity(result.judged, 'setting')}"
    if not matter:
        return f"Nothing stands out of the noise {of}."
    names = join([f"`{one.hyperparameter}`" for one in matter], most=8)
    verb = "matters" if len(matter) == 1 else "matter"
    return f"{names} {verb} beyond noise {of}."


def _pairs(result: Importance, mattering: int) -> str:
    if result.interactions:
        pairs = [
            " and ".join(f"`{name}`" for name in one.hyperparameters) for one in result.interactions
        ]
        return f"Act together: {join(pairs)}."
    if mattering < 2:
        return ""
    return (
        "None act together beyond noise."
        if result.pairs_judged
        else "There are too few trials to see which act together."
    )


def _row(one: Influence) -> Row:
    return {
        "hyperparameter": one.hyperparameter,
        "share": one.share,
        "low": one.low,
        "high": one.high,
        "total": one.total,
        "matters": one.matters,
        "shown": _shown(one),
        "together": "" if one.total is None else percent(one.total),
        "verdict": _verdict(one),
    }


def _shown(one: Influence) -> str:
    if one.share is None or one.low is None or one.high is None:
        return "not known"
    return f"{percent(one.share)} ({percent(one.low)} to {percent(one.high)})"


def _verdict(one: Influence) -> str:
    if one.status == "unclear":
        return "unclear"
    if not one.matters:
        return "not beyond noise"
    breaks = ", and for what breaks training" if one.breaks else ""
    return f"matters{breaks}" if one.counts else "matters for what breaks training"
