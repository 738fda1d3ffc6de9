"""Optuna's side of `scale.py`: `CELL SIZE FOLDER`; the last line is JSON.

Runs in Optuna's own environment, so it imports nothing of ours.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
RUNGS = (3, 6, 9, 12, 15, 18, 21, 24, 27)


def silent(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0.0, 1.0)


def halved(trial: optuna.Trial) -> float:
    """What `asha` trains: nine reports of 27 steps, and a question after each."""
    x = trial.suggest_float("x", 0.0, 1.0)
    for step in RUNGS:
        trial.report(x / step, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return x / RUNGS[-1]


if __name__ == "__main__":
    cell, size, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    begin = time.process_time()
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=3, reduction_factor=3)
    study = optuna.create_study(
        study_name="s",
        storage=f"sqlite:///{folder}/optuna.db",
        sampler=optuna.samplers.RandomSampler(seed=0),  # the cheapest: the storage is measured
        pruner=pruner if cell == "asha" else optuna.pruners.NopPruner(),
    )
    study.optimize(halved if cell == "asha" else silent, n_trials=size)
    figures = {"cpu_s": time.process_time() - begin}
    figures["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))
