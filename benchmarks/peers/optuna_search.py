"""Optuna's side of `search.py`, as `driver.py` has it: samplers as they come.

A trial that diverges reports NaN, which Optuna documents as a failed trial.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import optuna
from driver import main
from problems import Axis, Problem, Setting

SAMPLERS = {"optuna_tpe": optuna.samplers.TPESampler, "optuna_gp": optuna.samplers.GPSampler}
optuna.logging.set_verbosity(optuna.logging.CRITICAL)
warnings.simplefilter("ignore")


class Optuna:
    def __init__(self, method: str, problem: Problem, seed: int, trials: int) -> None:
        self.problem = problem
        self.study = optuna.create_study(sampler=SAMPLERS[method](seed=seed))
        self.asked: list[optuna.Trial] = []

    def ask(self, count: int) -> Sequence[Setting]:
        self.asked = [self.study.ask() for _ in range(count)]
        return [
            {axis.name: suggested(trial, axis) for axis in self.problem.axes}
            for trial in self.asked
        ]

    def tell(self, values: Sequence[float]) -> None:
        for trial, value in zip(self.asked, values, strict=True):
            self.study.tell(trial, value)


def suggested(trial: optuna.Trial, axis: Axis) -> float | str:
    if axis.values:
        return str(trial.suggest_categorical(axis.name, axis.values))
    if axis.whole:
        low, high = int(axis.low), int(axis.high)
        return trial.suggest_int(axis.name, low, high, log=axis.scale == "log")
    if axis.scale == "one_minus_log":
        name = f"one_minus_{axis.name}"
        return 1.0 - trial.suggest_float(name, 1.0 - axis.high, 1.0 - axis.low, log=True)
    return trial.suggest_float(axis.name, axis.low, axis.high, log=axis.scale == "log")


if __name__ == "__main__":
    main(Optuna)
