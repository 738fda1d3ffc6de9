"""Optuna's side of `overhead.py`: `run KIND N PATH`, `load PATH`; the last line is JSON.

Runs in Optuna's own environment, so it imports nothing of ours.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

import optuna

REPORTS = 100
optuna.logging.set_verbosity(optuna.logging.ERROR)


def value(number: int, step: int) -> float:
    return 1.0 / (step + 1) + 0.001 * (number % 7)


def objective(trial: optuna.Trial) -> float:
    trial.suggest_float("learning_rate", 1e-5, 1e-1, log=True)
    trial.suggest_float("dropout", 0.0, 0.5)
    for step in range(REPORTS):
        trial.report(value(trial.number, step), step)
    return value(trial.number, REPORTS - 1)


def storage(kind: str, path: str) -> Any:
    if kind == "sqlite":
        return f"sqlite:///{path}"
    journal = optuna.storages.journal
    return optuna.storages.JournalStorage(journal.JournalFileBackend(path))


def run(kind: str, n: int, path: str) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    sampler = optuna.samplers.RandomSampler(seed=0)  # the cheapest: the storage is what is measured
    study = optuna.create_study(study_name="s", storage=storage(kind, path), sampler=sampler)
    study.optimize(objective, n_trials=n)
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def load(path: str) -> dict[str, float]:
    begin = time.process_time()
    trials = optuna.load_study(study_name="s", storage=storage("sqlite", path)).trials
    cpu = time.process_time() - begin
    values = [v for trial in trials for v in trial.intermediate_values.values()]
    return {
        "trials": len(trials),
        "points": len(values),
        "sum": sum(values),
        "load_cpu_s": cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    print(json.dumps(run(rest[0], int(rest[1]), rest[2]) if what == "run" else load(rest[0])))
