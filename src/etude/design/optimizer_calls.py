"""What the training code's own call of an optimizer shows, read from its text and never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, final

from ..code import CodeFile
from ..playbook.library_calls import LibraryCall, library_call

# The full name behind each name that a file imports: `optim` is `torch.optim`.
Imports: TypeAlias = Mapping[str, str]


@final
@dataclass(frozen=True, kw_only=True)
class OptimizerCall:
    """A call that makes an optimizer.

    Args:
        name: The library's, in full: `torch.optim.Adam`.
        optimizer: Its name in the catalogue; `momentum` or `nesterov` for an SGD with one.
        file: Where it stands.
        line: From 1.
        values: By the catalogue's names, the numbers that are the same whatever a file says: those
            written in the call, else the library's.
        texts: The names and texts in what each of the others is handed, `{"learning_rate":
            {"trial", "lr"}}`: `trial["lr"]`.
    """

    name: str
    optimizer: str
    file: str
    line: int
    values: Mapping[str, float]
    texts: Mapping[str, frozenset[str]]


def optimizer_calls(code: Sequence[CodeFile]) -> list[OptimizerCall]:
    """The calls of known optimizers in the files of a training, in their order.

    One that is handed arguments that cannot be told, as `**options` are, is left out.

    Source: R6, S2.

    >>> text = "from optax import adam; adam(1e-3, b2=0.99)"
    >>> (call,) = optimizer_calls([CodeFile("train.py", "", text)])
    >>> call.values["beta2"], call.values["epsilon"]
    (0.99, 1e-08)
    """
    return [call for file in code for call in _calls_in(file)]


@lru_cache(maxsize=64)
def _calls_in(file: CodeFile) -> tuple[OptimizerCall, ...]:
    try:
        tree = ast.parse(file.text)
    except (SyntaxError, ValueError, RecursionError):
        return ()  # who runs it says what is wrong with it
    imports = dict(_imports(tree))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [(node, library_call(_full_name(node.func, imports))) for node in calls]
    seen = [_call(node, known, file) for node, known in found if known]
    return tuple(sorted(filter(None, seen), key=lambda call: call.line))


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _full_name(function: ast.expr, imports: Imports) -> str:
    """The dotted name of a function, from the library on; empty for what has none."""
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if not isinstance(function, ast.Name) or function.id not in imports:
        return ""
    return ".".join((imports[function.id], *reversed(parts)))


def _call(node: ast.Call, known: LibraryCall, file: CodeFile) -> OptimizerCall | None:
    given = {word.arg: word.value for word in node.keywords if word.arg}
    is_open = len(given) < len(node.keywords) or any(
        isinstance(value, ast.Starred) for value in node.args
    )
    if is_open or ("optim" in given and "optim" not in known.arguments):
        return None
    given |= dict(zip(known.order, node.args[known.behind :], strict=False))
    values = dict(known.defaults)
    texts: dict[str, frozenset[str]] = {}
    for entry, value in _handed(known, given):
        values.pop(entry, None)
        if (number := _number(value)) is not None:
            values[entry] = number
        else:
            texts[entry] = _texts(value)
    return OptimizerCall(
        name=known.name,
        optimizer=_variant(known.optimizer, given, values),
        file=file.path,
        line=node.lineno,
        values=values,
        texts=texts,
    )


def _handed(known: LibraryCall, given: Mapping[str, ast.expr]) -> Iterator[tuple[str, ast.expr]]:
    """What the call is handed, by the catalogue's names."""
    for argument, entries in known.arguments.items():
        if argument in given:
            yield from zip(entries, _parts(given[argument], len(entries)), strict=True)


def _variant(optimizer: str, given: Mapping[str, ast.expr], values: Mapping[str, float]) -> str:
    """The optimizer that it is: SGD with a momentum is another one, and Nesterov's a third."""
    if optimizer != "sgd" or values.get("momentum") == 0.0:
        return optimizer
    is_nesterov = "nesterov" in given and _number(given["nesterov"]) != 0.0
    return "nesterov" if is_nesterov else "momentum"


def _parts(value: ast.expr, count: int) -> Sequence[ast.expr]:
    """The parts of a tuple that stands for several; all of it for each where it is none."""
    is_tuple = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == count
    return value.elts if is_tuple and count > 1 else [value] * count  # type: ignore[attr-defined]  # asked above


def _number(value: ast.expr) -> float | None:
    try:
        number = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return float(number) if isinstance(number, int | float) else None


def _texts(value: ast.expr) -> frozenset[str]:
    """The names, attributes and texts in an expression: any may be that of a hyperparameter."""
    nodes = list(ast.walk(value))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    texts = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return frozenset(names | attributes | texts)
