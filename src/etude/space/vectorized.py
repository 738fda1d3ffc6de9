"""Many settings at once: arrays of values, and the points that satisfy the constraints.

An array holds what `Domain.value` and `evaluate.holds` say of each setting, bit by bit: both are
made of operations that IEEE 754 rounds exactly, and of Python's logarithm, exponential and power.

Axes: T points, D hyperparameters that vary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .domains import (
    DIGITS,
    LOG_DIGITS,
    MOST_DECIMALS,
    Choice,
    Domain,
    Integer,
    Real,
)
from .evaluate import GIVES_NUMBERS, OPERATIONS, Operation, operand, tree_value
from .expression import Expression
from .rounding import EXACT, LEAST, MOST, POWERS
from .space import Space
from .values import Scalar

Floats: TypeAlias = NDArray[np.float64]
Truths: TypeAlias = NDArray[np.bool_]

_POWERS = np.array(POWERS)
# NumPy takes 64 at once, the result among them.
_MOST_OPERANDS = 32


def settings(space: Space, units_TxD: Floats) -> list[dict[str, Scalar]]:
    """The settings at these points of the unit cube: `space.setting` of each."""
    names = list(space.domains)
    if not names:
        return [{} for _ in units_TxD]
    domains = space.domains.values()
    values_by_name = [_values(domain, units_TxD[:, at]) for at, domain in enumerate(domains)]
    return [dict(zip(names, row, strict=True)) for row in zip(*values_by_name, strict=True)]


def satisfied(space: Space, units_TxD: Floats) -> dict[str, Truths]:
    """For each constraint of the space, at which points it holds."""
    every_T = np.arange(len(units_TxD))
    return {
        expression.text: _holds(expression, space, units_TxD, every_T)
        for expression in space.expressions
    }


def admissible(space: Space, units_TxD: Floats) -> NDArray[np.intp]:
    """Which points satisfy every constraint, in order: `space.admits` one by one."""
    alive_T = np.arange(len(units_TxD))
    for expression in space.expressions:
        alive_T = alive_T[_holds(expression, space, units_TxD, alive_T)]
    return alive_T


# --- domains


def _values(domain: Domain, units_T: Floats) -> list[Any]:
    """The values at these coordinates, in Python's own types."""
    if isinstance(domain, Choice):
        return [domain.values[index] for index in _indices(domain, units_T).tolist()]
    numbers_T = _numbers(domain, units_T)
    whole = isinstance(domain, Integer)
    return list((numbers_T.astype(np.int64) if whole else numbers_T).tolist())


def _operands(domain: Domain, units_T: Floats) -> NDArray[Any]:
    """The values as the operations take them: floats, or objects where not all are numbers."""
    if not isinstance(domain, Choice):
        return _numbers(domain, units_T)
    operands = [operand(value) for value in domain.values]
    floats = all(isinstance(value, float) for value in operands)
    return np.array(operands, dtype=np.float64 if floats else object)[_indices(domain, units_T)]


def _indices(domain: Choice, units_T: Floats) -> NDArray[np.intp]:
    count = len(domain.values)
    return np.minimum((units_T * count).astype(np.intp), count - 1)


def _numbers(domain: Real | Integer, units_T: Floats) -> Floats:
    low, width = domain.span
    plain_T = low + units_T * width
    if isinstance(domain, Real):
        inside_T = _value_or_bound(domain, _rounded_real(domain, plain_T), units_T)
        return np.where(units_T <= 0.0, domain.low, np.where(units_T >= 1.0, domain.high, inside_T))
    logarithmic = domain.scale == "log"
    whole_T = np.floor((_exp(plain_T) if logarithmic else plain_T) + 0.5)
    digits_T = LOG_DIGITS - 1 - _exponents(whole_T) if logarithmic else domain.decimals(1.0)
    return _value_or_bound(domain, _rounded(whole_T, np.minimum(digits_T, 0)), units_T)


def _rounded_real(domain: Real, plain_T: Floats) -> Floats:
    """The values at these places of the scale, rounded as `Real.value` rounds them."""
    if domain.scale == "linear":
        return _rounded(plain_T, domain.decimals(1.0))
    if domain.scale == "log":
        plain_T = _exp(plain_T)
        return _rounded(plain_T, DIGITS - 1 - _exponents(plain_T))
    rest_T = _exp(-plain_T)
    decimals_T = np.minimum(DIGITS - 1 - _exponents(rest_T), MOST_DECIMALS)
    return _rounded(1.0 - _rounded(rest_T, decimals_T), decimals_T)


