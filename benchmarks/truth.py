"""How often a sentence of Etude is false, and how often it is found where it is so.

    python benchmarks/truth.py                the short form: under 40 minutes on 2 cores
    python benchmarks/truth.py --full         every cell: hours, from where it stopped
    python benchmarks/truth.py --row luck     one row, nothing kept
    python benchmarks/truth.py --seed 7       other studies, nothing kept: for setting thresholds

A cell repeats one kind of study. Of repeats that are judged, it counts those in which something was
said. A cell holds if its share misses its limit by no more than two standard errors; a row holds if
its cells do and their mean meets the limit. The seeds of the kept result set no threshold.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import math
import multiprocessing
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

from claims.cell import Cell, Row
from measure import BENCH, ROOT, Cache, Output

# One file of `claims/` each, with a `ROW`; in the order of the table.
ROWS = (
    "fix_it",
    "broke",
    "overfitting",
    "better",
    "luck",
    "confidence",
    "boundary",
    "compare",
    "half_break",
    "failed_checks",
)
REPORTED_SEED = 20261128
KEY = ("row", "cell", "seed", "repeat", "code")
CHUNK = 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="every cell")
    parser.add_argument("--row", action="append", choices=ROWS, help="only this row")
    parser.add_argument("--seed", type=int, default=REPORTED_SEED)
    parser.add_argument("--repeats", type=int, help="so many a cell: does it run?")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    keep = not given.row and not given.repeats and given.seed == REPORTED_SEED
    output = Output("truth", keep=keep)
    # Two processes of several threads each would wait for one another.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
        measuring = Measuring(given=given, pool=pool, output=output)
        for name in given.row or ROWS:
            measuring.measure(name)
    figures = measuring.figures
    missed = [name for name, value in figures.items() if name.endswith(" holds") and not value]
    output.say()
    output.say(f"missed: {', '.join(missed) or 'nothing'}")
    output.end(figures)


@dataclass(kw_only=True)
class Measuring:
    """The rows measured so far."""

    given: argparse.Namespace
    pool: Pool
    output: Output
    figures: dict[str, float] = field(default_factory=dict)

    def measure(self, name: str) -> None:
        """Every cell of a row, from the cache where it was measured with this code."""
        row = _row(name)
        begin = time.perf_counter()
        self.output.say()
        self.output.say(f"{name}: {row.claim}")
        groups: dict[str, list[tuple[Cell, float]]] = {}
        for cell in row.cells:
            if cell.full and not self.given.full:
                continue
            share = self._share(name, row, cell)
            self.figures[f"{name}: {cell.name}"] = share
            groups.setdefault(cell.group, []).append((cell, share))
        holds = [self._group_holds(group, judged) for group, judged in groups.items()]
        self.figures[f"{name} holds"] = float(all(holds))
        self.output.say(f"  {time.perf_counter() - begin:.0f} s")

    def _group_holds(self, group: str, judged: Sequence[tuple[Cell, float]]) -> bool:
        """Whether every cell meets its limit within two standard errors, and their mean does."""
        first = judged[0][0]
        mean = sum(share for _, share in judged) / len(judged)
        holds = all(cell.meets(share) for cell, share in judged)
        holds = holds and (first.limit is None or first.reaches(mean))
        self.output.say(f"  {group}: mean {100 * mean:.1f} %, {'holds' if holds else 'MISSES'}")
        return holds

    def _share(self, name: str, row: Row, cell: Cell) -> float:
        cache = Cache(BENCH / "truth" / f"{name}.jsonl", KEY)
        place = {"row": name, "cell": cell.name, "seed": self.given.seed}
        code = _fingerprint(name, row)
        repeats = range(self.given.repeats or cell.repeats)
        tasks = [{**place, "repeat": repeat, "code": code} for repeat in repeats]
        todo = [task for task in tasks if cache.get(task) is None]
        counts = self.pool.imap(partial(_repeat, name), todo, chunksize=CHUNK)
        for task, (hits, judged) in zip(todo, counts, strict=True):
            cache.add({**task, "hits": hits, "judged": judged})
        known = [found for task in tasks if (found := cache.get(task)) is not None]
        hits, judged = sum(one["hits"] for one in known), sum(one["judged"] for one in known)
        share = hits / judged if judged else math.nan
        self.output.say(f"  {cell.line(share, judged)}")
        return share


def _row(name: str) -> Row:
    row: Row = importlib.import_module(f"claims.{name}").ROW
    return row


def _repeat(name: str, task: dict[str, Any]) -> tuple[int, int]:
    """One study of a cell: how often the sentence was said, of how often it could be."""
    cell = next(cell for cell in _row(name).cells if cell.name == task["cell"])
    hits, judged = cell.measure([task["seed"], task["repeat"]])
    return int(hits), int(judged)


def _fingerprint(name: str, row: Row) -> str:
    """Of the code that a row rests on: what was measured with other code is measured again.

    Without docstrings, comments and the words of sentences, which decide nothing.
    """
    paths: Sequence[Path] = [
        ROOT / "benchmarks" / "claims" / f"{name}.py",
        *(
            path
            for part in row.rests_on
            for path in sorted((ROOT / "src" / "etude" / part).rglob("*.py"))
        ),
    ]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(ast.dump(_Wordless().visit(ast.parse(path.read_bytes()))).encode())
    return digest.hexdigest()[:12]


class _Wordless(ast.NodeTransformer):
    """Code without the words of its sentences and docstrings."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        node.values = [part for part in node.values if not isinstance(part, ast.Constant)]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        return ast.Expr(ast.Pass()) if isinstance(node.value, ast.Constant) else node


if __name__ == "__main__":
    main()
