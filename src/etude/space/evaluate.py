"""The operations of a constraint: their values on one setting, and the kinds that they may have.

Numbers are floats, and `nan` is a number that is not there: a division by zero, the logarithm of
zero, a text among numbers. What is compared with it is neither true nor false (None), and the logic
is Kleene's: `heads == 0 or width % heads == 0` holds where `heads` is zero, whatever the other side
would say. A constraint holds where it is true; where it is neither, it does not.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from ..errors import SpaceError
from .expression import Call, Constant, Expression, Name, Tree

Operand: TypeAlias = float | bool | str | None
Operation: TypeAlias = Callable[..., Any]
Kind: TypeAlias = Literal["number", "text", "truth"]

NUMBER: frozenset[Kind] = frozenset(["number"])
TRUTH: frozenset[Kind] = frozenset(["truth"])


def holds(expression: Expression, values: Mapping[str, Any]) -> bool:
    """Whether the expression is true of these values.

    >>> from .expression import parsed
    >>> holds(parsed("0 < heads and width % heads == 0"), {"heads": 4, "width": 64})
    True
    """
    operands = {name: operand(values[name]) for name in expression.names}
    return tree_value(expression.tree, operands, OPERATIONS) is True


def operand(value: Any) -> Operand:
    """A value as the operations take it: numbers as floats."""
    return value if isinstance(value, bool | str) else float(value)


def tree_value(tree: Tree, values: Mapping[str, Any], operations: Mapping[str, Operation]) -> Any:
    """The value of a tree, each operation done by the function of its name in `operations`."""
    if isinstance(tree, Name):
        return values[tree.name]
    if isinstance(tree, Constant):
        return tree.value
    return operations[tree.operation](
        *(tree_value(argument, values, operations) for argument in tree.arguments)
    )


def kind_of(value: object) -> Kind:
    """Whether a value is a number, a text or a truth."""
    if isinstance(value, bool):
        return "truth"
    return "text" if isinstance(value, str) else "number"


def kinds(tree: Tree, of_names: Mapping[str, frozenset[Kind]]) -> frozenset[Kind]:
    """The kinds of value that a tree may have, if its names have these.

    Raises:
        SpaceError: where an operation can have no value, whatever the names stand for.
    """
    if isinstance(tree, Name):
        return of_names[tree.name]
    if isinstance(tree, Constant):
        return frozenset([kind_of(tree.value)])
    argument_kinds = [kinds(argument, of_names) for argument in tree.arguments]
    if tree.operation in ("==", "!="):
        _check_comparable(tree, argument_kinds)
        return TRUTH
    allowed = TRUTH if tree.operation in _LOGIC else NUMBER
    for argument, possible in zip(tree.arguments, argument_kinds, strict=True):
        if not allowed & possible:
            (takes,) = allowed
            raise SpaceError(
                f"`{_sign(tree)}` takes a {takes}, and {_description(argument)} is a "
                f"{' or a '.join(sorted(possible))}. {_WAYS_OUT[takes]}"
            )
    return TRUTH if tree.operation in _LOGIC or tree.operation in _ORDER else NUMBER


_WAYS_OUT = {
    "number": "Texts compare by `==` and `!=` only; a truth stands alone.",
    "truth": "Compare it, for example by `>= 0`.",
}


def _check_comparable(tree: Call, argument_kinds: list[frozenset[Kind]]) -> None:
    of_left, of_right = argument_kinds
    if not of_left & of_right:
        left, right = map(_description, tree.arguments)
        raise SpaceError(
            f"`{tree.operation}` compares a {' or a '.join(sorted(of_left))}, {left}, with a "
            f"{' or a '.join(sorted(of_right))}, {right}: they are never equal. "
            "Texts stand in quotes, numbers do not."
        )


def _sign(tree: Call) -> str:
    return "-" if tree.operation == "negative" else tree.operation


def _description(tree: Tree) -> str:
    """A part of a constraint as a message names it."""
    if isinstance(tree, Name):
        return f"`{tree.name}`"
    if isinstance(tree, Constant):
        return f"`{tree.value!r}`"
    return f"what `{_sign(tree)}` gives"


# --- on one setting


def _numbers(plain: Callable[..., float]) -> Operation:
    """The operation on numbers that are there; `nan` for all else, and where it has no value."""

    def checked(*operands: Operand) -> float:
        if not all(type(value) is float and value == value for value in operands):
            return math.nan
        try:
            return float(plain(*operands))
        except (ArithmeticError, ValueError):
            return math.nan

    return checked


def _ordered(plain: Callable[[Any, Any], bool]) -> Operation:
    def checked(left: Operand, right: Operand) -> bool | None:
        if type(left) is not float or type(right) is not float or left != left or right != right:
            return None
        return plain(left, right)

    return checked


def _equal(left: Operand, right: Operand) -> bool | None:
    if left is None or right is None or left != left or right != right:
        return None
    return type(left) is type(right) and left == right


def _not(value: Operand) -> bool | None:
    return not value if isinstance(value, bool) else None


def _unequal(left: Operand, right: Operand) -> bool | None:
    return _not(_equal(left, right))


def _and(*operands: Operand) -> bool | None:
    if any(value is False for value in operands):
        return False
    return True if all(value is True for value in operands) else None


def _or(*operands: Operand) -> bool | None:
    return _not(_and(*(_not(value) for value in operands)))


_ORDER: dict[str, Operation] = {
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
}
_LOGIC: dict[str, Operation] = {"and": _and, "or": _or, "not": _not}
_NUMERIC: dict[str, Operation] = {
    "+": _numbers(operator.add),
    "-": _numbers(operator.sub),
    "*": _numbers(operator.mul),
    "/": _numbers(operator.truediv),
    "//": _numbers(operator.floordiv),
    "%": _numbers(operator.mod),
    "**": _numbers(math.pow),
    "negative": _numbers(operator.neg),
    "abs": _numbers(abs),
    "exp": _numbers(math.exp),
    "log": _numbers(math.log),
    "max": _numbers(max),
    "min": _numbers(min),
    "sqrt": _numbers(math.sqrt),
}
OPERATIONS: dict[str, Operation] = {
    **_NUMERIC,
    **_ORDER,
    **_LOGIC,
    "==": _equal,
    "!=": _unequal,
}
GIVES_NUMBERS = frozenset(_NUMERIC)
