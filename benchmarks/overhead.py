"""What Etude adds to a training, beside Optuna: a no-op objective with 100 reports a trial.

    python benchmarks/overhead.py              everything: 20 minutes on a quiet 2-core machine
    python benchmarks/overhead.py --quick      small numbers, nothing kept: does it run?
    python benchmarks/overhead.py --stores DIR stores in DIR, for example on another disk

Every run is a process of its own on an empty store, Etude and Optuna in turn; medians over repeats.
A run's time is that of the call alone, imports done; `whole` counts the process, imports included.
Each bar is held against the worst of the numbers of trials.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from measure import BENCH, ROOT, Child, Output, child, peer, synced_write_ms, version

PEERS = ROOT / "benchmarks" / "peers"
BARS = {
    "over_sqlite": 1 / 40,
    "over_journal": 1 / 4,
    "growth": 1.3,
    "load_over_sqlite": 1 / 15,
    "peak_mb": 500.0,
}
SYNCS = """\
Synced to disk: Etude (SQLite, WAL, synchronous=full) once a commit, which is a trial's end with all
its reports, or half a second of them; Optuna's SQLite (its default: rollback journal,
synchronous=full) and Optuna's journal at every report. Optuna samples at random, its cheapest."""


@dataclass(frozen=True)
class Case:
    """One contender at one number of trials."""

    name: str
    trials: int
    repeats: int


FULL = [
    Case("etude", 100, 7),
    Case("sqlite", 100, 3),
    Case("journal", 100, 3),
    Case("etude", 1000, 5),
    Case("sqlite", 1000, 1),
    Case("journal", 1000, 3),
    Case("etude", 10_000, 5),
    Case("journal", 10_000, 1),
]
QUICK = [
    Case("etude", 20, 2),
    Case("sqlite", 20, 1),
    Case("journal", 20, 1),
    Case("etude", 100, 2),
]


@dataclass
class Bench:
    """Runs the cases in turn, in a folder that is forgotten."""

    folder: Path
    optuna: Path
    runs: dict[Case, list[Child]] = field(default_factory=lambda: defaultdict(list))
    syncs_ms: list[float] = field(default_factory=list)
    _stores: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    def play(self, cases: list[Case]) -> None:
        """Every case as often as it says, the contenders in turn."""
        for turn in range(max(case.repeats for case in cases)):
            self.syncs_ms.append(synced_write_ms(self.folder))
            for case in cases:
                if turn < case.repeats:
                    self.runs[case].append(self._run(case))
                    done = self.runs[case][-1].said["wall_s"]
                    print(f"  {case.name} {case.trials}: {done:.1f} s", file=sys.stderr)

    def load(self, trials: int, repeats: int) -> tuple[list[Child], list[Child]]:
        """Ours and theirs of the same size loaded, in turn."""
        ours, theirs = self._store(), self._store()
        child([sys.executable, PEERS / "etude_overhead.py", "run", str(trials), ours])
        child([self.optuna, PEERS / "optuna_fill.py", str(trials), theirs])
        loads: tuple[list[Child], list[Child]] = ([], [])
        for turn in range(repeats):
            loads[0].append(child([sys.executable, PEERS / "etude_overhead.py", "load", ours]))
            if turn < 2:  # the long one
                loads[1].append(child([self.optuna, PEERS / "optuna_overhead.py", "load", theirs]))
        mine, peers = loads[0][0].said, loads[1][0].said
        assert mine["points"] == peers["points"]
        assert abs(mine["sum"] - peers["sum"]) < 1e-3
        return loads

    def _run(self, case: Case) -> Child:
        n, store = str(case.trials), self._store()
        if case.name == "etude":
            return child([sys.executable, PEERS / "etude_overhead.py", "run", n, store])
        return child([self.optuna, PEERS / "optuna_overhead.py", "run", case.name, n, store])

    def _store(self) -> Path:
        return self.folder / f"{next(self._stores)}.db"

    def ms(self, name: str, trials: int, what: str) -> float:
        """Median milliseconds a trial."""
        case = next(one for one in self.runs if (one.name, one.trials) == (name, trials))
        return 1e3 * median(_seconds(run, what) for run in self.runs[case]) / trials

    def worst(self, peer_name: str, what: str) -> float:
        """The largest ratio of ours to a peer's over the numbers of trials that both ran."""
        sizes = [case.trials for case in self.runs if case.name == peer_name]
        return max(self.ms("etude", n, what) / self.ms(peer_name, n, what) for n in sizes)


