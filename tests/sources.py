"""The files of the repository as the rules of the house see them: trees, tokens, lines of code."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "etude"
SOURCES = [path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(source: str) -> ast.Module:
    return ast.parse((PACKAGE / source).read_text())


@cache
def code_lines(source: str) -> frozenset[int]:
    """Line numbers that hold code: neither blank, nor comment, nor docstring."""
    lines = enumerate((PACKAGE / source).read_text().splitlines(), start=1)
    written = {at for at, line in lines if line.strip() and not line.lstrip().startswith("#")}
    # In a text of several lines a blank one, and one with a number sign, is code.
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno != node.lineno:
            written |= {*lines_of(node)}
    return frozenset(written - {line for node in docstrings(source) for line in lines_of(node)})


@cache
def docstrings(source: str) -> list[ast.Expr]:
    return [
        statement
        for node in ast.walk(tree(source))
        if isinstance(node, ast.stmt | ast.Module)
        for statement in getattr(node, "body", [])
        if is_text(statement)
    ]


def is_text(node: object) -> TypeGuard[ast.Expr]:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def lines_of(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


@cache
def functions(source: str) -> list[Function]:
    return [node for node in ast.walk(tree(source)) if isinstance(node, Function)]


@cache
def classes(source: str) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree(source)) if isinstance(node, ast.ClassDef)]


def is_protocol(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).startswith("Protocol") for base in node.bases)


def is_property(function: Function) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in function.decorator_list)


def members(node: ast.ClassDef) -> list[Function]:
    return [statement for statement in node.body if isinstance(statement, Function)]


def public_functions(source: str) -> list[Function]:
    return public([node for node in tree(source).body if isinstance(node, Function)])


def public(nodes: list[Function]) -> list[Function]:
    return [node for node in nodes if not node.name.startswith("_")]


def imported(source: str) -> set[str]:
    """The first names of all absolute imports of a file, wherever they stand in it."""
    nodes = list(ast.walk(tree(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    return {name.partition(".")[0] for name in plain | parts}


@cache
def names_in(source: str) -> set[str]:
    """All that a module holds under a name: its assignments, definitions and imports."""
    nodes = list(ast.walk(tree(source)))
    defined = {node.name for node in nodes if isinstance(node, Function | ast.ClassDef)}
    assigned = {node.id for node in nodes if isinstance(node, ast.Name)}
    aliases = [
        alias
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    return defined | assigned | {alias.asname or alias.name for alias in aliases}


@cache
def comments(path: Path, pattern: re.Pattern[str]) -> list[str]:
    """The comments with the pattern; only a file that has it is taken apart."""
    text = path.read_text()
    if not pattern.search(text):
        return []
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    remarks = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return [remark for remark in remarks if pattern.search(remark)]


@cache
def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


def places(pattern: re.Pattern[str]) -> list[str]:
    """Wherever a pattern stands in a tracked file."""
    return [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        for match in pattern.finditer(path.read_text(errors="ignore"))
    ]


def above(limit: int, counts: Mapping[str, int]) -> list[str]:
    """Those that have more than the limit, each with its count."""
    return [f"{place}: {count}" for place, count in counts.items() if count > limit]
