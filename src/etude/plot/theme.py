"""How charts look, on light and on dark: marks name a style, a theme says what it is.

So one chart serves both themes: a page swaps the configuration, not the chart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import altair as alt
from altair.utils.schemapi import debug_mode

FONT: Final = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif'
# The best few are told apart by shape and dash as well as by colour.
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "triangle-down")
DASHES: Final = ([1, 0], [6, 2], [2, 2], [8, 2, 2, 2], [4, 4])


@final
@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours by what they mean; `best` holds one for each of the best few."""

    paper: str
    ink: str
    quiet: str
    line: str
    rest: str
    accent: str
    infeasible: str
    best: tuple[str, ...]


# A page's style sheet says what these are, so its charts follow light, dark and print.
VARIABLES: Final = Palette(
    paper="var(--paper)",
    ink="var(--ink)",
    quiet="var(--quiet)",
    line="var(--line)",
    rest="var(--rest)",
    accent="var(--accent)",
    infeasible="var(--infeasible)",
    best=tuple(f"var(--best-{rank})" for rank in range(1, 6)),
)
# After Okabe and Ito, their vermilion left to what is infeasible; every mark stands out from the
# paper by 3:1 or more.
LIGHT: Final = Palette(
    paper="#ffffff",
    ink="#1b1f24",
    quiet="#5b6470",
    line="#dfe3e8",
    rest="#8a939e",
    accent="#0b5fa5",
    infeasible="#c2260c",
    best=("#0b5fa5", "#a86a00", "#00795a", "#8a4a9e", "#3d4650"),
)
DARK: Final = Palette(
    paper="#14171c",
    ink="#e8ebef",
    quiet="#a3acb8",
    line="#2c323a",
    rest="#78828e",
    accent="#6cb6f5",
    infeasible="#ff7d5e",
    best=("#6cb6f5", "#f0b440", "#3cc79b", "#d59be6", "#d5dbe2"),
)


def config(palette: Palette) -> dict[str, Any]:
    """The Vega-Lite configuration of a palette."""
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "padding": {"left": 4, "right": 12, "top": 6, "bottom": 4},
        "axis": _axis(palette),
        "title": _title(palette),
        "aria": False,  # each chart is described in a sentence; two thousand marks would drown it
        "legend": _legend(palette),
        "range": {"category": list(palette.best)},
        "style": _styles(palette),
    }


def themed(chart: alt.TopLevelMixin, palette: Palette = LIGHT, *, width: int = 0) -> dict[str, Any]:
    """The chart's specification in a palette; `width` in pixels stands for its container's."""
    spec = specification(chart)
    spec["config"] = {**config(palette), "background": palette.paper}
    if width and spec.get("width") == "container":
        spec["width"] = width
    return spec


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart's Vega-Lite specification without a configuration, its data inline."""
    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = chart.to_dict(validate=False)
    spec.pop("config", None)
    return spec


def drawn(draw: Callable[[], alt.TopLevelMixin]) -> dict[str, Any]:
    """The specification of what is drawn, its parts not asked each whether they are in order.

    They are the same for any data, and a test asks the charts as a whole: on a page of 500 studies
    that check alone takes longer than all else.
    """
    with debug_mode(arg=False):
        return specification(draw())


def _axis(palette: Palette) -> dict[str, Any]:
    return {
        "domainColor": palette.quiet,
        "gridColor": palette.line,
        "tickColor": palette.quiet,
        "tickSize": 4,
        "labelColor": palette.quiet,
        "labelFontSize": 11,
        "labelPadding": 4,
        "titleColor": palette.ink,
        "titleFontSize": 12,
        "titleFontWeight": 600,
        "titlePadding": 8,
        "titleLimit": {"expr": "width"},
    }


def _title(palette: Palette) -> dict[str, Any]:
    return {
        "anchor": "start",
        "frame": "bounds",
        "fontSize": 12,
        "fontWeight": 600,
        "color": palette.ink,
        "subtitleColor": palette.quiet,
        "subtitleFontSize": 11,
        "subtitlePadding": 3,
        "offset": 8,
        "limit": {"expr": "width"},
    }


def _legend(palette: Palette) -> dict[str, Any]:
    return {
        "orient": "top",
        "direction": "horizontal",
        "labelColor": palette.ink,
        "labelFontSize": 11,
        "labelLimit": 260,
        "titleColor": palette.quiet,
        "titleFontSize": 11,
        "titleFontWeight": 400,
        "symbolStrokeWidth": 2,
        "symbolSize": 120,
        "symbolBaseStrokeColor": palette.ink,
    }


def _styles(palette: Palette) -> Mapping[str, Any]:
    red, paper, accent, quiet = palette.infeasible, palette.paper, palette.accent, palette.quiet
    return {
        "rest": {"color": palette.rest, "stroke": paper, "strokeWidth": 0.75, "opacity": 0.85},
        "point": {"color": palette.rest, "opacity": 0.6},
        "rest-line": {"color": palette.rest, "strokeWidth": 0.9, "opacity": 0.5},
        "rest-tick": {"color": palette.rest, "opacity": 0.6},
        "best": {"color": accent, "stroke": paper, "strokeWidth": 1, "opacity": 1},
        "best-rank": {"color": paper, "fontSize": 10, "fontWeight": 700},
        "best-line": {"strokeWidth": 2.2, "opacity": 1},
        "lead-line": {"color": accent, "strokeWidth": 2.2, "opacity": 1},
        "fork": {"color": accent, "fill": paper, "strokeWidth": 1.5, "opacity": 1},
        "best-mark": {"stroke": paper, "strokeWidth": 1, "opacity": 1},
        "faint-line": {"strokeWidth": 1, "opacity": 0.35},
        "beyond": {"color": palette.ink, "filled": True, "opacity": 0.9},
        "infeasible": {"color": red, "strokeWidth": 1.8, "opacity": 1},
        "stopped": {"color": palette.ink, "fill": paper, "strokeWidth": 1.3, "opacity": 1},
        "infeasible-line": {"color": red, "strokeWidth": 1, "opacity": 0.7, "strokeDash": [4, 2]},
        "infeasible-label": {"color": red, "fontSize": 11},
        "rail": {"color": red, "strokeWidth": 0.75, "opacity": 0.4},
        "bound": {"color": quiet, "strokeWidth": 1, "strokeDash": [3, 3]},
        "outside": {"color": quiet, "opacity": 0.14},
        "interval": {"color": accent, "strokeWidth": 2},
        "rest-interval": {"color": palette.rest, "strokeWidth": 2},
        "interval-cap": {"color": accent, "opacity": 1},
        "name": {"color": palette.ink, "fontSize": 12, "fontWeight": 600},
        "tick": {"color": quiet, "fontSize": 11},
        "panel": {"color": quiet, "opacity": 0.05},
        "grid": {"color": palette.line, "strokeWidth": 1},
        "note": {"fill": quiet, "font": FONT},
        "number": {"color": palette.ink, "fontSize": 11},
        "box": {"color": accent, "opacity": 0.28},
        "median": {"color": accent, "opacity": 1},
    }
