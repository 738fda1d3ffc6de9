"""Whether intervals of throughput hold what ten times as long a measurement finds.

The loop of the plant `saturation` writes when its steps end: how many steps a measurement took is
counted there, not asked of Etude, and the long measurement is one of `etude run`, timed by the
loop's own clock. No, one or two busy neighbours run through both: the load is the same.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from start_planted import BY_NAME, answer, written
from start_truths import WARMUP, timed

REPEATS = 50
# Sizes up to four times that which is full: a repeat takes a minute, with all of them three.
CONSTANTS = {"FULL": 4, "EXAMPLE_S": 0.001, "STEP_S": 0.00012}
LARGEST = str(4 * int(CONSTANTS["FULL"]))
TIMES = 10
NEIGHBOURS = (0, 1, 2)
LIMIT_S = 1800
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
    from procedures import said_by

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
