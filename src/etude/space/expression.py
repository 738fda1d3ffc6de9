"""The language of constraints: Python's parser reads a text, and a short list of parts is allowed.

Nothing that a user writes is ever run as Python: the parsed text is rebuilt from names, constants
and the operations of `evaluate`, and all else is refused by name.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from keyword import iskeyword
from typing import TypeAlias, final

from ..errors import SpaceError

MAX_LENGTH = 500
MAX_DEPTH = 50
# Powers beyond these leave what a float holds for all but the tamest numbers.
MAX_EXPONENT = 64.0

FUNCTIONS = {
    "abs": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "max": (2, 9),
    "min": (2, 9),
    "sqrt": (1, 1),
}
_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**",
}  # fmt: skip
_COMPARISONS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_UNARY: dict[type[ast.AST], str] = {ast.Not: "not", ast.USub: "negative"}
_JOINS: dict[type[ast.AST], str] = {ast.And: "and", ast.Or: "or"}
# The sign or keyword that people write for a node of Python's grammar.
_SIGNS = {
    "Lambda": "lambda", "ListComp": "for", "SetComp": "for", "DictComp": "for", "For": "for",
    "GeneratorExp": "for", "JoinedStr": "f-string", "TemplateStr": "t-string", "NamedExpr": ":=",
    "IfExp": "if", "Subscript": "[ ]", "Slice": ":", "List": "[ ]", "Tuple": ",", "Dict": "{ }",
    "Set": "{ }", "Await": "await", "Yield": "yield", "YieldFrom": "yield", "Starred": "*",
    "BitAnd": "&", "BitOr": "|", "BitXor": "^", "Invert": "~", "LShift": "<<", "RShift": ">>",
    "MatMult": "@", "Is": "is", "IsNot": "is not", "In": "in", "NotIn": "not in", "UAdd": "+",
}  # fmt: skip
_TOO_DEEP = f"it is nested at most {MAX_DEPTH} deep"
_EXAMPLE = "Write for example `warmup_steps <= 0.1 * max_steps`."
# A text in quotes; a name in backquotes; a word that is not ASCII, which Python would respell.
_WORDS = re.compile(
    r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?P<quoted>[^`]+)`|(?P<word>(?!\d)\w+)"
)


@final
@dataclass(frozen=True)
class Constant:
    """A number, a text or a truth; numbers are floats."""

    value: float | bool | str


@final
@dataclass(frozen=True)
class Name:
    """A hyperparameter, or `max_steps`."""

    name: str


@final
@dataclass(frozen=True)
class Call:
    """An operation on what stands below it."""

    operation: str
    arguments: tuple[Tree, ...]


Tree: TypeAlias = Constant | Name | Call


@final
@dataclass(frozen=True)
class Expression:
    """A constraint: its text, its tree, and the names in it, sorted."""

    text: str
    tree: Tree
    names: tuple[str, ...]


@lru_cache(maxsize=1024)
def parsed(text: str) -> Expression:
    """The expression of a text.

    Names that hold other signs than letters, digits and `_` stand in backquotes: `decoder.dropout`.

    Raises:
        SpaceError: for whatever is no part of the language, by its name.

    >>> parsed("width % heads == 0").names
    ('heads', 'width')
    """
    _check_size(text)
    source, names = _ascii(text)
    tree = _tree(_python(source), names, depth=0)
    return Expression(text=text, tree=tree, names=tuple(sorted(set(_names(tree)))))


def refusal(what: str, why: str = "") -> SpaceError:
    """The refusal of a part by its name."""
    known = ", ".join(f"`{name}`" for name in FUNCTIONS)
    rule = why or (
        "it takes names, numbers, texts, comparisons, `and`, `or`, `not`, "
        f"`+ - * / // % **` and the functions {known}. {_EXAMPLE}"
    )
    return SpaceError(f"`{what}` may not stand in a constraint: {rule}")


def _check_size(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise SpaceError(
            f"a constraint has at most {MAX_LENGTH} characters, found {len(text)}. "
            "Write several constraints: all of them hold together."
        )
    depth = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if depth > MAX_DEPTH:
            raise refusal(sign, f"{_TOO_DEEP}, found more of this sign.")


def _ascii(text: str) -> tuple[str, dict[str, str]]:
    """The text with ASCII names for those that Python cannot read, and what each stands for."""
    names: dict[str, str] = {}
    prefix = "name_"
    while prefix in text:
        prefix += "_"

    def ascii_name(match: re.Match[str]) -> str:
        name = match["quoted"] or match["word"]
        if name is None or (name.isascii() and not match["quoted"]):
            return match[0]
        names[alias := f"{prefix}{len(names)}"] = name
        return f" {alias} "

    plain = re.sub(r"[\r\n]", " ", text.strip())
    return _WORDS.sub(ascii_name, plain), names


def _python(source: str) -> ast.expr:
    """Python's tree of the text; also of one that only parentheses make readable, to be refused."""
    if not source:
        raise SpaceError(f"is no condition: it is empty. {_EXAMPLE}")
    try:
        return _read(source)
    except SyntaxError as error:
        try:
            return _read(f"({source})")
        except SyntaxError:
            if word := next(filter(_is_foreign, re.findall(r"\w+", source)), ""):
                raise refusal(word, "a name spelt so stands in backquotes.") from error
            reason = f"{error.msg[:1].lower()}{error.msg[1:]}" if error.msg else "it breaks off"
            raise SpaceError(f"is no condition: {reason}. {_EXAMPLE}") from error


