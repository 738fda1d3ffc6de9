"""Optuna's side of `discrepancy.py`: `SEEDS COUNT PATH`, where the points go; last comes JSON.

Runs in Optuna's own environment, so it imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import optuna

DIMENSIONS = (2, 4, 8)
SAMPLERS: dict[str, dict[str, Any]] = {
    "Optuna Halton": {"qmc_type": "halton"},
    "Optuna Halton, scrambled": {"qmc_type": "halton", "scramble": True},
    "Optuna Sobol": {"qmc_type": "sobol"},  # as it comes
    "Optuna Sobol, scrambled": {"qmc_type": "sobol", "scramble": True},
}
optuna.logging.set_verbosity(optuna.logging.ERROR)


def points(options: dict[str, Any], dimensions: int, seed: int, count: int) -> list[list[float]]:
    """What a study is given; its first trial comes from the sampler for independent ones."""
    study = optuna.create_study(sampler=optuna.samplers.QMCSampler(seed=seed, **options))
    trials = []
    for _ in range(count):
        trial = study.ask()
        trials.append([trial.suggest_float(f"x{axis}", 0.0, 1.0) for axis in range(dimensions)])
        study.tell(trial, 0.0)
    return trials


def main(seeds: int, count: int, path: str) -> None:
    found = {
        f"{name}/{dimensions}": np.array(
            [points(options, dimensions, seed, count) for seed in range(seeds)]
        )
        for name, options in SAMPLERS.items()
        for dimensions in DIMENSIONS
    }
    np.savez(path, **found)
    print(json.dumps({"studies": len(found) * seeds}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
