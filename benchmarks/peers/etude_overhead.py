"""Etude's side of `overhead.py`: `run N STORE`, `load STORE`. The last line is JSON."""

from __future__ import annotations

import itertools
import json
import resource
import sys
import time

REPORTS = 100


def run(n: int, store: str) -> dict[str, float]:
    from etude import Experiment, Real, Trial
    from etude import run as play

    began: list[tuple[float, float]] = []

    def train(trial: Trial) -> None:
        began.append((time.perf_counter(), time.process_time()))
        for step in trial.steps():
            trial.report(step, {"valid/error": 1.0 / (step + 1) + 0.001 * (trial.id % 7)})

    experiment = Experiment(
        metric="valid/error",
        max_steps=REPORTS,
        trials=n,
        nuisance={"learning_rate": Real(1e-5, 1e-1, log=True), "dropout": Real(0.0, 0.5)},
    )
    wall, cpu = time.perf_counter(), time.process_time()
    result = play(experiment, train, store=store, runner="inline")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert result.records.count("completed") == n
    return {"wall_s": wall, "cpu_s": cpu, **_growth(began[1:])}  # the first call is the rehearsal


def _growth(began: list[tuple[float, float]]) -> dict[str, float]:
    """The last tenth over the first: all wall time, the median trial, the processor's time."""
    tenth = len(began) // 10
    first, last = began[: tenth + 1], began[-tenth - 1 :]
    wall, cpu = (
        (last[-1][kind] - last[0][kind]) / (first[-1][kind] - first[0][kind]) for kind in (0, 1)
    )
    return {"growth": wall, "growth_median": _typical(last) / _typical(first), "growth_cpu": cpu}


def _typical(began: list[tuple[float, float]]) -> float:
    return sorted(b - a for (a, _), (b, _) in itertools.pairwise(began))[len(began) // 2]


def load(path: str) -> dict[str, float]:
    begin = time.process_time()
    import pandas  # noqa: F401  # loading a library is not loading a store

    from etude.round.result import load as result_of
    from etude.store import open_store

    imported = time.process_time()
    result = result_of(open_store(path, create=False))
    trials, curves = result.trials, result.curves
    end = time.process_time()
    return {
        "trials": len(trials),
        "points": len(curves),
        "sum": float(curves["value"].sum()),
        "import_cpu_s": imported - begin,
        "load_cpu_s": end - imported,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    print(json.dumps(run(int(rest[0]), rest[1]) if what == "run" else load(rest[0])))
