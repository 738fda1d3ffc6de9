"""How a hyperparameter and an objective lie along an axis: scale, ticks, readable labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import altair as alt

from ..space import Choice, Domain, Integer, Real, Scalar, value_text
from ..wording import chart_number

# Heuristic: where the worst is more than five times the best, a linear axis crowds the best.
LOG_ABOVE = 5.0
# Powers of ten far from 1 are read as such: 1e-5, not 0.00001.
_LABEL = "format(datum.value, abs(datum.value) < 1e-3 && datum.value != 0 ? '~e' : '~g')"


def position(domain: Domain, value: Scalar) -> float | str:
    """Where a chart puts a value: itself, 1 - value on the `one_minus_log` scale, or its text."""
    if isinstance(domain, Choice):
        return value_text(value)
    if domain.scale == "one_minus_log":
        return 1.0 - float(value)
    return float(value)


def domain_axis(name: str, domain: Domain, field: str = "x") -> alt.X:
    """The x axis of a hyperparameter on its own scale; its title names any but a linear one."""
    if isinstance(domain, Choice):
        return _choice_axis(name, [value_text(value) for value in domain.values], field)
    if domain.scale == "one_minus_log":
        return _one_minus_log_axis(name, domain.low, domain.high, field)
    logarithmic = domain.scale == "log"
    scale = alt.Scale(
        type="log" if logarithmic else "linear",
        domain=_padded_domain(domain, logarithmic=logarithmic),
        nice=False,
    )
    ticks = {"values": log_ticks(domain.low, domain.high)} if logarithmic else _linear_ticks(domain)
    title = f"{name} (log scale)" if logarithmic else name
    axis = alt.Axis(title=title, labelExpr=_LABEL, grid=False, **ticks)
    return alt.X(f"{field}:Q", scale=scale, axis=axis)


@final
@dataclass(frozen=True)
class MetricAxis:
    """The axis of a metric: its name, the values to show, and whether higher is better.

    Where lower is better, values that span much stand on a logarithmic scale, which keeps the best
    apart. Where higher is better, such a scale would crowd the best together.
    """

    name: str
    values: Sequence[float]
    maximize: bool

    @property
    def title(self) -> str:
        """The name of the metric, with a note where the scale is logarithmic."""
        return f"{self.name} (log scale)" if self.logarithmic else self.name

    @property
    def logarithmic(self) -> bool:
        """Whether the scale is logarithmic."""
        low, high = self._ends
        return not self.maximize and low > 0 and high / low > LOG_ABOVE

    def y(self, field: str, pixels: Sequence[int]) -> alt.Y:
        """The y axis of a field of the data, between two heights in pixels."""
        axis = alt.Axis(title=None, labelExpr=_LABEL, labelOverlap="greedy", **self._ticks())
        return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(range=list(pixels), **self._extent()))

    def x(self, field: str) -> alt.X:
        """The x axis of a field of the data, with the title."""
        axis = alt.Axis(title=self.title, labelExpr=_LABEL, labelOverlap="greedy", **self._ticks())
        return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(**self._extent()))

    @cached_property
    def _ends(self) -> tuple[float, float]:
        finite = [value for value in self.values if math.isfinite(value)] or [0.0, 1.0]
        return min(finite), max(finite)

    def _ticks(self) -> dict[str, Any]:
        low, high = self._ends
        return {"values": log_ticks(low, high, most=8)} if self.logarithmic else {"tickCount": 5}

    def _extent(self) -> dict[str, Any]:
        low, high = self._ends
        if self.logarithmic:
            return {
                "type": "log",
                "domain": _padded_log_domain(low, high, room=0.07),
                "nice": False,
            }
        room = 0.07 * (high - low) or 0.05 * abs(high) or 1.0
        return {"type": "linear", "domain": [low - room, high + room], "nice": False, "zero": False}


def log_ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Readable ticks of a logarithmic axis: powers of ten, with 2 and 5 between where they are few.

    >>> log_ticks(0.001, 10.0), log_ticks(0.02, 0.2)
    ([0.001, 0.01, 0.1, 1.0, 10.0], [0.02, 0.05, 0.1, 0.2])
    """
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [float(f"{step}e{exponent}") for exponent in exponents for step in (1, 2, 5)]
    coarse = [float(f"1e{exponent}") for exponent in exponents]
    inside = [
        [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001] for ticks in (fine, coarse)
    ]
    if len(inside[0]) <= most:
        return inside[0]
    return inside[1][:: math.ceil(len(inside[1]) / most)]


def integer_ticks(low: int, high: int) -> dict[str, Any]:
    """The ticks of an axis of whole numbers: each where they are few, else as many as fit.

    >>> integer_ticks(1, 3)
    {'values': [1, 2, 3]}
    """
    # Vega's `tickMinStep` alone still halves the steps of the shortest axes.
    return {"values": list(range(low, high + 1))} if high - low <= 10 else {"tickMinStep": 1}


def value_label(value: Any) -> str:
    """A value of a setting as people read it."""
    if isinstance(value, float):
        return chart_number(value)
    return value_text(value) if isinstance(value, bool | int | str) else str(value)


def _choice_axis(name: str, texts: list[str], field: str) -> alt.X:
    # The order stands in the domain: as `sort`, Vega would put the texts into expressions.
    scale = alt.Scale(type="point", padding=0.5, domain=texts)
    # So much text fits beside each other on a phone.
    angle = 0 if sum(map(len, texts)) <= 36 else -40
    # Long values often differ at their ends: what is cut is the middle.
    axis = alt.Axis(
        title=name,
        labelAngle=angle,
        labelLimit=140,
        labelExpr="truncate(datum.label, 20, 'center')",
    )
    return alt.X(f"{field}:N", sort=None, axis=axis, scale=scale)


def _one_minus_log_axis(name: str, low: float, high: float, field: str) -> alt.X:
    ticks: Sequence[float] = log_ticks(1.0 - high, 1.0 - low)
    label = "format(1 - datum.value, '.6~f')"
    scale = alt.Scale(
        type="log", reverse=True, nice=False, domain=_padded_log_domain(1.0 - high, 1.0 - low)
    )
    axis = alt.Axis(
        title=f"{name} (log scale of 1 − x)", values=list(ticks), labelExpr=label, grid=False
    )
    return alt.X(f"{field}:Q", scale=scale, axis=axis)


def _linear_ticks(domain: Real | Integer) -> dict[str, Any]:
    return (
        integer_ticks(domain.low, domain.high) if isinstance(domain, Integer) else {"tickCount": 5}
    )


def _padded_domain(domain: Any, *, logarithmic: bool) -> list[float]:
    if logarithmic:
        return _padded_log_domain(domain.low, domain.high)
    room = 0.03 * (domain.high - domain.low)
    return [domain.low - room, domain.high + room]


def _padded_log_domain(low: float, high: float, *, room: float = 0.03) -> list[float]:
    factor = (high / low) ** room
    return [low / factor, high * factor]
