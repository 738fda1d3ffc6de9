"""How often a sentence of Etude is false, and how often it is found where it is so: one row a claim.

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
import hashlib
import importlib
import math
import multiprocessing
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

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
    figures: dict[str, float] = {}
    with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
        for name in given.row or ROWS:
            _measure(name, given, pool, output, figures)
    missed = [name for name, value in figures.items() if name.endswith(" holds") and not value]
    output.say(f"missed: {', '.join(missed) or 'nothing'}")
    output.end(figures)


def _measure(name: str, given: argparse.Namespace, pool, output: Output, figures) -> None:
    """Every cell of a row, from the cache where it was measured with this code."""
    row: Row = importlib.import_module(f"claims.{name}").ROW
    code = _fingerprint(name, row)
    cache = Cache(BENCH / "truth" / f"{name}.jsonl", KEY)
    begin = time.perf_counter()
    output.say()
    output.say(f"{name}: {row.claim}")
    shares: dict[str, list[tuple[Cell, float]]] = {}
    for cell in row.cells:
        if cell.full and not given.full:
            continue
        share = _cell(name, code, cell, given, pool, cache, output)
        figures[f"{name}: {cell.name}"] = share
        shares.setdefault(cell.group, []).append((cell, share))
    holds = True
    for group, judged in shares.items():
        mean = sum(share for _, share in judged) / len(judged)
        within = all(cell.meets(share) for cell, share in judged)
        within &= judged[0][0].limit is None or judged[0][0].reaches(mean)
        holds &= within
        output.say(f"  {group}: mean {100 * mean:.1f} %, {'holds' if within else 'MISSES'}")
    figures[f"{name} holds"] = float(holds)
    output.say(f"  {time.perf_counter() - begin:.0f} s")


def _cell(name: str, code: str, cell: Cell, given, pool, cache: Cache, output: Output) -> float:
    repeats = given.repeats or cell.repeats
    tasks = [
        {"row": name, "cell": cell.name, "seed": given.seed, "repeat": repeat, "code": code}
        for repeat in range(repeats)
    ]
    todo = [task for task in tasks if cache.get(task) is None]
    run = partial(_repeat, name)
    for task, (hits, judged) in zip(todo, pool.imap(run, todo, chunksize=CHUNK), strict=True):
        cache.add({**task, "hits": hits, "judged": judged})
    known = [cache.get(task) for task in tasks]
    hits, judged = sum(one["hits"] for one in known), sum(one["judged"] for one in known)
    share = hits / judged if judged else math.nan
    output.say(f"  {cell.line(share, judged)}")
    return share


def _repeat(name: str, task: dict) -> tuple[int, int]:
    """One study of a cell: how often the sentence was said, of how often it could be."""
    row: Row = importlib.import_module(f"claims.{name}").ROW
    cell = next(cell for cell in row.cells if cell.name == task["cell"])
    return cell.measure([task["seed"], task["repeat"]])


def _fingerprint(name: str, row: Row) -> str:
    """Of the code that a row rests on: what was measured with other code is measured again."""
    paths: Sequence[Path] = [
        ROOT / "benchmarks" / "claims" / f"{name}.py",
        *(
            path
            for part in row.rests_on
            for path in sorted((ROOT / "src" / "etude" / part).rglob("*.py"))
        ),
    ]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]


if __name__ == "__main__":
    main()
