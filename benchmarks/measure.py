"""What every benchmark shares: peers in environments of their own, measured runs, kept output."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BENCH = ROOT / ".bench"
RESULTS = ROOT / "benchmarks" / "results"
# Released under another name than it is imported by, or in one version: a newer torch brings CUDA,
# and a newer W&B has no reader of its files in Python.
RELEASED = {
    "sklearn": "scikit-learn",
    "torch": "torch==2.13.0",
    "wandb": "wandb==0.22.0",
    "optuna_dashboard": "optuna-dashboard",
}


def peer(name: str, *packages: str, constrained: bool = False) -> Path:
    """The Python of a peer's environment, made with its newest release if it is missing.

    Constrained, it has the versions that Etude is tested with, as far as they are named there.
    """
    folder = BENCH / name
    python = folder / "bin" / "python"
    imports = f"import {', '.join(packages or (name,))}"
    if not python.exists() or subprocess.run([python, "-c", imports]).returncode:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if constrained:
            install += ["-c", str(ROOT / "constraints.txt")]
        released = [RELEASED.get(package, package) for package in packages or (name,)]
        subprocess.run([python, *install, *released], check=True)
    return python


def version(python: Path | str, package: str) -> str:
    """The version of a package in an environment."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Cache:
    """What was played, a line of JSON each: a benchmark that takes hours goes on where it stopped.

    Args:
        path: Of the file.
        key: The entries of a task by which it is known again.
    """

    def __init__(self, path: Path, key: Sequence[str]) -> None:
        self._path = path
        self._key = tuple(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self._known = {self._named(one): one for one in map(json.loads, lines)}

    def get(self, task: dict[str, Any]) -> dict[str, Any] | None:
        return self._known.get(self._named(task))

    def add(self, result: dict[str, Any]) -> None:
        self._known[self._named(result)] = result
        with self._path.open("a") as file:
            file.write(json.dumps(result) + "\n")

    def _named(self, task: dict[str, Any]) -> str:
        return json.dumps([task[name] for name in self._key])


class Rows:
    """What was played of several methods, a line of JSON each.

    A peer's rows are committed, a file for each peer and version in `results/rows/`, and are known
    by that version alone: later runs, here or elsewhere, add to them. A problem that changes gets
    another name. Ours stand in `.bench/`, by the code that played them.

    Args:
        benchmark: Whose rows.
        key: The entries of a task by which it is known again, beside the version or the code.
        versions: Of the peers, by method.
    """

    def __init__(self, benchmark: str, key: Sequence[str], versions: Mapping[str, str]) -> None:
        self._ours = Cache(BENCH / f"{benchmark}.jsonl", (*key, "code"))
        self._peers = {
            method: Cache(RESULTS / "rows" / f"{benchmark}-{method}-{release}.jsonl", key)
            for method, release in versions.items()
        }

    def get(self, task: dict[str, Any]) -> dict[str, Any] | None:
        return self._of(task).get(task)

    def add(self, result: dict[str, Any]) -> None:
        self._of(result).add(result)

    def _of(self, task: dict[str, Any]) -> Cache:
        return self._peers.get(task["method"], self._ours)


@dataclass(frozen=True)
class Child:
    """One subprocess: seconds on the wall and on the processor, and what its last line says."""

    wall_s: float
    cpu_s: float
    said: dict[str, float]


def child(command: Sequence[str | Path], *, speaks: bool = True) -> Child:
    """Runs a command to its end; with `speaks`, its last line of output is JSON."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    wall_s = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{command[1:]} failed:\n{done.stderr}")
    return Child(
        wall_s=wall_s,
        cpu_s=after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime,
        said=json.loads(done.stdout.splitlines()[-1]) if speaks else {},
    )


def synced_write_ms(folder: Path, *, repeats: int = 50) -> float:
    """Median milliseconds to append 4 kB to a file and sync it: what a commit costs at least."""
    times = []
    path = folder / "synced"
    with path.open("wb") as file:
        for _ in range(repeats):
            begin = time.perf_counter()
            file.write(b"0" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append(1e3 * (time.perf_counter() - begin))
    path.unlink()
    return median(times)


class Output:
    """Prints, and keeps what it printed as the newest result of a benchmark."""

    def __init__(self, name: str, *, keep: bool = True) -> None:
        self._name = name
        self._keep = keep
        self._lines: list[str] = []
        self._date = datetime.now(UTC).date()
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        self.say(f"{name}, {self._date}, {os.cpu_count()} cores, load average at start {load}")

    def say(self, line: str = "") -> None:
        """One line."""
        print(line, flush=True)
        self._lines.append(line)

    def end(self, figures: Mapping[str, float]) -> None:
        """The last line, and the file."""
        rounded = {key: round(value, 4) for key, value in figures.items()}
        self.say(json.dumps({"benchmark": self._name, "figures": rounded}))
        if not self._keep:
            return
        RESULTS.mkdir(parents=True, exist_ok=True)
        for old in RESULTS.glob(f"{self._name}-*.txt"):
            old.unlink()
        path = RESULTS / f"{self._name}-{self._date}.txt"
        path.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
