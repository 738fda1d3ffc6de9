"""Where the best few trials lie on every axis, and the sides that they lie too near to."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import altair as alt

from ..analyze.checks.boundary import Boundary, Top
from ..analyze.checks.boundary_side import Side
from ..wording import join, number, quantity
from .layers import Row, chart_of, marking
from .scales import value_label
from .strips import strip_bars, strip_labels, strip_lines, strip_x, strip_y, strips_chart

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
    in_order = [_edge(side) for side in edges if side.status == "ok"]
    flagged = [_edge(side) for side in edges if side.status != "ok"]
    layers = [
        strip_bars(in_order, names, "outside"),
        strip_bars(flagged, names, "box"),
        strip_lines(names),
        *strip_labels(labels),
        *_numbered_marks(result, names),
    ]
    return strips_chart(layers, len(names), "the best trials on every axis")


def has_marks(result: Boundary) -> bool:
    """Whether there is anything to draw."""
    return any(top.trials for top in result.tops)


def caption(result: Boundary) -> str:
    """The sides that cut off good settings, those that end where training breaks, and unclear ones.

    Source: C1, D3.
    """
    if not result.sides:
        return "No hyperparameter of this study has bounds."
    if all(side.reason and not side.fall for side in result.sides if not side.natural):
        reason = next((side.reason for side in result.sides if side.reason), "")
        return f"No side can be judged: {reason}." if reason else "No bound of this study can move."
    groups = {
        "cut off what is good": [side for side in result.sides if side.status == "problem"],
        "ends where training breaks": [
            side for side in result.sides if side.status == "notice" and side.cliff
        ],
        "near an edge, perhaps by chance": [
            side for side in result.sides if side.status == "notice" and not side.cliff
        ],
        "unclear": [side for side in result.sides if side.status == "unclear"],
    }
    clauses = [
        f"{title}: {join([_name(side) for side in sides], most=1)}"
        for title, sides in groups.items()
        if sides
    ]
    tops = quantity(len(result.tops[0].trials), "trial") if result.tops else "0 trials"
    clause = next(iter(clauses), "no side cuts off what is good")
    return f"The best {tops} from bound to bound, edges shaded; {clause}."


def _name(side: Side) -> str:
    return f"{side.hyperparameter} at its {_WORDS[side.side]} bound {number(side.bound, 2)}"


def _label(side: Side) -> str:
    word = ""
    if side.status == "problem":
        word = "widen"
    elif side.cliff:
        word = "breaks"
    elif side.natural:
        word = "limit"
    if not word:
        return value_label(side.bound)
    return (
        f"{word} \u2190 {value_label(side.bound)}"
        if side.side == "low"
        else f"{value_label(side.bound)} \u2192 {word}"
    )


def _edge(side: Side) -> Row:
    x, x2 = (0.0, side.near) if side.side == "low" else (1.0 - side.near, 1.0)
    return {"name": side.hyperparameter, "x": x, "x2": x2}


def _numbered_marks(result: Boundary, names: list[str]) -> list[alt.Chart]:
    """Two layers a rank and lane, the best on top, so that no number is hidden by another."""
    tooltip, text = [alt.Tooltip("trial:Q"), alt.Tooltip("rank:N")], alt.Text("rank:N")
    count = max((len(top.trials) for top in result.tops), default=0)
    lanes_by_axis = [_lanes(top.units) for top in result.tops]
    layers = []
    for place, lane in itertools.product(reversed(range(count)), _LANES):
        rows = [
            _row(top, place)
            for top, lanes in zip(result.tops, lanes_by_axis, strict=True)
            if lanes[place] == lane
        ]
        if rows:
            marks = chart_of(rows).mark_circle(style="best", size=200, yOffset=lane)
            ranks = chart_of(rows).mark_text(style="best-rank", dy=lane + 0.5)
            layers += [
                marks.encode(x=strip_x(), y=strip_y(names), tooltip=tooltip, **marking()),
                ranks.encode(x=strip_x(), y=strip_y(names), text=text, **marking()),
            ]
    return layers


def _lanes(units: Sequence[float]) -> list[int]:
    """How far from the line each trial stands: better ones nearer, none on one that it touches."""
    lanes: list[int] = []
    for unit in units:
        taken = [
            lane for other, lane in zip(units, lanes, strict=False) if abs(unit - other) < _TOUCHING
        ]
        lanes.append(min(_LANES, key=lambda lane: (taken.count(lane), _LANES.index(lane))))
    return lanes


def _row(top: Top, place: int) -> Row:
    return {
        "name": top.hyperparameter,
        "x": top.units[place],
        "rank": str(place + 1),
        "trial": top.trials[place],
    }