def _value_or_bound(domain: Real | Integer, values_T: Floats, units_T: Floats) -> Floats:
    near_low, near_high = domain.near
    is_high = domain.high - values_T <= near_high
    is_low = (values_T - domain.low <= near_low) & ((units_T < 0.5) | ~is_high)
    return np.where(is_low, domain.low, np.where(is_high, domain.high, values_T))


def _exp(values_T: Floats) -> Floats:
    # Python's own, whose last bit NumPy's may miss.
    return np.array([math.exp(value) for value in values_T.tolist()])


def _exponents(values_T: Floats) -> NDArray[np.intp]:
    return np.maximum(np.searchsorted(_POWERS, values_T, side="right") - 1, 0) + LEAST


def _rounded(values_T: Floats, decimals: int | NDArray[np.intp]) -> Floats:
    decimals_T = np.asarray(decimals)
    beyond_T = np.clip(decimals_T, EXACT, MOST) - EXACT
    first_T, second_T = _power(np.clip(decimals_T, 0, EXACT)), _power(beyond_T)
    tens_T = _power(np.maximum(-decimals_T, 0))
    return np.where(
        decimals_T < 0,
        np.rint(values_T / tens_T) * tens_T,
        np.rint(values_T * first_T * second_T) / first_T / second_T,
    )


def _power(n: NDArray[np.intp]) -> Floats:
    return np.asarray(_POWERS[n - LEAST], dtype=np.float64)


# --- constraints


def _holds(
    expression: Expression, space: Space, units_TxD: Floats, alive_T: NDArray[np.intp]
) -> Truths:
    operands: dict[str, Any] = {name: operand(value) for name, value in space.known.items()}
    for at, (name, domain) in enumerate(space.domains.items()):
        if name in expression.names:
            operands[name] = _operands(domain, units_TxD[alive_T, at])
    with np.errstate(all="ignore"):  # what overflows is infinite, as for Python
        truths = tree_value(expression.tree, operands, _ON_ARRAYS)
    if isinstance(truths, np.ndarray) and truths.dtype == bool:
        return truths
    # A single value is that of a constraint without names that vary; None is neither, and not true.
    is_array = isinstance(truths, np.ndarray)
    truths_T = truths.tolist() if is_array else [truths is True] * len(alive_T)
    return np.array([truth is True for truth in truths_T], dtype=bool)


def _on_arrays(name: str) -> Operation:
    """An operation on arrays and single values: NumPy's where the two agree, else one by one."""
    plain, fast = OPERATIONS[name], _FAST.get(name)

    def operation(*operands: Any) -> Any:
        if not any(isinstance(values, np.ndarray) for values in operands):
            return plain(*operands)
        if fast is not None and _is_fast(name, operands):
            return fast(*operands)
        if len(operands) > _MOST_OPERANDS:  # of `and` and `or`, which any grouping leaves the same
            return operation(operation(*operands[:_MOST_OPERANDS]), *operands[_MOST_OPERANDS:])
        values_T = np.frompyfunc(plain, len(operands), 1)(*operands)
        return values_T.astype(np.float64) if name in GIVES_NUMBERS else values_T

    return operation


def _is_fast(name: str, operands: Sequence[Any]) -> bool:
    """Whether NumPy and Python agree: on finite numbers, not divided by zero, and on truths."""
    kinds = {np.asarray(values).dtype.kind for values in operands}
    if name in _LOGIC:
        return kinds == {"b"}
    divides_by_zero = name in _DIVISIONS and not np.all(operands[-1])
    finite = kinds == {"f"} and all(np.isfinite(values).all() for values in operands)
    return finite and not divides_by_zero


_LOGIC = {"not": np.logical_not}
_DIVISIONS = {"/": np.true_divide, "//": np.floor_divide, "%": np.mod}
_FAST: dict[str, Operation] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "negative": np.negative,
    "abs": np.abs,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    **_DIVISIONS,
    **_LOGIC,
}
_ON_ARRAYS: dict[str, Operation] = {name: _on_arrays(name) for name in OPERATIONS}
