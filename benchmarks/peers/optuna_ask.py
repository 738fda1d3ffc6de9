"""Optuna's side of `autopilot.py`: samplers as they come, asked and told over a pipe.

A line of JSON with `sampler`, `seed` and `axes` begins a study, one with `value` tells what the
setting asked for last measured; to each the answer is the next setting. Null is what diverged: told
as NaN, which Optuna documents as a failed trial.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from typing import Any

import optuna

SAMPLERS = {"optuna_tpe": optuna.samplers.TPESampler, "optuna_gp": optuna.samplers.GPSampler}
optuna.logging.set_verbosity(optuna.logging.CRITICAL)
warnings.simplefilter("ignore")


def suggested(trial: optuna.Trial, name: str, axis: dict[str, Any]) -> float:
    low, high, scale = axis["low"], axis["high"], axis["scale"]
    if axis["whole"]:
        return trial.suggest_int(name, int(low), int(high), log=scale == "log")
    if scale == "one_minus_log":
        return 1.0 - trial.suggest_float(f"one_minus_{name}", 1.0 - high, 1.0 - low, log=True)
    return trial.suggest_float(name, low, high, log=scale == "log")


def main() -> None:
    study = trial = None
    axes: dict[str, dict[str, Any]] = {}
    for line in sys.stdin:
        said = json.loads(line)
        if "axes" in said:
            axes = said["axes"]
            study = optuna.create_study(sampler=SAMPLERS[said["sampler"]](seed=said["seed"]))
        else:
            assert study is not None
            assert trial is not None
            study.tell(trial, math.nan if said["value"] is None else said["value"])
        trial = study.ask()
        print(json.dumps({name: suggested(trial, name, axis) for name, axis in axes.items()}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
