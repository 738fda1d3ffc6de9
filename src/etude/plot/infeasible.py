"""The share of infeasible trials in each tenth of every axis and at every value of a choice."""

from __future__ import annotations

import altair as alt

from ..analyze.checks.infeasible import Infeasible, region_phrase
from ..analyze.checks.infeasible_regions import Slice
from ..wording import quantity
from .layers import Row, chart_of
from .scales import value_label
from .strips import BAR, strip_bars, strip_labels, strip_x, strip_y, strips_chart

_TOOLTIP = (alt.Tooltip("range:N", title="where"), alt.Tooltip("text:N", title="infeasible"))
# Stronger, the red would hide the numbers on it.
_MAX_OPACITY = 0.65


def draw(result: Infeasible) -> alt.LayerChart:
    """A strip for each hyperparameter: the redder, the more of the trials there are infeasible.

    A dashed line stands where trials begin to be infeasible, if that is hardly chance.

    Source: C3.
    """
    slices: dict[str, list[Slice]] = {}
    for part in result.slices:
        slices.setdefault(part.hyperparameter, []).append(part)
    names = list(slices)
    labels = {
        name: (value_label(parts[0].low), value_label(parts[-1].high))
        for name, parts in slices.items()
    }
    cells = [_cell(part) for part in result.slices if part.trials]
    infeasible = [cell for cell in cells if cell["share"]]
    opacity = alt.Opacity(
        "share:Q", scale=alt.Scale(domain=[0, 1], range=[0, _MAX_OPACITY]), legend=None
    )
    edges = [
        {"name": region.hyperparameter, "x": region.begins_unit}
        for region in result.regions
        if region.side
    ]
    edge_marks = chart_of(edges).mark_tick(style="interval-cap", orient="vertical", size=BAR + 14)
    counts = chart_of(infeasible).mark_text(style="name", fontSize=9)
    layers = [
        strip_bars(cells, names, "outside", _TOOLTIP),
        *strip_labels(labels),
        strip_bars(infeasible, names, "infeasible", _TOOLTIP).encode(opacity=opacity),
        counts.encode(x=strip_x("middle"), y=strip_y(names), text=alt.Text("count:N")),
        edge_marks.encode(x=strip_x(), y=strip_y(names)),
    ]
    return strips_chart(layers, len(names), "infeasible trials on every axis")


def has_marks(result: Infeasible) -> bool:
    """Whether there is anything to draw."""
    return any(part.infeasible for part in result.slices)


def caption(result: Infeasible) -> str:
    """How many trials are infeasible, and where.

    Source: C3.
    """
    ended = quantity(result.ended, "ended trial")
    if not result.trials:
        return f"None of {ended} is infeasible." if result.ended else "No trial has ended."
    share = (
        f"{len(result.trials):,} of {ended} {'is' if len(result.trials) == 1 else 'are'} infeasible"
    )
    if not result.regions:
        spread = (
            "all of them, wherever they lie" if result.cause == "bug" else "spread over the space"
        )
        return f"{share}, {spread}."
    regions = [
        f"{region_phrase(region)} {region.infeasible:,} of {region.trials:,}"
        for region in result.regions
    ]
    more = len(regions) - 1
    others = f", and {quantity(more, 'region')} more" if more else ""
    return f"{share}: {regions[0]}{others}."


def _cell(part: Slice) -> Row:
    share = part.infeasible / part.trials
    low, high = value_label(part.low), value_label(part.high)
    return {
        "name": part.hyperparameter,
        "x": part.part / part.parts,
        "x2": (part.part + 1) / part.parts,
        "middle": (part.part + 0.5) / part.parts,
        "share": share,
        "count": str(part.infeasible),
        "range": low if part.low == part.high else f"{low} to {high}",
        "text": f"{part.infeasible} of {part.trials}",
    }
