"""What the house costs who reads it and what a report computes twice: this checkout, and another.

    python benchmarks/house.py                 this checkout
    python benchmarks/house.py --against DIR   beside another one, of an older layout perhaps
    python benchmarks/house.py --quick         without counting test cases, nothing kept

What is read from the sources is read with `ast` and `tokenize`; lines of code are neither blank,
nor comment, nor docstring. What is counted while commands run is counted by `sys.setprofile` in
`peers/house_calls.py`, over the demo's stored round with two studies.

A place that turns the sign of a metric is an expression that chooses by `maximize` and has a minus
in one of its branches; words such as `higher` are none. A read of `evidence` is an index, a `.get`
or an `in` of a literal key on something called `evidence`.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import lzma
import os
import re
import subprocess
import sys
import tempfile
import tokenize
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

from measure import ROOT, Output

STORE = ROOT / "tests" / "golden" / "stores" / "demo.sqlite.xz"
CALLS = Path(__file__).parent / "peers" / "house_calls.py"
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b")
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef

# A figure, in words, and what the house asks of it.
ROWS = {
    "root_modules": ("modules at the root", "at most 12"),
    "rungs": ("rungs of the ladder", "at most 12"),
    "check_loads": ("`loads` in one `etude check`", ""),
    "next_loads": ("`loads` in one `etude next`", ""),
    "report_loads": ("`loads` in one `etude report`", ""),
    "check_computations": ("most computations of a charted check, a study and report", "1"),
    "boundary_computations": ("computations of `boundary`, a study and report", "1"),
    "outcomes": ("`outcomes` in one report of two studies", "2"),
    "evidence_reads": ("reads of `evidence` by a literal key", "0"),
    "sign_turns": ("places that turn the sign of a metric", "1"),
    "small_files": ("files of at most 50 lines, `__init__` not counted", "about 20"),
    "long_functions": ("functions of more than 40 lines of code", "0"),
    "long_files": ("files of more than 300 lines of code", "0"),
    "median_file": ("lines of code of the median file", "at most 120"),
    "suppressions": ("suppressions per 1,000 lines of code", "at most 3"),
    "code_lines": ("lines of code", "27,000 or less"),
    "test_cases": ("test cases", ""),
    "test_functions": ("test functions", ""),
}


@dataclass(frozen=True)
class Source:
    """A file of the package."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text)))

    @cached_property
    def code_lines(self) -> frozenset[int]:
        """The numbers of its lines that hold code."""
        written = {
            line
            for token in self.tokens
            if token.type not in LAYOUT and token.string
            for line in range(token.start[0], token.end[0] + 1)
        }
        return frozenset(written.difference(*map(_lines, self._texts())))

    def _texts(self) -> Iterator[ast.stmt]:
        """Statements that are nothing but a text: docstrings."""
        for node in self.nodes:
            if isinstance(node, ast.Module | ast.ClassDef | FUNCTIONS):
                texts = (line for line in node.body if isinstance(line, ast.Expr))
                yield from (line for line in texts if _is_text(line.value))

    def function_lengths(self) -> list[int]:
        functions = [node for node in self.nodes if isinstance(node, FUNCTIONS)]
        return [len(self.code_lines.intersection(_lines(node))) for node in functions]

    def suppressions(self) -> int:
        comments = [token.string for token in self.tokens if token.type == tokenize.COMMENT]
        return sum(bool(SUPPRESSION.search(text)) for text in comments)

    def evidence_reads(self) -> int:
        return sum(map(_reads_evidence, self.nodes))

    def sign_turns(self) -> int:
        return sum(map(_turns_sign, self.nodes))


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _is_text(node: object) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_named(node: ast.AST, name: str) -> bool:
    return name in (getattr(node, "attr", ""), getattr(node, "id", ""))


