"""How a hyperparameter and an objective lie along an axis: scale, ticks, readable labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any, Literal, TypeAlias, final

import altair as alt

from ..experiment.objective import Objective
from ..space import Choice, Domain, Integer, Real, Scalar, value_text
from ..wording import chart_number, quantity

# Over a decade, a linear axis crowds the best.
LOG_ABOVE = 10.0
# The share of values at either end that may leave an axis ...
_TAIL = 0.01
# ... unless it grows no more than by this share of itself to hold them, or little in all. Of few
# values each is a large share, so to hold them it may grow by more.
_NEAR = 0.5
_SEVERAL = 5
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


Side: TypeAlias = Literal["low", "high", ""]


@final
@dataclass(frozen=True)
class MetricAxis:
    """The axis of a metric: its name, the values to show, and whether higher is better.

    It runs from the 1st to the 99th percentile of the values, and to the very last where that is
    near; what lies further out is drawn at its edge (`side` tells which), so that no single value
    stretches it. Where lower is better, values over more than a decade stand on a logarithmic
    scale, which keeps the best apart, but where `linear` rules that out. Where higher is better,
    such a scale would crowd the best together.
    """

    name: str
    values: Sequence[float]
    maximize: bool
    linear: bool = False

    @property
    def title(self) -> str:
        """The name of the metric, with a note where the scale is logarithmic."""
        return f"{self.name} (log scale)" if self.logarithmic else self.name

    @property
    def oriented_title(self) -> str:
        """The name of the metric, which of its values are better, and a note on the scale."""
        better = f"{Objective(self.name, self.maximize).better} is better"
        return f"{self.name} ({better}{', log scale' if self.logarithmic else ''})"

    @cached_property
    def logarithmic(self) -> bool:
        """Whether the scale is logarithmic."""
        finite = [value for value in self.values if math.isfinite(value)]
        positive = [value for value in finite if value > 0]
        # One zero among losses has no logarithm, and leaves the axis as any far value does.
        most = max(len(finite) >= _SEVERAL, _TAIL * len(finite))
        if self.linear or self.maximize or not positive or len(finite) - len(positive) > most:
            return False
        low, high = limits(positive, logarithmic=True)
        return high / low > LOG_ABOVE

    @cached_property
    def domain(self) -> tuple[float, float]:
        """The ends of the axis, with room around the values."""
        low, high = self._ends
        if self.logarithmic:
            low, high = _padded_log_domain(low, high, room=0.07)
            return low, high
        room = 0.07 * (high - low) or 0.05 * abs(high) or 1.0
        return low - room, high + room

    def side(self, value: float) -> Side:
        """The end of the axis that a value lies beyond; empty for one that it holds."""
        low, high = self.domain
        if value < low:
            return "low"
        return "high" if value > high else ""

    def place(self, value: float) -> float:
        """Where a value lies on the scale: itself, or its logarithm, minus infinity for zero."""
        if not self.logarithmic:
            return value
        return math.log10(value) if value > 0 else -math.inf

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1; at an end for one beyond it."""
        low, high = map(self.place, self.domain)
        return (min(max(self.place(value), low), high) - low) / (high - low)

    def ticks(self, *, most: int = 6) -> list[float]:
        """At most about so many round values along the axis."""
        if self.logarithmic:
            return log_ticks(*self._ends, most=most)
        return linear_ticks(*self.domain, most=most)

    def y(self, field: str, pixels: Sequence[int]) -> alt.Y:
        """The y axis of a field of the data, between two heights in pixels."""
        axis = alt.Axis(title=None, labelExpr=_LABEL, labelOverlap="greedy", **self._ticks())
        return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(range=list(pixels), **self._extent()))

    def x(self, field: str, **scale: Any) -> alt.X:
        """The x axis of a field of the data, with the title."""
        axis = alt.Axis(
            title=self.oriented_title,
            titleAnchor="start",  # a long one, centred, would need room to the left
            labelExpr=_LABEL,
            labelOverlap="greedy",
            labelSeparation=6,
            **self._ticks(),
        )
        return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(**self._extent(), **scale))

    @cached_property
    def _ends(self) -> tuple[float, float]:
        finite = [value for value in self.values if math.isfinite(value)] or [0.0, 1.0]
        if self.logarithmic:
            return limits([value for value in finite if value > 0], logarithmic=True)
        return limits(finite)

    def _ticks(self) -> dict[str, Any]:
        if self.logarithmic:
            return {"values": log_ticks(*self._ends, most=8)}
        return {"tickCount": 5}

    def _extent(self) -> dict[str, Any]:
        kind = "log" if self.logarithmic else "linear"
        zero = {} if self.logarithmic else {"zero": False}
        # Clamped, what lies beyond an end is drawn on it, and keeps its value.
        return {"type": kind, "domain": list(self.domain), "nice": False, "clamp": True, **zero}


