"""Whether a reference names a workload, read from the file's text: nothing is imported for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from ..experiment.small_file import bytes_of
from ..train.workload import FUNCTIONS

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = (ast.If, ast.Try, ast.With)
# Heuristic: so many names that stand for each other are followed; a circle ends there.
_DEPTH = 8


def names_workload(reference: str | None, folder: Path) -> bool:
    """Whether `file.py:Name` is a workload, so that its trials are trained in Etude's own loop.

    A class with two of a workload's functions, an instance of one, or a `Workload(...)`. What the
    text does not tell, such as what a function returns, counts as no workload.
    """
    file, _, name = (reference or "").rpartition(":")
    source = _source(folder / file) if file else None
    return source is not None and _is_workload(source, name)


def workload_members(reference: str | None, folder: Path) -> frozenset[str]:
    """The names that a workload has, as far as its text tells: of its class, or of the call."""
    file, _, name = (reference or "").rpartition(":")
    source = _source(folder / file) if file else None
    if source is None:
        return frozenset()
    home, last = _binding(source, name, _DEPTH)
    if isinstance(last, ast.Assign | ast.AnnAssign) and isinstance(last.value, ast.Call):
        given = frozenset(one.arg for one in last.value.keywords if one.arg)
        home, last = _binding(home, _last_name(last.value.func), _DEPTH)
    else:
        given = frozenset()
    members = _members(home, last, _DEPTH) if isinstance(last, ast.ClassDef) else set()
    return given | members


@final
@dataclass(frozen=True)
class _Source:
    """The statements of a file, and the folder that it imports from."""

    body: Sequence[ast.stmt]
    folder: Path


def _is_workload(source: _Source, name: str) -> bool:
    home, last = _binding(source, name, _DEPTH)
    if isinstance(last, ast.ClassDef):
        return len(_members(home, last, _DEPTH) & set(FUNCTIONS)) > 1
    if not isinstance(last, ast.Assign | ast.AnnAssign) or not isinstance(last.value, ast.Call):
        return False
    made = _last_name(last.value.func)
    home, last = _binding(home, made, _DEPTH)
    return made == "Workload" or (isinstance(last, ast.ClassDef) and _is_workload(home, last.name))


def _binding(source: _Source, name: str, depth: int) -> tuple[_Source, ast.stmt | None]:
    """The statement that binds a name last, and its file; what only renames is followed."""
    bound = [one for one in _statements(source.body) if name in _bound_names(one)]
    last = bound[-1] if bound and depth else None
    if isinstance(last, ast.ImportFrom):
        original = next(one.name for one in last.names if (one.asname or one.name) == name)
        sources = map(_source, _module_files(last, source.folder))
        other = next((one for one in sources if one is not None), None)
        return _binding(other, original, depth - 1) if other else (source, None)
    if isinstance(last, ast.Assign) and isinstance(last.value, ast.Name):
        return _binding(source, last.value.id, depth - 1)
    return source, last


def _members(source: _Source, class_: ast.ClassDef, depth: int) -> set[str]:
    """The names in a class and in the classes that it derives from, as far as they are seen."""
    members = {bound for one in _statements(class_.body) for bound in _bound_names(one)}
    for base in class_.bases if depth else ():
        home, found = _binding(source, _last_name(base), depth)
        if isinstance(found, ast.ClassDef):
            members |= _members(home, found, depth - 1)
    return members


def _source(path: Path) -> _Source | None:
    """A file's statements; None where it cannot be read."""
    try:
        return _Source(ast.parse(bytes_of(path)).body, path.parent)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a file or a class, those of its conditions and tries among them."""
    for one in body:
        yield one
        if isinstance(one, _BLOCKS):
            others = [] if isinstance(one, ast.With) else one.orelse
            handlers = one.handlers if isinstance(one, ast.Try) else []
            handled = [inner for handler in handlers for inner in handler.body]
            yield from _statements([*one.body, *handled, *others])


def _bound_names(statement: ast.stmt) -> set[str]:
    """The names that a statement binds."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    if isinstance(statement, ast.ImportFrom):
        return {one.asname or one.name for one in statement.names}
    if isinstance(statement, ast.Assign):
        return {one.id for one in statement.targets if isinstance(one, ast.Name)}
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    return set()


def _module_files(statement: ast.ImportFrom, folder: Path) -> Iterator[Path]:
    """Where the module of an import may stand: beside the file, or from the package's root on."""
    steps = (statement.module or "").replace(".", "/")
    above = [folder, *folder.absolute().parents]
    roots = above[statement.level - 1 : statement.level] if statement.level else [folder]
    while not statement.level and (roots[-1] / "__init__.py").is_file():
        roots.append(roots[-1].absolute().parent)
    for root in roots:
        yield root / f"{steps}.py"
        yield root / steps / "__init__.py"


def _last_name(expression: ast.expr) -> str:
    """The last part of a dotted name; empty for what is none."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""
