"""Rows of values beside each other: a name, marks along a shared axis, a number at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import altair as alt

from .layers import Row, chart_of, constant, edge_marks
from .scales import MetricAxis

# Pixels of a row: in a narrow chart its name stands so far above its middle.
ROW: Final = 34
_ABOVE: Final = 13
# Pixels of a character of a name and of a number, and between them and the axis. A short name of
# wide letters, as `width=256`, has few narrow ones to make up for them: it needs the more.
_NAME_CHARACTER: Final = 8.0
_WIDE_NAME: Final = 14
_CHARACTER: Final = 6.2
_GAP: Final = 12
_APART: Final = 24
# Pixels of the place where crosses stand, beside the worse end of the axis.
RAIL: Final = 72
# Narrower, as on a phone, the short texts stand.
_NARROW: Final = "width < 440"


@final
@dataclass(frozen=True)
class ValueRows:
    """The places of rows: `texts` has what ends each row, by its name, in short and with more.

    In a narrow chart the names stand above their rows, and the short texts. Where something
    failed, a rail for its crosses stands beside the worse end of the axis.
    """

    axis: MetricAxis
    texts: Mapping[str, tuple[str, str]]
    rail: bool = False

    @property
    def y(self) -> alt.Y:
        """The rows, in the order of the names."""
        # The order stands in the domain: as `sort`, Vega would put the names into expressions.
        scale = alt.Scale(type="point", padding=0.5, domain=list(self.texts))
        return alt.Y("row:N", sort=None, axis=None, scale=scale)

    def x(self, field: str = "value") -> alt.X:
        """The axis of the metric, between the names and the numbers."""
        left, right = self._ends
        return self.axis.x(field, range=[alt.ExprRef(left), alt.ExprRef(right)])

    def rail_x(self) -> alt.XValue:
        """The rail, for a field `x` from 0 to 1."""
        # Pixels, not a second scale: all layers of a chart share one along x.
        left, right = self._ends
        begin = f"{left} - {RAIL}" if self.axis.maximize else f"{right} + {_APART}"
        place: alt.XValue = constant("x", alt.ExprRef(f"{begin} + {RAIL - _APART} * datum.x"))
        return place

    def labels(self) -> list[alt.Chart]:
        """The names before the rows, cut to their place, and the numbers behind them."""
        rows = [
            {"row": name, "short": short, "shown": shown}
            for name, (short, shown) in self.texts.items()
        ]
        names = chart_of(rows).mark_text(
            style="name",
            align="left",
            dy=alt.ExprRef(f"{_NARROW} ? {-_ABOVE} : 0"),
            limit=alt.ExprRef(f"{_NARROW} ? 0.7 * width : {self._name_width}"),
        )
        text = alt.ExprRef(f"{_NARROW} ? datum.short : datum.shown")
        numbers = chart_of(rows).mark_text(style="number", align="right", text=text)
        return [
            names.encode(x=constant("x", 0), y=self.y, text=alt.Text("row:N")),
            numbers.encode(x=constant("x", "width"), y=self.y),
        ]

    def edge_layers(self, rows: Sequence[Row], tooltip: Sequence[alt.Tooltip]) -> list[alt.Chart]:
        """Triangles for the rows of data whose `value` lies beyond the axis."""
        low = [row for row in rows if self.axis.side(row["value"]) == "low"]
        high = [row for row in rows if self.axis.side(row["value"]) == "high"]
        return [
            *edge_marks(low, "left", self.x(), self.y, tooltip),
            *edge_marks(high, "right", self.x(), self.y, tooltip),
        ]

    @cached_property
    def _name_width(self) -> str:
        longest = max(map(len, self.texts), default=0)
        return f"min({longest * _NAME_CHARACTER + _WIDE_NAME:.0f}, 0.34 * width)"

    @cached_property
    def _ends(self) -> tuple[str, str]:
        """Where the axis begins and ends, as expressions of the width."""
        before, behind = (_GAP + RAIL * (self.rail and at) for at in self._rail_sides)
        short, shown = (
            max((len(texts[place]) for texts in self.texts.values()), default=0) * _CHARACTER
            for place in (0, 1)
        )
        text = f"({_NARROW} ? {short:.0f} : {shown:.0f})"
        names = f"({_NARROW} ? 0 : {self._name_width})"
        return f"{names} + {before}", f"width - {text} - {behind}"

    @property
    def _rail_sides(self) -> tuple[bool, bool]:
        """Whether the rail stands before the axis, and whether behind it: where it is worse."""
        return self.axis.maximize, not self.axis.maximize
