"""Whether intervals of throughput hold what ten times as long a measurement finds.

    python benchmarks/start_intervals.py        50 repeats: an hour on a quiet machine
    python benchmarks/start_intervals.py --read what was played before, nothing new

The loop of the plant `saturation` writes when its steps end: how many steps a measurement took is
counted there, not asked of Etude, and the long measurement is one of `etude run`, timed by the
loop's own clock. No, one or two busy neighbours run through both: the load is the same.

`interval.coverage`: of the intervals of throughput that 50 repeats give, the share that hold the
mean of ten times as many steps under the same load, 0.9; an interval for 95 % that forgets that a
load comes and goes holds far fewer. `unclear` are repeats in which no size was measured: they claim
nothing, and are counted beside it, by load.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a trial

import numpy as np
from measure import BENCH, Cache, Output
from procedures import said_by
from start_planted import BY_NAME, answer, written
from start_truths import WARMUP, code_of, timed

REPEATS = 50
# Sizes up to four times that which is full: a repeat takes a minute, with all of them three.
CONSTANTS = {"FULL": 4, "EXAMPLE_S": 0.001, "STEP_S": 0.00012}
LARGEST = str(4 * int(CONSTANTS["FULL"]))
TIMES = 10
NEIGHBOURS = (0, 1, 2)
LIMIT_S = 1800
BAR = 0.9
BUSY = "while True: pass"


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    """So many processes that are always busy."""
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def repeated(repeat: int) -> dict[str, Any]:
    """One interval, and the mean of ten times as many steps under the same load."""
    plant = BY_NAME["saturation"]
    seed = 1000 + repeat
    with neighbours(NEIGHBOURS[repeat % len(NEIGHBOURS)]), tempfile.TemporaryDirectory() as name:
        folder, times = Path(name) / "here", Path(name) / "times"
        folder.mkdir()
        times.mkdir()
        written(plant, seed, folder, **CONSTANTS)
        command = ["etude", "batch-size", "experiment.toml", "--max-batch", LARGEST, "--json"]
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=folder,
            env={**os.environ, "STEP_TIMES": str(times)},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        if not done.stdout:
            raise RuntimeError(done.stderr)
        said = {"batch-size": said_by(done.stdout)}
        measured = [size for size in answer(said).get("sizes") or () if is_measured(size)]
        if not measured:
            return {"repeat": repeat, "outcome": "unclear", "error": done.stderr[-300:]}
        # Another size each time.
        size = measured[repeat // len(NEIGHBOURS) % len(measured)]
        batch_size = size["batch_size"]
        steps = max(step_counts(times, batch_size), default=0)
        long = timed(plant, seed, batch_size=batch_size, steps=TIMES * steps + WARMUP, **CONSTANTS)
    mean = batch_size * len(long.durations) / float(np.sum(long.durations))
    low, high = size["interval"]
    return {
        "repeat": repeat,
        "outcome": "measured",
        "batch_size": batch_size,
        "steps": steps,
        "low": low,
        "high": high,
        "mean": round(mean, 3),
        "holds": low <= mean <= high,
    }


def is_measured(size: dict[str, Any]) -> bool:
    return size.get("status") == "measured" and bool(size.get("interval"))


def step_counts(times: Path, batch_size: int) -> list[int]:
    """How many steps each loop of a size took."""
    return [len(path.read_text().splitlines()) for path in times.glob(f"{batch_size}-*.txt")]


def coverage(output: Output, *, reads: bool) -> dict[str, float]:
    """The share of intervals that hold the long measurement; nothing until all were played."""
    cache = Cache(BENCH / "start-intervals.jsonl", ("repeat", "code"))
    asked = f"{CONSTANTS} {LARGEST} {TIMES} {NEIGHBOURS}".encode()
    code = code_of(BY_NAME["saturation"]) + hashlib.blake2b(asked, digest_size=2).hexdigest()
    rows = []
    for repeat in range(REPEATS):
        task = {"repeat": repeat, "code": code}
        row = cache.get(task)
        if row is None and not reads:
            row = {**repeated(repeat), "code": code}
            cache.add(row)
        rows += [row] if row else []
    measured = [row for row in rows if row["outcome"] == "measured"]
    if not measured or len(rows) < REPEATS:
        output.say(f"{'interval.coverage':20}{len(rows)} of {REPEATS} repeats were played")
        return {}
    for busy in NEIGHBOURS:
        of_load = [row for row in rows if row["repeat"] % len(NEIGHBOURS) == busy]
        told(output, f"beside {busy} busy", of_load)
    told(output, "interval.coverage", rows)
    return {"interval.coverage": sum(row["holds"] for row in measured) / len(measured)}


def told(output: Output, name: str, rows: Sequence[dict[str, Any]]) -> None:
    measured = [row for row in rows if row["outcome"] == "measured"]
    widths = sorted((row["high"] - row["low"]) / row["mean"] for row in measured)
    width = f"; width {widths[len(widths) // 2]:.3f} of the mean" if widths else ""
    hold = sum(row["holds"] for row in measured)
    unclear = len(rows) - len(measured)
    output.say(f"{name:20}{hold} of {len(measured)}, {unclear} unclear{width}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--read", action="store_true", help="what was played before")
    output = Output("start_intervals")
    figures = coverage(output, reads=parser.parse_args().read)
    for name, value in figures.items():
        output.say(f"{name:20}{value:8.3f}   bar {BAR}   {'holds' if value >= BAR else 'MISSED'}")
    if figures:
        output.end(figures)


if __name__ == "__main__":
    main()