def _reads_evidence(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        read = isinstance(node.ctx, ast.Load)
        return read and _is_named(node.value, "evidence") and _is_text(node.slice)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        asked = node.func.attr == "get" and _is_named(node.func.value, "evidence")
        return asked and bool(node.args) and _is_text(node.args[0])
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        return _is_text(node.left) and _is_named(node.comparators[0], "evidence")
    return False


def _turns_sign(node: ast.AST) -> bool:
    if not isinstance(node, ast.IfExp):
        return False
    branches = [*ast.walk(node.body), *ast.walk(node.orelse)]
    chosen = any(_is_named(part, "maximize") for part in ast.walk(node.test))
    return chosen and any(isinstance(part, ast.USub) for part in branches)


@dataclass(frozen=True)
class Checkout:
    """A copy of the repository, of any layout since there is a ladder."""

    root: Path

    @property
    def package(self) -> Path:
        return self.root / "src" / "etude"

    @cached_property
    def sources(self) -> list[Source]:
        return [Source(path) for path in sorted(self.package.rglob("*.py"))]

    def figures(self, *, tests: bool) -> dict[str, float]:
        """Every figure by its name; the counted ones from a run of three commands."""
        return self._read() | self._called() | (self._collected() if tests else {})

    def _read(self) -> dict[str, float]:
        lengths = [len(source.code_lines) for source in self.sources]
        functions = [length for source in self.sources for length in source.function_lengths()]
        whole = [source for source in self.sources if not source.path.name.startswith("__")]
        return {
            "root_modules": sum(source.path.parent == self.package for source in whole),
            "rungs": len(self._ladder()),
            "evidence_reads": sum(source.evidence_reads() for source in self.sources),
            "sign_turns": sum(source.sign_turns() for source in self.sources),
            "small_files": sum(len(source.text.splitlines()) <= 50 for source in whole),
            "long_functions": sum(length > 40 for length in functions),
            "long_files": sum(length > 300 for length in lengths),
            "median_file": median(lengths),
            "suppressions": 1000 * sum(one.suppressions() for one in self.sources) / sum(lengths),
            "code_lines": sum(lengths),
        }

    def _ladder(self) -> list[str]:
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        contracts = project["tool"]["importlinter"]["contracts"]
        (layers,) = [one["layers"] for one in contracts if one["containers"] == ["etude"]]
        return layers

    def _called(self) -> dict[str, float]:
        """What is called while one `etude check`, `next` and `report` answer of two studies."""
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "etude.db"
            store.write_bytes(lzma.decompress(STORE.read_bytes()))
            run = {
                command: self._calls(command, Path(folder))
                for command in ("check", "next", "report")
            }
        report = run["report"]
        checks = {name: n for name, n in report.items() if name not in ("loads", "outcomes")}
        return {
            **{f"{command}_loads": calls.get("loads", 0) for command, calls in run.items()},
            "check_computations": max(checks.values()) / 2,
            "boundary_computations": checks["boundary"] / 2,
            "outcomes": report["outcomes"],
        }

    def _calls(self, command: str, folder: Path) -> dict[str, int]:
        call = [sys.executable, str(CALLS), str(self.package), command]
        lines = self._output(call, folder)
        calls: dict[str, int] = json.loads(lines[-1])
        return calls

    def _collected(self) -> dict[str, float]:
        collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        cases = [line for line in self._output(collect, self.root) if "::" in line]
        functions = {re.sub(r"\[.*", "", case) for case in cases}
        return {"test_cases": len(cases), "test_functions": len(functions)}

    def _output(self, command: list[str], folder: Path) -> list[str]:
        path = os.pathsep.join([str(self.root / "src"), str(self.root)])
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{command[1:]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout.splitlines()


def table(before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[str]:
    """A line a figure: as it was, as it is, and what is asked of it."""
    yield f"{'':62}{'before' if before else '':>10}{'now':>10}   asked"
    for name, (words, asked) in ROWS.items():
        if name in after:
            yield f"{words:62}{_number(before.get(name)):>10}{_number(after[name]):>10}   {asked}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}".removesuffix("0").removesuffix(".0")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout")
    parser.add_argument("--quick", action="store_true", help="no test cases, nothing kept")
    asked = parser.parse_args()
    output = Output("house", keep=not asked.quick)
    after = Checkout(ROOT).figures(tests=not asked.quick)
    before = {}
    if asked.against:
        before = Checkout(asked.against.resolve()).figures(tests=not asked.quick)
    for line in table(before, after):
        output.say(line)
    output.say()
    output.end({**after, **{f"{name}_before": value for name, value in before.items()}})


if __name__ == "__main__":
    main()
