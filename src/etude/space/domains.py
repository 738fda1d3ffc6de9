"""Domains: Real, Integer and Choice, where a hyperparameter may lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias, TypeGuard, final

from ..errors import SpaceError
from .rounding import exponent, power, rounded
from .values import Scalar, is_number, is_scalar, plain, value_text

Scale: TypeAlias = Literal["linear", "log", "one_minus_log"]
Limits: TypeAlias = tuple[float, float]
# Of an axis: towards its lower bound, or towards its upper one.
Side: TypeAlias = Literal["low", "high"]
SCALES: tuple[Scale, ...] = ("linear", "log", "one_minus_log")
# Significant digits of a value: an axis has ten billion values and more, and each reads well.
DIGITS = 10
# With so many digits, a float and the cube's coordinates still tell every value apart.
MOST_DIGITS = 14
# Beyond, 1 - x is finer than the floats near 1.
MOST_DECIMALS = 15
# Whole numbers are exact up to here on a log scale, and up to 10**MOST_DIGITS on a linear one.
LOG_DIGITS = 12
# Fewer listed numbers have no course, and 0 and 1 are off and on.
MIN_NUMBERS = 3
# Beyond, a float does not hold the borders between whole numbers well.
WHOLE = 10**15


@final
@dataclass(frozen=True)
class Real:
    """A real hyperparameter between `low` and `high`, both included.

    Args:
        low: The lower bound, in the hyperparameter's own unit.
        high: The upper bound, above `low`.
        scale: How the unit interval maps to values: `linear`; `log`, evenly in log(x); or
            `one_minus_log`, evenly in log(1 - x), for momentum and betas near 1.
        log: Short for `scale="log"`.
        units: What it is counted in, for people: "steps".
        limits: The values that no bound can cross, whatever the evidence: (0, 1) for a probability.

    Values have ten significant digits (of the width of the range where it is linear, of 1 - x where
    that is the scale), so that `value(unit(x)) == x` for each value x and either bound.

    Raises:
        SpaceError: for bounds that the scale cannot have.

    >>> Real(1e-4, 1.0, log=True).value(0.5)
    0.01
    """

    low: float
    high: float
    scale: Scale = field(default="linear", kw_only=True)
    log: bool = field(default=False, kw_only=True)
    units: str = field(default="", kw_only=True)
    limits: Limits | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Settles `scale` and `log` and refuses impossible bounds."""
        if self.log is True and self.scale == "one_minus_log":
            raise SpaceError(
                'Real takes log=True or scale="one_minus_log", got both. Keep the one you mean.'
            )
        _check_bounds("Real", self.low, self.high, whole=False)
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        _settle_scale(self, "Real", SCALES)
        _check_apart("Real", self.low, self.high, self._warped(self.high) - self._warped(self.low))
        _settle_extras(self, "Real")

    def value(self, unit: float) -> float:
        """The value at `unit` in [0, 1]."""
        if not 0.0 < unit < 1.0:
            return self.low if unit <= 0.0 else self.high
        low, width = self.span
        plain = low + unit * width
        if self.scale == "one_minus_log":
            rest = math.exp(-plain)
            digits = self.decimals(rest)
            return _value_or_bound(self, rounded(1.0 - rounded(rest, digits), digits), unit)
        plain = math.exp(plain) if self.scale == "log" else plain
        return _value_or_bound(self, rounded(plain, self.decimals(plain)), unit)

    def unit(self, value: Scalar) -> float:
        """The coordinate of `value` on this scale: 0 at `low`, 1 at `high`."""
        low, width = self.span
        return (self._warped(float(value)) - low) / width

    @cached_property
    def span(self) -> tuple[float, float]:
        """The lower bound on its scale, and how far the upper one lies from it."""
        low, high = self._warped(self.low), self._warped(self.high)
        return low, high - low

    @cached_property
    def near(self) -> tuple[float, float]:
        """How near to each bound a value is that bound: half a rounding step."""
        ends = (self.low, self.high)
        low, high = (1.0 - end for end in ends) if self.scale == "one_minus_log" else ends
        return _half_step(self.decimals(low)), _half_step(self.decimals(high))

    def decimals(self, value: float) -> int:
        """The decimals of a value of this size; on `one_minus_log`, of one this far from 1."""
        if self.scale == "linear":
            return self._linear_decimals
        digits = DIGITS - 1 - exponent(value)
        return min(digits, MOST_DECIMALS) if self.scale == "one_minus_log" else digits

    @cached_property
    def _linear_decimals(self) -> int:
        most = MOST_DIGITS - 1 - exponent(max(abs(self.low), abs(self.high)))
        return min(DIGITS - 1 - exponent(self.high - self.low), most)

    def _warped(self, value: float) -> float:
        if self.scale == "log":
            return _log(value)
        if self.scale == "one_minus_log":
            return -math.log1p(-value) if value < 1.0 else math.inf
        return value


