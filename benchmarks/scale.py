"""What Etude costs as its work grows: processor seconds, MiB, and the exponent between two sizes.

    python benchmarks/scale.py                 every cell: hours; a cell that was played is kept
    python benchmarks/scale.py --only asha,pbt these alone, and a result of what is known so far
    python benchmarks/scale.py --quick         the smallest sizes, nothing kept: does it run?

Every cell is a process of its own over an empty folder, its imports and a first small run not
counted; what looks at a store counts all of its process. Times are the processor's, for a machine
that others use too; bars that compare are ratios. Etude is compiled first, as pip does where it
installs: no cell compiles it again. The cluster is simulated: a thousand workers on a
virtual clock report once a second each, and the driver's own time is what counts.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import itertools
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import ROOT, Output, Rows, child, peer, version

PEERS = ROOT / "benchmarks" / "peers"


@dataclass(frozen=True)
class Cell:
    """One thing that grows.

    Args:
        sizes: How large, rising; the first is also the quick one.
        build: What fills the store that it looks at; empty where it begins with none.
        per: What one of its size is.
    """

    name: str
    sizes: Sequence[int]
    build: str = ""
    command: str = ""
    per: str = "trial"


CELLS = [
    Cell("run", (100, 1000, 10_000, 100_000)),
    Cell("asha", (100, 400, 1000, 3200)),
    Cell("pbt", (100, 400, 3200)),
    Cell("reports", (1000, 100_000, 1_000_000), per="report"),
    Cell("metrics", (10, 1000), per="step"),
    Cell("workers", (4, 16, 64), per="worker"),
    Cell("check", (1000, 10_000, 100_000), "build_many", "check"),
    Cell("check_wide", (100, 1000), "build_wide", "check"),
    Cell("next", (1000, 10_000, 100_000), "build_many", "next"),
    Cell("report", (1000, 10_000), "build_many", "report"),
    Cell("report_studies", (50, 500), "build_studies", "report", per="study"),
    Cell("check_axes", (10, 40), "build_axes", "check", per="axis"),
    Cell("check_rounds", (5, 50), "build_rounds", "check", per="round"),
    Cell("cluster", (2000, 10_000, 100_000)),
    Cell("cluster_asha", (2000, 10_000, 100_000)),
]
OF_OPTUNA = [("run", 1000), ("asha", 1000)]
BARS = {
    "run_growth": 1.0,
    "asha_growth": 1.3,
    "pbt_growth": 1.3,
    "check_100000_s": 60.0,
    "check_100000_mib": 500.0,
    "check_wide_s": 1.5,
    "report_10000_s": 12.0,
    "report_10000_mb": 5.0,
    "report_studies_s": 30.0,
    "next_over_check": 1.2,
    "cluster_growth": 1.0,
    "cluster_asha_growth": 1.0,
}


def played(task: dict[str, Any], build: str, python: Path | str) -> dict[str, Any]:
    """The row of a cell: the store is filled by another process before."""
    script = PEERS / f"{task['method']}_scale.py"
    with tempfile.TemporaryDirectory(prefix="etude-scale-") as folder:
        if build:
            child([python, script, build, task["size"], folder])
        said = child([python, script, task["command"], task["size"], folder]).said
    return {**task, **said}


def exponents(cells: Sequence[tuple[int, float]]) -> Iterator[float]:
    """The exponent of the cost between each two sizes: 1 for what grows with the work."""
    for (small, few), (large, many) in itertools.pairwise(cells):
        yield math.log(many / few) / math.log(large / small)


def figures_of(found: dict[tuple[str, int], dict[str, Any]]) -> dict[str, float]:
    """The figures that the bars are about, as far as their cells were played."""
    cpu = {key: row["cpu_s"] for key, row in found.items()}
    each = {(name, size): cpu_s / size for (name, size), cpu_s in cpu.items()}
    event = {key: row["event_us"] for key, row in found.items() if "event_us" in row}
    wanted: dict[str, Any] = {
        "run_growth": lambda: each["run", 100_000] / each["run", 10_000],
        "asha_growth": lambda: each["asha", 3200] / each["asha", 100],
        "pbt_growth": lambda: each["pbt", 3200] / each["pbt", 100],
        "check_100000_s": lambda: cpu["check", 100_000],
        "check_100000_mib": lambda: found["check", 100_000]["mib"],
        "check_wide_s": lambda: cpu["check_wide", 1000],
        "report_10000_s": lambda: cpu["report", 10_000],
        "report_10000_mb": lambda: found["report", 10_000]["mb"],
        "report_studies_s": lambda: cpu["report_studies", 500],
        "next_over_check": lambda: cpu["next", 10_000] / cpu["check", 10_000],
        "cluster_growth": lambda: event["cluster", 100_000] / event["cluster", 10_000],
        "cluster_asha_growth": lambda: (
            event["cluster_asha", 100_000] / event["cluster_asha", 10_000]
        ),
        "cluster_workers": lambda: found["cluster", 10_000]["workers"],
        "cluster_asha_workers": lambda: found["cluster_asha", 10_000]["workers"],
        "run_over_optuna": lambda: cpu["run", 1000] / cpu["optuna run", 1000],
        "asha_over_optuna": lambda: cpu["asha", 1000] / cpu["optuna asha", 1000],
    }
    figures = {}
    for name, figure in wanted.items():
        try:
            figures[name] = float(figure())
        except KeyError:
            continue  # its cells were not played
    return figures


class Bench:
    """Plays cells, or takes them as they were played before by the same code."""

    def __init__(self, *, quick: bool, only: str) -> None:
        self._quick = quick
        self._only = {one for one in only.split(",") if one}
        self._optuna = peer("optuna")
        release = version(self._optuna, "optuna")
        self._rows = Rows("scale", ("method", "cell", "size"), {"optuna": release})
        self._output = Output("scale", keep=not quick)
        self._output.say(f"beside Optuna {release}, SQLite storage; per cell a process of its own")
        self._code = code()
        self._found: dict[tuple[str, int], dict[str, Any]] = {}

    def play(self) -> None:
        for cell in CELLS:
            sizes = cell.sizes[:1] if self._quick else cell.sizes
            costs = [(size, row["cpu_s"]) for size in sizes if (row := self._said(cell, size))]
            if grown := ", ".join(f"{exponent:.2f}" for exponent in exponents(costs)):
                self._output.say(f"{cell.name}: exponents between sizes {grown}")
        for cell, size in [] if self._quick else OF_OPTUNA:
            self._said(Cell(cell, (size,)), size, method="optuna")

    def end(self) -> None:
        """The figures, each against its bar."""
        figures = figures_of(self._found)
        for name, bar in BARS.items():
            if name in figures:
                says = "met" if figures[name] <= bar else "MISSED"
                self._output.say(f"{name} {figures[name]:.3g}, bar {bar:g}: {says}")
        self._output.end(figures)

    def _said(self, cell: Cell, size: int, method: str = "etude") -> dict[str, Any] | None:
        row = self._row(cell, size, method)
        if row:
            title = cell.name if method == "etude" else f"{method} {cell.name}"
            self._found[title, size] = row
            self._output.say(f"{title} {line(cell, size, row)}")
        return row

    def _row(self, cell: Cell, size: int, method: str) -> dict[str, Any] | None:
        task = {"method": method, "cell": cell.name, "size": size, "code": self._code}
        known = None if self._quick else self._rows.get(task)
        is_wanted = not self._only or {cell.name, f"{cell.name}:{size}"} & self._only
        if known or not is_wanted:
            return known
        python = self._optuna if method == "optuna" else sys.executable
        row = played({**task, "command": cell.command or cell.name}, cell.build, python)
        if not self._quick:
            self._rows.add(row)
        return row


def code() -> str:
    """A digest of what is measured."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "src").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="cells, with commas; `asha:3200` for one size")
    given = parser.parse_args()
    compileall.compile_dir(ROOT / "src", quiet=1)
    bench = Bench(quick=given.quick, only=given.only)
    bench.play()
    bench.end()


def line(cell: Cell, size: int, row: dict[str, Any]) -> str:
    """One cell in words."""
    each = 1e3 * row["cpu_s"] / size
    more = f", {row['event_us']:.0f} us an event" if "event_us" in row else ""
    more += f", {row['mb']:.1f} MB" if "mb" in row else ""
    if "wall_s" in row:
        more += f", {row['wall_s']:.1f} s on the wall, {row['children_s']:.1f} s in the workers"
    return f"{size:,}: {row['cpu_s']:.1f} s, {each:.2f} ms a {cell.per}, {row['mib']:.0f} MiB{more}"


if __name__ == "__main__":
    main()
