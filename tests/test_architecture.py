"""The limits of the house that no linter has a rule for. Where a limit binds: write it smaller."""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from inspect import signature
from pathlib import Path

import pytest

import etude
from etude.experiment.methods import METHODS
from etude.playbook.rules import sentences
from etude.search import SCHEDULES, SEARCHES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "etude"
SOURCES = [path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))]
SOURCED = [path for path in SOURCES if path.startswith(("design/", "analyze/", "advise/"))]

# A Protocol costs each of its members a method; the two borders with the outside may cost more.
PROTOCOL_LIMITS = {"Runner": 5, "Store": 8}
# Where a library that not everyone has, or that is slow to load, may be imported.
HOMES = {
    "altair": ("plot/", "report/"),
    "jax": ("connect/", "train/jax/"),
    "matplotlib": (),
    "pandas": ("round/frames.py", "round/result.py", "connect/"),
    "psycopg": ("store/postgres.py",),
    "ray": ("runner/ray.py",),
    "scipy": ("search/", "analyze/", "advise/"),
    "torch": ("train/", "runner/vectorized.py", "search/bayesian.py"),
    "vl_convert": ("plot/", "report/"),
}
SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b")
EXPLAINED = re.compile(r"#\s*(?:noqa:\s*[A-Z0-9, ]+|type:\s*ignore\[[\w, -]+\])\s+#\s*\w+")
SOURCE_LINE = re.compile(r"^\s*Source: .*\b[A-Z]\d+\b.*", re.MULTILINE)
REGISTRY = re.compile(
    r"(?:pypi|pythonhosted|download\.pytorch|anaconda)\.org|--(?:extra-)?index-url"
)
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:root|home|Users|opt|work)/\w")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(source: str) -> ast.Module:
    return ast.parse((PACKAGE / source).read_text())


@cache
def tokens(path: Path) -> list[tokenize.TokenInfo]:
    return list(tokenize.generate_tokens(io.StringIO(path.read_text()).readline))


@cache
def code_lines(source: str) -> frozenset[int]:
    """Line numbers that hold code: neither blank, nor comment, nor docstring."""
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    written = {
        line
        for token in tokens(PACKAGE / source)
        if token.type not in layout and token.string
        for line in range(token.start[0], token.end[0] + 1)
    }
    return frozenset(written - {line for node in docstrings(source) for line in lines_of(node)})


def docstrings(source: str) -> Iterator[ast.stmt]:
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.stmt | ast.Module):
            block = getattr(node, "body", [])
            yield from (one for one in block if is_text(one))


def is_text(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def functions(node: ast.AST) -> list[Function]:
    return [one for one in ast.walk(node) if isinstance(one, Function)]


def classes(source: str) -> list[ast.ClassDef]:
    return [one for one in ast.walk(tree(source)) if isinstance(one, ast.ClassDef)]


def is_protocol(one: ast.ClassDef) -> bool:
    return any(ast.unparse(base).startswith("Protocol") for base in one.bases)


def is_property(one: Function) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in one.decorator_list)


def members(one: ast.ClassDef) -> list[Function]:
    return [node for node in one.body if isinstance(node, Function)]


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


def comments(path: Path) -> list[str]:
    return [token.string for token in tokens(path) if token.type == tokenize.COMMENT]


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh Python holds after one statement."""
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


def places(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        for match in pattern.finditer(path.read_text(errors="ignore"))
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_a_function_has_at_most_40_lines_of_code(source):
    lengths = {
        one.name: len(code_lines(source).intersection(lines_of(one)))
        for one in functions(tree(source))
    }

    assert {name: length for name, length in lengths.items() if length > 40} == {}


@pytest.mark.parametrize("source", SOURCES)
def test_a_file_has_at_most_300_lines_of_code(source):
    assert len(code_lines(source)) <= 300


@pytest.mark.parametrize("source", SOURCES)
def test_a_protocol_asks_for_few_members(source):
    asked = {one.name: len(members(one)) for one in classes(source) if is_protocol(one)}

    assert {name: n for name, n in asked.items() if n > PROTOCOL_LIMITS.get(name, 3)} == {}


@pytest.mark.parametrize("source", SOURCES)
def test_a_class_has_at_most_8_public_methods(source):
    methods = {
        one.name: len([method for method in public(members(one)) if not is_property(method)])
        for one in classes(source)
    }

    assert {name: n for name, n in methods.items() if n > 8} == {}


@pytest.mark.parametrize("source", SOURCED)
def test_a_public_function_names_the_rules_it_rests_on(source):
    mine = public([node for node in tree(source).body if isinstance(node, Function)])

    assert [one.name for one in mine if not SOURCE_LINE.search(ast.get_docstring(one) or "")] == []


def test_a_source_line_names_rules_that_exist():
    texts = [(PACKAGE / source).read_text() for source in SOURCES]
    lines = [line for text in texts for line in SOURCE_LINE.findall(text)]
    named = {rule for line in lines for rule in re.findall(r"\b[A-Z]\d+\b", line)}

    assert named - sentences().keys() == set()


@pytest.mark.parametrize("source", SOURCES)
def test_a_heavy_library_is_imported_only_in_its_home(source):
    heavy = imported(source) & HOMES.keys()

    assert {name for name in heavy if not source.startswith(HOMES[name])} == set()


def test_suppressions_are_rare():
    found = [text for source in SOURCES for text in comments(PACKAGE / source)]
    suppressions = [text for text in found if SUPPRESSION.search(text)]

    assert len(suppressions) <= 3 * sum(len(code_lines(source)) for source in SOURCES) / 1000


def test_every_suppression_has_a_reason():
    everywhere = [path for path in tracked() if path.suffix == ".py"]
    bare = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in everywhere
        for text in comments(path)
        if SUPPRESSION.search(text) and not EXPLAINED.search(text)
    ]

    assert bare == []


def test_at_most_8_core_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert len(project["dependencies"]) <= 8


@pytest.mark.parametrize(("kind", "registry"), [("search", SEARCHES), ("schedule", SCHEDULES)])
def test_an_experiment_knows_every_search_and_schedule_and_what_each_may_be_told(kind, registry):
    known = {name: set(method.options) for name, method in METHODS[kind].items()}
    taken = {name: set(signature(one).parameters) - {"inner"} for name, one in registry.items()}

    assert known == taken


def test_every_public_name_is_documented():
    documented = set(re.findall(r"^\| `etude\.(\w+)", (ROOT / "docs/api.md").read_text(), re.M))

    assert documented == set(etude.__all__)


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import etude", HOMES.keys() | {"polars", "sqlalchemy", "numpy", "typer"}),
        ("import etude.cli", HOMES.keys() | {"polars", "sqlalchemy", "numpy", "jinja2"}),
    ],
)
def test_an_import_loads_nothing_heavy(statement, heavy):
    assert loaded_by(statement) & heavy == set()


def test_no_file_names_a_package_registry():
    assert places(REGISTRY) == []


def test_no_file_names_a_path_of_one_machine():
    assert places(MACHINE_PATH) == []