@final
@dataclass(frozen=True)
class Integer:
    """A whole-numbered hyperparameter between `low` and `high`, both included.

    Every whole number has an equal share of the unit interval (in log(x) with `log=True`), and
    `value(unit(x)) == x` for each; from 10**12 on, for those of few digits. `units` and `limits`
    are those of `Real`.

    Raises:
        SpaceError: for bounds that are not whole or that the scale cannot have.

    >>> [Integer(1, 4).value(unit) for unit in (0.0, 0.3, 0.6, 1.0)]
    [1, 2, 3, 4]
    """

    low: int
    high: int
    scale: Scale = field(default="linear", kw_only=True)
    log: bool = field(default=False, kw_only=True)
    units: str = field(default="", kw_only=True)
    limits: Limits | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Settles `scale` and `log` and refuses impossible bounds."""
        _check_bounds("Integer", self.low, self.high, whole=True)
        object.__setattr__(self, "low", int(self.low))
        object.__setattr__(self, "high", int(self.high))
        _settle_scale(self, "Integer", ("linear", "log"))
        # Nearer bounds have logarithms that are made of rounding.
        width = self.span[1] if self.span[1] >= 1e-12 else 0.0
        _check_apart("Integer", self.low, self.high, width)
        _settle_extras(self, "Integer")

    def value(self, unit: float) -> int:
        """The value at `unit` in [0, 1]."""
        low, width = self.span
        warped = low + unit * width
        plain = math.exp(warped) if self.scale == "log" else warped
        whole = math.floor(plain + 0.5)
        digits = self.decimals(whole)
        return int(_value_or_bound(self, rounded(whole, digits) if digits < 0 else whole, unit))

    def unit(self, value: Scalar) -> float:
        """The coordinate of `value` on this scale: the middle of its share of the unit interval."""
        low, width = self.span
        return (self._warped(float(value)) - low) / width

    @cached_property
    def span(self) -> tuple[float, float]:
        """Where the share of `low` begins on its scale, and how far that of `high` ends from it."""
        low, high = self._warped(self.low - 0.5), self._warped(self.high + 0.5)
        return low, high - low

    @cached_property
    def near(self) -> tuple[float, float]:
        """How near to each bound a value is that bound: half a rounding step."""
        return _half_step(self.decimals(self.low)), _half_step(self.decimals(self.high))

    def decimals(self, value: float) -> int:
        """The decimals of a value: 0, or fewer for numbers that the cube cannot tell apart."""
        if self.scale == "log":
            return min(LOG_DIGITS - 1 - exponent(value), 0)
        return min(MOST_DIGITS - 1 - exponent(self.high - self.low), 0)

    def _warped(self, value: float) -> float:
        return _log(value) if self.scale == "log" else value


@final
@dataclass(frozen=True)
class Choice:
    """One of `values`; with `ordered=True` their order means something (sizes, depths).

    Raises:
        SpaceError: for no values, a value given twice, or one that no file can hold.

    >>> Choice(["relu", "gelu"]).value(0.7)
    'gelu'
    """

    values: tuple[Scalar, ...]
    ordered: bool = field(default=False, kw_only=True)
    units: str = field(default="", kw_only=True)

    def __init__(self, values: Iterable[Scalar], *, ordered: bool = False, units: str = "") -> None:
        """Takes any iterable of values and keeps them as a tuple."""
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise SpaceError(f"Choice needs a list of values, got {values!r}. Write [{values!r}].")
        object.__setattr__(self, "values", tuple(plain(value) for value in values))
        object.__setattr__(self, "ordered", ordered)
        object.__setattr__(self, "units", units)
        _check_units("Choice", units)
        _check_flag("Choice", "ordered", ordered)
        _check_values(self.values)

    def value(self, unit: float) -> Scalar:
        """The value at `unit` in [0, 1]: each has an equal share."""
        return self.values[min(int(unit * len(self.values)), len(self.values) - 1)]

    def unit(self, value: Scalar) -> float:
        """The middle of the share of `value`."""
        return (self._index(value) + 0.5) / len(self.values)

    def _index(self, value: Scalar) -> int:
        for index, known in enumerate(self.values):
            if known == value and isinstance(known, bool) == isinstance(value, bool):
                return index
        known_values = ", ".join(value_text(known) for known in self.values)
        raise SpaceError(f"`{value}` is not one of the values of this Choice: {known_values}.")


Domain: TypeAlias = Real | Integer | Choice


def bare(value: Domain | Scalar) -> Domain | Scalar:
    """The value without what bears on no trial: units and natural limits.

    >>> bare(Choice([1, 2], units="layers")) == Choice([1, 2])
    True
    """
    if isinstance(value, Choice):
        return replace(value, units="")
    return replace(value, units="", limits=None) if isinstance(value, Real | Integer) else value


def in_order(domain: Domain) -> Domain:
    """The domain as an axis: a list of three or more numbers is ordered, from the least on.

    Only for who judges or draws; what a search sees is the list as it was written. Two numbers may
    be a switch, and true and false are no numbers.

    >>> in_order(Choice([64, 16, 32])) == Choice([16, 32, 64], ordered=True)
    True
    """
    if not isinstance(domain, Choice) or domain.ordered or len(domain.values) < MIN_NUMBERS:
        return domain
    numbers = [value for value in domain.values if is_number(value)]
    if len(numbers) < len(domain.values):
        return domain
    return Choice(sorted(numbers), ordered=True, units=domain.units)


def is_ordered(domain: Domain) -> bool:
    """Whether the order of the values means something, as of every range and of listed numbers."""
    ordered = in_order(domain)
    return not isinstance(ordered, Choice) or ordered.ordered


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _check_bounds(kind: str, low: float, high: float, *, whole: bool) -> None:
    for side, bound in (("low", low), ("high", high)):
        if not is_number(bound):
            raise SpaceError(
                f"{kind} needs finite numbers as bounds, got {side}={bound!r}. Give a number."
            )
        if whole and bound != int(bound):
            raise SpaceError(
                f"{kind} needs whole numbers as bounds, got {side}={bound!r}. "
                "Give a whole number, or leave `integer` out."
            )
        if whole and abs(bound) > WHOLE:
            raise SpaceError(
                "Integer needs bounds up to 10**15, beyond which floating point cannot tell whole "
                f"numbers apart, got {side}={bound!r}. Count in larger units."
            )
    if not low < high:
        raise SpaceError(
            f"{kind} needs low < high, got low={low}, high={high}. "
            "Swap or widen the bounds; a single value belongs in `fixed`."
        )


def _check_flag(kind: str, name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise SpaceError(f"{kind} takes {name}=True or {name}=False, got {value!r}. Write one.")


def _settle_scale(domain: Real | Integer, kind: str, allowed: Sequence[Scale]) -> None:
    _check_flag(kind, "log", domain.log)
    if domain.scale not in allowed:
        known = ", ".join(f'"{scale}"' for scale in allowed)
        raise SpaceError(f"{kind} knows the scales {known}, got {domain.scale!r}. Take one.")
    scale = "log" if domain.log else domain.scale
    if scale == "log" and domain.low <= 0:
        example = "low=1" if kind == "Integer" else "low=1e-6"
        raise SpaceError(
            f"{kind}(log=True) needs low > 0, got low={domain.low}. "
            f"Use a small positive bound, for example {example}."
        )
    if scale == "one_minus_log" and domain.high >= 1:
        raise SpaceError(
            f'{kind}(scale="one_minus_log") needs high < 1, got high={domain.high}. '
            "Use a bound just below 1, for example high=0.999."
        )
    object.__setattr__(domain, "scale", scale)
    object.__setattr__(domain, "log", scale == "log")


def _settle_extras(domain: Real | Integer, kind: str) -> None:
    """Checks `units`, and keeps `limits` as a pair of floats that the bounds lie within."""
    _check_units(kind, domain.units)
    if domain.limits is None:
        return
    pair: Any = domain.limits
    if not isinstance(pair, Sequence) or not [_is_limit(limit) for limit in pair] == [True, True]:
        raise SpaceError(
            f"{kind} needs two numbers as limits, the lowest and the highest possible value, got "
            f"{pair!r}. Write for example limits = [0, 1]; `inf` is no limit."
        )
    low, high = float(pair[0]), float(pair[1])
    if not low <= domain.low < domain.high <= high:
        raise SpaceError(
            f"{kind} needs bounds within its limits, got low={domain.low}, high={domain.high} and "
            f"limits={[low, high]}. Narrow the bounds, or widen the limits."
        )
    object.__setattr__(domain, "limits", (low, high))


def _is_limit(value: object) -> TypeGuard[float]:
    """Whether `value` may be a natural limit: a number, or infinity where there is none."""
    return is_number(value) or (isinstance(value, float) and math.isinf(value))


def _check_units(kind: str, units: object) -> None:
    if not isinstance(units, str):
        raise SpaceError(f'{kind} needs text as units, got {units!r}. Write for example "steps".')


def _half_step(decimals: int) -> float:
    # Heuristic: a hundredth more, so that the rounding of a float does not decide.
    return 0.51 * power(-decimals)


def _value_or_bound(domain: Real | Integer, value: float, unit: float) -> float:
    """The value, or the bound where it lies within half a rounding step of it."""
    near_low, near_high = domain.near
    is_high = domain.high - value <= near_high
    if value - domain.low <= near_low and (unit < 0.5 or not is_high):
        return domain.low
    return domain.high if is_high else value


def _check_apart(kind: str, low: float, high: float, width: float) -> None:
    if not 0.0 < width < math.inf:
        raise SpaceError(
            f"{kind} needs bounds that floating point can tell apart and span on this scale, "
            f"got low={low!r}, high={high!r}. Use bounds of a usual size."
        )


def _check_values(values: tuple[Scalar, ...]) -> None:
    if not values:
        raise SpaceError("Choice needs at least one value, got none. List the values.")
    seen: set[object] = set()
    for value in values:
        if not is_scalar(value):
            raise SpaceError(
                f"Choice takes text, finite numbers and booleans, got {value!r}. "
                "Name the value with a text and build the object in your train function."
            )
        # What a condition or a study's name cannot tell apart, or Python cannot.
        marks = {value_text(value), (isinstance(value, bool), value)}
        if not seen.isdisjoint(marks):
            raise SpaceError(
                f"Choice takes each value once, got `{value_text(value)}` twice. Leave one out."
            )
        seen |= marks
