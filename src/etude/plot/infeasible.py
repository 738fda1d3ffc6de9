"""Where trials break: the share of each tenth of every axis, and of every value of a choice."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.infeasible import Infeasible, where
from ..analyze.checks.infeasible_regions import Slice
from ..wording import quantity
from .layers import Row, rows
from .scales import shown
from .strips import BAR, across, bars, down, ends, strips

_TOOLTIP = (alt.Tooltip("range:N", title="where"), alt.Tooltip("text:N", title="infeasible"))
# Stronger, the red would hide the numbers on it.
_MOST = 0.65


def draw(result: Infeasible) -> alt.LayerChart:
    """A strip for each hyperparameter: the redder, the more of the trials there break.

    A dashed line stands where trials begin to break, if that is hardly chance.

    Source: C3.
    """
    names = list(dict.fromkeys(each.hyperparameter for each in result.slices))
    by_name = {name: [one for one in result.slices if one.hyperparameter == name] for name in names}
    labels = {name: (shown(found[0].low), shown(found[-1].high)) for name, found in by_name.items()}
    tried = [_cell(each) for each in result.slices if each.trials]
    broken = [row for row in tried if row["share"]]
    opacity = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0, _MOST]), legend=None)
    begins = [
        {"name": place.hyperparameter, "x": place.begins_unit}
        for place in result.regions
        if place.side
    ]
    cuts = rows(begins).mark_tick(style="interval-cap", orient="vertical", size=BAR + 14)
    counts = rows(broken).mark_text(style="name", fontSize=9)
    layers = [
        bars(tried, names, "outside", _TOOLTIP),
        *ends(labels),
        bars(broken, names, "infeasible", _TOOLTIP).encode(opacity=opacity),
        counts.encode(x=across("middle"), y=down(names), text="count:N"),
        cuts.encode(x=across(), y=down(names)),
    ]
    return strips(layers, len(names), "infeasible trials on every axis")


def caption(result: Infeasible) -> str:
    """How many trials break, and where.

    Source: C3.
    """
    ended = quantity(result.ended, "ended trial")
    if not result.trials:
        return f"None of {ended} is infeasible." if result.ended else "No trial has ended."
    share = (
        f"{len(result.trials):,} of {ended} {'is' if len(result.trials) == 1 else 'are'} infeasible"
    )
    if not result.regions:
        found = (
            "all of them, wherever they lie" if result.cause == "bug" else "spread over the space"
        )
        return f"{share}, {found}."
    told = "; ".join(
        f"{where(place)} {place.infeasible:,} of {place.trials:,}" for place in result.regions
    )
    return f"{share}: {told}."


def _cell(one: Slice) -> Row:
    share = one.infeasible / one.trials
    reach = shown(one.low) if one.low == one.high else f"{shown(one.low)} to {shown(one.high)}"
    return {
        "name": one.hyperparameter,
        "x": one.part / one.parts,
        "x2": (one.part + 1) / one.parts,
        "middle": (one.part + 0.5) / one.parts,
        "share": share,
        "count": str(one.infeasible),
        "range": reach,
        "text": f"{one.infeasible} of {one.trials}",
    }
