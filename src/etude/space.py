"""Domains and spaces: the unit cube on one side, settings on the other.

Letters: D hyperparameters that vary.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

from .errors import SpaceError

Scale: TypeAlias = Literal["linear", "log", "one_minus_log"]
Scalar: TypeAlias = bool | int | float | str
SCALES: tuple[Scale, ...] = ("linear", "log", "one_minus_log")


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

    Raises:
        SpaceError: for bounds that the scale cannot have.

    >>> Real(1e-4, 1.0, log=True).value(0.5)
    0.01
    """

    low: float
    high: float
    scale: Scale = field(default="linear", kw_only=True)
    log: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Settles `scale` and `log` and refuses impossible bounds."""
        if self.log and self.scale == "one_minus_log":
            raise SpaceError(
                'Real takes log=True or scale="one_minus_log", got both. Keep the one you mean.'
            )
        _check_bounds("Real", self.low, self.high, whole=False)
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        _settle_scale(self, "Real", SCALES)

    def value(self, unit: float) -> float:
        """The value at `unit` in [0, 1]."""
        low, high = self._warped(self.low), self._warped(self.high)
        warped = low + unit * (high - low)
        if self.scale == "log":
            plain = math.exp(warped)
        elif self.scale == "one_minus_log":
            plain = 1.0 - math.exp(-warped)
        else:
            plain = warped
        return min(max(plain, self.low), self.high)

    def unit(self, value: Scalar) -> float:
        """Where `value` lies between `low` (0) and `high` (1) on this scale; outside [0, 1] beyond them."""
        low, high = self._warped(self.low), self._warped(self.high)
        return (self._warped(float(value)) - low) / (high - low)

    def _warped(self, value: float) -> float:
        if self.scale == "log":
            return math.log(value)
        if self.scale == "one_minus_log":
            return -math.log1p(-value)
        return value


@final
@dataclass(frozen=True)
class Integer:
    """A whole-numbered hyperparameter between `low` and `high`, both included.

    Every whole number has an equal share of the unit interval (in log(x) with `log=True`).

    Raises:
        SpaceError: for bounds that are not whole or that the scale cannot have.

    >>> [Integer(1, 4).value(unit) for unit in (0.0, 0.3, 0.6, 1.0)]
    [1, 2, 3, 4]
    """

    low: int
    high: int
    scale: Scale = field(default="linear", kw_only=True)
    log: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Settles `scale` and `log` and refuses impossible bounds."""
        _check_bounds("Integer", self.low, self.high, whole=True)
        object.__setattr__(self, "low", int(self.low))
        object.__setattr__(self, "high", int(self.high))
        _settle_scale(self, "Integer", ("linear", "log"))

    def value(self, unit: float) -> int:
        """The value at `unit` in [0, 1]."""
        low, high = self._warped(self.low - 0.5), self._warped(self.high + 0.5)
        warped = low + unit * (high - low)
        plain = math.exp(warped) if self.scale == "log" else warped
        return min(max(math.floor(plain + 0.5), self.low), self.high)

    def unit(self, value: Scalar) -> float:
        """Where `value` lies between `low` and `high` on this scale: the middle of its share."""
        low, high = self._warped(self.low - 0.5), self._warped(self.high + 0.5)
        return (self._warped(float(value)) - low) / (high - low)

    def _warped(self, value: float) -> float:
        return math.log(value) if self.scale == "log" else value


@final
@dataclass(frozen=True)
class Choice:
    """One of `values`; with `ordered=True` their order means something (sizes, depths).

    Raises:
        SpaceError: for no values, or a value given twice.

    >>> Choice(["relu", "gelu"]).value(0.7)
    'gelu'
    """

    values: tuple[Scalar, ...]
    ordered: bool = field(default=False, kw_only=True)

    def __init__(self, values: Iterable[Scalar], *, ordered: bool = False) -> None:
        """Takes any iterable of values and keeps them as a tuple."""
        object.__setattr__(self, "values", tuple(values))
        object.__setattr__(self, "ordered", ordered)
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


@final
@dataclass(frozen=True)
class Space:
    """The hyperparameters that a study varies, sorted by name, so that a file's order means nothing."""

    domains: Mapping[str, Domain]

    def __post_init__(self) -> None:
        """Sorts the domains by name."""
        object.__setattr__(self, "domains", dict(sorted(self.domains.items())))

    @property
    def dimensions(self) -> int:
        """D, the number of hyperparameters that vary."""
        return len(self.domains)

    def setting(self, unit_D: Sequence[float]) -> dict[str, Scalar]:
        """The setting at a point of the unit cube, coordinates in the order of the names."""
        pairs = zip(self.domains.items(), unit_D, strict=True)
        return {name: domain.value(float(unit)) for (name, domain), unit in pairs}

    def unit(self, setting: Mapping[str, Scalar]) -> list[float]:
        """The point of the unit cube where `setting` lies."""
        return [domain.unit(setting[name]) for name, domain in self.domains.items()]


def value_text(value: Scalar) -> str:
    """A value as TOML writes it, strings without their quotes: what conditions compare and names show.

    >>> value_text(True), value_text("adam"), value_text(0.1)
    ('true', 'adam', '0.1')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def is_number(value: object) -> bool:
    """Whether `value` is an int or a float that is finite; booleans are not numbers here."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    )


def _check_bounds(kind: str, low: object, high: object, *, whole: bool) -> None:
    for side, bound in (("low", low), ("high", high)):
        if not is_number(bound):
            raise SpaceError(
                f"{kind} needs finite numbers as bounds, got {side}={bound!r}. Give a number."
            )
        if whole and float(bound) != int(bound):  # type: ignore[call-overload]  # a number, checked above
            raise SpaceError(
                f"{kind} needs whole numbers as bounds, got {side}={bound!r}. "
                "Give a whole number, or leave `integer` out."
            )
    if not low < high:  # type: ignore[operator]  # numbers, checked above
        raise SpaceError(
            f"{kind} needs low < high, got low={low}, high={high}. "
            "Swap or widen the bounds; a single value belongs in `fixed`."
        )


def _settle_scale(domain: Real | Integer, kind: str, allowed: Sequence[Scale]) -> None:
    if domain.scale not in allowed:
        known = ", ".join(f'"{scale}"' for scale in allowed)
        raise SpaceError(f'{kind} knows the scales {known}, got scale="{domain.scale}". Take one.')
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


def _check_values(values: tuple[Scalar, ...]) -> None:
    if not values:
        raise SpaceError("Choice needs at least one value, got none. List the values.")
    for value in values:
        if not isinstance(value, bool | int | float | str):
            raise SpaceError(
                f"Choice takes text, numbers and booleans, got {value!r}. "
                "Name the value with a text and build the object in your train function."
            )
    texts = [(value_text(value), type(value) is bool) for value in values]
    twice = sorted({value_text(value) for value, text in zip(values, texts, strict=True) if texts.count(text) > 1})
    if twice:
        raise SpaceError(f"Choice takes each value once, got `{twice[0]}` twice. Leave one out.")
