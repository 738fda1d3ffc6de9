"""Where the best few trials lie on every axis, and the sides that they lie too near to."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import altair as alt

from ..analyze.checks.boundary import Boundary, Top
from ..analyze.checks.boundary_side import Side
from ..wording import quantity
from .layers import Row, rows
from .scales import shown
from .strips import across, bars, down, ends, lines, strips

_WORDS = {"low": "lower", "high": "upper"}
# As shares of a strip: nearer to each other, two numbered marks would hide one another ...
_TOUCHING = 0.08
# ... and stand above and below each other, this many pixels from the line.
_LANES = (0, 11, -11, 22, -22)


def draw(result: Boundary) -> alt.LayerChart:
    """A strip for each hyperparameter, its edges shaded, the best few trials numbered.

    Source: C1, D3.
    """
    names = list(dict.fromkeys(side.hyperparameter for side in result.sides))
    sides = {(side.hyperparameter, side.side): side for side in result.sides}
    labels = {name: (_label(sides[name, "low"]), _label(sides[name, "high"])) for name in names}
    edges = [side for side in result.sides if side.near]
    quiet = [_edge(side) for side in edges if side.status == "ok"]
    marked = [_edge(side) for side in edges if side.status != "ok"]
    layers = [
        bars(quiet, names, "outside"),
        bars(marked, names, "box"),
        lines(names),
        *ends(labels),
        *_numbered(result, names),
    ]
    return strips(layers, len(names), "the best trials on every axis")


def caption(result: Boundary) -> str:
    """Which sides cut off what is good, which end where training breaks, and which are unclear.

    Source: C1, D3.
    """
    if not result.sides:
        return "No hyperparameter of this study has bounds."
    if all(side.reason and not side.fall for side in result.sides if not side.natural):
        reason = next((side.reason for side in result.sides if side.reason), "")
        return f"No side can be judged: {reason}." if reason else "No bound of this study can move."
    groups = {
        "Cut off what is good": [side for side in result.sides if side.status == "problem"],
        "End where training breaks": [
            side for side in result.sides if side.status == "notice" and side.cliff
        ],
        "The best lie near, which may be chance": [
            side for side in result.sides if side.status == "notice" and not side.cliff
        ],
        "Unclear": [side for side in result.sides if side.status == "unclear"],
    }
    said = [
        f"{title}: {', '.join(_named(side) for side in found)}."
        for title, found in groups.items()
        if found
    ]
    tops = quantity(len(result.tops[0].trials), "trial") if result.tops else "0 trials"
    first = f"The best {tops} by rank, from bound to bound; near an edge is shaded."
    return " ".join([first, *(said or ["No side cuts off what is good."])])


def _named(side: Side) -> str:
    return f"{side.hyperparameter} at its {_WORDS[side.side]} bound {shown(side.bound)}"


def _label(side: Side) -> str:
    more = ""
    if side.status == "problem":
        more = "widen"
    elif side.cliff:
        more = "breaks"
    elif side.natural:
        more = "limit"
    if not more:
        return shown(side.bound)
    return (
        f"{more} \u2190 {shown(side.bound)}"
        if side.side == "low"
        else f"{shown(side.bound)} \u2192 {more}"
    )


def _edge(side: Side) -> Row:
    ends_at = (0.0, side.near) if side.side == "low" else (1.0 - side.near, 1.0)
    return {"name": side.hyperparameter, "x": ends_at[0], "x2": ends_at[1]}


def _numbered(result: Boundary, names: list[str]) -> list[alt.Chart]:
    """Two layers a rank and lane, the best on top, so that no number is hidden by another."""
    tooltip = [alt.Tooltip("trial:N"), alt.Tooltip("rank:N")]
    count = max((len(top.trials) for top in result.tops), default=0)
    lanes = [_lanes(top.units) for top in result.tops]
    layers = []
    for place, lane in itertools.product(reversed(range(count)), _LANES):
        found = [
            _place(top, place)
            for top, mine in zip(result.tops, lanes, strict=True)
            if mine[place] == lane
        ]
        if found:
            marks = rows(found).mark_circle(style="best", size=200, yOffset=lane)
            rank = rows(found).mark_text(style="best-rank", dy=lane + 0.5)
            layers += [
                marks.encode(x=across(), y=down(names), tooltip=tooltip),
                rank.encode(x=across(), y=down(names), text="rank:N"),
            ]
    return layers


def _lanes(units: Sequence[float]) -> list[int]:
    """How far from the line each stands: the better nearer to it, none on one that it touches."""
    lanes: list[int] = []
    for unit in units:
        taken = [
            lane for other, lane in zip(units, lanes, strict=False) if abs(unit - other) < _TOUCHING
        ]
        lanes.append(min(_LANES, key=lambda lane: (taken.count(lane), _LANES.index(lane))))
    return lanes


def _place(top: Top, place: int) -> Row:
    return {
        "name": top.hyperparameter,
        "x": top.units[place],
        "rank": str(place + 1),
        "trial": str(top.trials[place]),
    }