def _seconds(run: Child, what: str) -> float:
    return {
        "wall": run.said["wall_s"],
        "cpu": run.said["cpu_s"],
        "whole": run.wall_s,
        "whole_cpu": run.cpu_s,
    }[what]


def _table(bench: Bench, output: Output) -> None:
    output.say()
    output.say("Milliseconds a trial of 100 reports (median)")
    output.say(
        f"{'':18}{'trials':>7}{'repeats':>9}{'wall':>10}{'CPU':>9}{'whole':>10}{'its CPU':>9}"
    )
    names = {"etude": "Etude", "sqlite": "Optuna, SQLite", "journal": "Optuna, journal"}
    for case in sorted(bench.runs, key=lambda one: (list(names).index(one.name), one.trials)):
        columns = [
            bench.ms(case.name, case.trials, what) for what in ("wall", "cpu", "whole", "whole_cpu")
        ]
        wall, cpu, whole, whole_cpu = columns
        output.say(
            f"{names[case.name]:18}{case.trials:7}{len(bench.runs[case]):9}"
            f"{wall:10.2f}{cpu:9.2f}{whole:10.2f}{whole_cpu:9.2f}"
        )


def _loads(output: Output, trials: int, ours: list[Child], theirs: list[Child]) -> None:
    points = int(ours[0].said["points"])
    output.say()
    output.say(f"Loading {trials} trials with their curves, {points} values: CPU seconds (median)")
    output.say(f"{'':34}{'whole process':>14}{'call alone':>12}{'peak MB':>9}")
    for name, loads in (
        ("Etude, Result.trials and .curves", ours),
        ("Optuna, SQLite, study.trials", theirs),
    ):
        output.say(
            f"{name:34}{median(one.cpu_s for one in loads):14.2f}"
            f"{median(one.said['load_cpu_s'] for one in loads):12.2f}"
            f"{max(one.said['peak_mb'] for one in loads):9.0f}"
        )
    output.say(
        "Optuna's file was filled in bulk through its own models, for its API takes an hour; a\n"
        "small one filled so and one filled through the API were loaded and found the same.\n"
        "Optuna makes no data frame here and we do: ours is the longer way."
    )


def _growth(bench: Bench) -> dict[str, float]:
    largest = max((case for case in bench.runs if case.name == "etude"), key=lambda one: one.trials)
    keys = ("growth", "growth_median", "growth_cpu")
    return {key: median(run.said[key] for run in bench.runs[largest]) for key in keys}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small numbers, nothing kept")
    parser.add_argument("--stores", type=Path, default=BENCH, help="folder for the stores")
    parser.add_argument("--note", default="", help="a line on the machine, kept")
    chosen = parser.parse_args()
    optuna = peer("optuna")
    output = Output("overhead", keep=not chosen.quick)
    if chosen.note:
        output.say(chosen.note)
    output.say(
        f"Etude {version(sys.executable, 'etude')}, Optuna {version(optuna, 'optuna')}, "
        f"SQLAlchemy {version(optuna, 'sqlalchemy')}, Python {sys.version.split()[0]}"
    )
    output.say(SYNCS)
    cases, size = (QUICK, 200) if chosen.quick else (FULL, 10_000)
    with tempfile.TemporaryDirectory(dir=chosen.stores) as folder:
        bench = Bench(Path(folder), optuna)
        ours, theirs = bench.load(size, repeats=5)
        bench.play(cases)
    output.say(f"One synced append of 4 kB here: {median(bench.syncs_ms):.3f} ms")
    _table(bench, output)
    _loads(output, size, ours, theirs)
    figures = {
        "over_sqlite": bench.worst("sqlite", "wall"),
        "over_journal": bench.worst("journal", "wall"),
        **_growth(bench),
        "load_over_sqlite": median(o.cpu_s for o in ours) / median(t.cpu_s for t in theirs),
        "peak_mb": max(one.said["peak_mb"] for one in ours),
    }
    for what in ("cpu", "whole", "whole_cpu"):
        for name in ("sqlite", "journal"):
            figures[f"over_{name}_{what}"] = bench.worst(name, what)
    output.say()
    for key, bar in BARS.items():
        held = "holds" if figures[key] <= bar else "MISSED"
        output.say(f"{key:18}{figures[key]:10.4f}   bar {bar:8.4f}   {held}")
    output.end(figures)


if __name__ == "__main__":
    main()