def _is_foreign(word: str) -> bool:
    return iskeyword(word) and word not in ("and", "or", "not", "True", "False")


def _read(source: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes and the like: all is judged below
            return ast.parse(source, mode="eval").body
    except (RecursionError, MemoryError) as error:
        raise SpaceError(f"is no condition: {_TOO_DEEP}. {_EXAMPLE}") from error
    except ValueError as error:  # a null character, in some versions
        raise SyntaxError(str(error)) from error


def _tree(node: ast.AST, names: dict[str, str], *, depth: int) -> Tree:
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, ast.Name):
        name = names.get(node.id, node.id)
        return Constant(name == "true") if name in ("true", "false") else Name(name)
    operation, parts = _operation(node)
    if depth > MAX_DEPTH:
        raise refusal(operation or "<", f"{_TOO_DEEP}. {_EXAMPLE}")
    arguments = tuple(_tree(part, names, depth=depth + 1) for part in parts)
    if isinstance(node, ast.Compare):
        return _chain(node, arguments)
    if operation == "**":
        _check_exponent(arguments[1])
    return Call(operation, arguments)


def _constant(node: ast.Constant) -> Constant:
    value = node.value
    if isinstance(value, bool | str):
        return Constant(value)
    if isinstance(value, int | float):
        if abs(value) <= sys.float_info.max:
            return Constant(float(value))
        raise refusal(f"{str(value)[:9]}", "the number is too large for a float.")
    raise refusal(ast.unparse(node))


def _operation(node: ast.AST) -> tuple[str, Sequence[ast.expr]]:
    """What a node does, and with which parts; all else is refused."""
    if isinstance(node, ast.Compare):
        for operator in node.ops:
            _allowed(operator, _COMPARISONS)
        return "", [node.left, *node.comparators]
    if isinstance(node, ast.BinOp):
        return _allowed(node.op, _BINARY), [node.left, node.right]
    if isinstance(node, ast.BoolOp):
        return _allowed(node.op, _JOINS), node.values
    if isinstance(node, ast.UnaryOp):
        return _allowed(node.op, _UNARY), [node.operand]
    if isinstance(node, ast.Call):
        return _function(node), node.args
    if isinstance(node, ast.Attribute):
        way_out = f"a name with a dot stands in backquotes, whole. {_EXAMPLE}"
        raise refusal(f".{node.attr}", way_out)
    raise refusal(_sign(node))


def _allowed(operator: ast.AST, names: dict[type[ast.AST], str]) -> str:
    """The name of an operator; one that is not among `names` is refused."""
    if type(operator) not in names:
        raise refusal(_sign(operator))
    return names[type(operator)]


def _function(node: ast.Call) -> str:
    if not isinstance(node.func, ast.Name):
        _operation(node.func)  # refuses what has a name of its own
        raise refusal("(...)")
    name = node.func.id
    if name not in FUNCTIONS:
        raise refusal(name)
    fewest, most = FUNCTIONS[name]
    if node.keywords or not fewest <= len(node.args) <= most:
        count = "one value" if most == 1 else f"{fewest} to {most} values"
        raise refusal(f"{name}(...)", f"this function takes {count}, without names.")
    return name


def _sign(node: ast.AST) -> str:
    kind = type(node).__name__
    return _SIGNS.get(kind) or kind.lower()


def _chain(node: ast.Compare, arguments: tuple[Tree, ...]) -> Tree:
    """A comparison; `a < b < c` is the two of them joined by `and`."""
    links = tuple(
        Call(_COMPARISONS[type(operator)], arguments[at : at + 2])
        for at, operator in enumerate(node.ops)
    )
    return links[0] if len(links) == 1 else Call("and", links)


def _check_exponent(tree: Tree) -> None:
    negative = isinstance(tree, Call) and tree.operation == "negative"
    plain = tree.arguments[0] if isinstance(tree, Call) and negative else tree
    value = plain.value if isinstance(plain, Constant) else None
    if not isinstance(value, float) or value > MAX_EXPONENT:
        why = f"an exponent is a number from {-MAX_EXPONENT:g} to {MAX_EXPONENT:g}, written out."
        raise refusal("**", f"{why} Elsewhere, `exp` and `log` say the same.")


def _names(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Name):
        yield tree.name
    elif isinstance(tree, Call):
        for argument in tree.arguments:
            yield from _names(argument)