def limits(values: Sequence[float], *, logarithmic: bool = False) -> tuple[float, float]:
    """The 1st and the 99th percentile of values, or their very ends where these are near.

    No single value moves them far, whatever it is.

    >>> limits([0.1, 0.2, 0.3, 0.2, 0.1, 0.25, 1e18]), limits([1.0, 2.0])
    ((0.1, 0.3), (1.0, 2.0))
    """
    ordered = sorted(values)
    places = [math.log10(value) for value in ordered] if logarithmic else ordered
    last = len(ordered) - 1
    begin, end = math.ceil(_TAIL * last), math.floor((1 - _TAIL) * last)
    if begin > end:  # two values
        begin, end = 0, last
    room = max(_NEAR, 10 / len(ordered)) * (places[end] - places[begin])
    if logarithmic:  # by a factor of two, of few values of ten
        room = max(room, math.log10(2.0), min(1.0, 10 / len(ordered)))
    else:  # by a tenth of their size, of few values by all of it
        room = max(room, max(0.1, min(1.0, 3 / len(ordered))) * median(map(abs, ordered)))
    low = 0 if places[begin] - places[0] <= room else begin
    high = last if places[last] - places[end] <= room else end
    return ordered[low], ordered[high]


def beyond_note(count: int, noun: str = "value") -> str:
    """A note on how many values a chart draws at its edge; empty without any."""
    return f"{quantity(count, noun)} beyond the axis" if count else ""


def linear_ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """At most so many round values from low to high, evenly spaced.

    >>> linear_ticks(0.0, 1.0), linear_ticks(0.93, 0.99, most=3)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.94, 0.96, 0.98])
    """
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def log_ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Readable ticks of a logarithmic axis: powers of ten, with 2 and 5 between where they are few.

    >>> log_ticks(0.001, 10.0), log_ticks(0.02, 0.2)
    ([0.001, 0.01, 0.1, 1.0, 10.0], [0.02, 0.05, 0.1, 0.2])
    >>> log_ticks(0.0021, 0.0049)
    [0.0025, 0.003, 0.0035, 0.004, 0.0045]
    """
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [float(f"{step}e{exponent}") for exponent in exponents for step in (1, 2, 5)]
    coarse = [float(f"1e{exponent}") for exponent in exponents]
    inside = [
        [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001] for ticks in (fine, coarse)
    ]
    if len(inside[0]) < 2 <= most:  # between two of the usual ones
        return linear_ticks(low, high, most=most)
    if len(inside[0]) <= most:
        return inside[0]
    return inside[1][:: math.ceil(len(inside[1]) / most)]


def domain_ticks(domain: Domain, *, most: int = 4) -> list[Scalar]:
    """Readable values along a hyperparameter; all values of a list.

    >>> domain_ticks(Real(0.7, 0.999, scale="one_minus_log")), domain_ticks(Integer(1, 64))
    ([0.999, 0.99, 0.9], [20, 40, 60])
    """
    if isinstance(domain, Choice):
        return list(domain.values)
    if domain.scale == "one_minus_log":
        rest = log_ticks(1.0 - domain.high, 1.0 - domain.low, most=most)
        return [round(1.0 - tick, 12) for tick in rest]
    if domain.scale == "log":
        ticks = log_ticks(domain.low, domain.high, most=most)
    else:
        ticks = linear_ticks(domain.low, domain.high, most=most)
    if isinstance(domain, Integer):
        return list(dict.fromkeys(int(tick) for tick in ticks if tick == int(tick)))
    return list(ticks)


def integer_ticks(low: int, high: int) -> dict[str, Any]:
    """The ticks of an axis of whole numbers: each where they are few, else as many as fit.

    >>> integer_ticks(1, 3)
    {'values': [1, 2, 3]}
    """
    # Vega's `tickMinStep` alone still halves the steps of the shortest axes.
    return {"values": list(range(low, high + 1))} if high - low <= 10 else {"tickMinStep": 1}


def tick_label(value: Any) -> str:
    """A value at an axis, short: powers of ten far from 1 by their exponent.

    >>> tick_label(0.0001), tick_label(0.02), tick_label("relu")
    ('1e-4', '0.02', 'relu')
    """
    if isinstance(value, float) and 0 < abs(value) < 1e-3:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return value_label(value)


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
