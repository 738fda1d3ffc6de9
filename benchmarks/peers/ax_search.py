"""Ax's side of `search.py`, as `driver.py` has it: the generation strategy that it chooses.

A trial that diverges is marked as failed, which is what Ax documents for trials without data.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Sequence

from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
from driver import main
from problems import Axis, Problem, Setting

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


class Ax:
    def __init__(self, method: str, problem: Problem, seed: int, trials: int) -> None:
        self.problem = problem
        self.client = Client(random_seed=seed)
        self.client.configure_experiment(parameters=[parameter(one) for one in problem.axes])
        self.client.configure_optimization(objective="-loss")
        self.asked: list[int] = []

    def ask(self, count: int) -> Sequence[Setting]:
        given = {}
        while len(given) < count:  # one call may give fewer than it was asked for
            given |= self.client.get_next_trials(max_trials=count - len(given))
        self.asked = list(given)
        return [
            {axis.name: plain(axis, setting) for axis in self.problem.axes}
            for setting in given.values()
        ]

    def tell(self, values: Sequence[float]) -> None:
        for trial, value in zip(self.asked, values, strict=True):
            if math.isfinite(value):
                self.client.complete_trial(trial, raw_data={"loss": value})
            else:
                self.client.mark_trial_failed(trial)


def parameter(axis: Axis) -> ChoiceParameterConfig | RangeParameterConfig:
    if axis.values:
        return ChoiceParameterConfig(
            name=axis.name, values=list(axis.values), parameter_type="str", is_ordered=False
        )
    kind = "int" if axis.whole else "float"
    if axis.scale == "one_minus_log":
        bounds = (1.0 - axis.high, 1.0 - axis.low)
        return RangeParameterConfig(
            name=f"one_minus_{axis.name}", bounds=bounds, parameter_type=kind, scaling="log"
        )
    return RangeParameterConfig(
        name=axis.name,
        bounds=(axis.low, axis.high),
        parameter_type=kind,
        scaling="log" if axis.scale == "log" else None,
    )


def plain(axis: Axis, setting: Setting) -> float | str:
    if axis.scale == "one_minus_log":
        return 1.0 - float(setting[f"one_minus_{axis.name}"])
    return setting[axis.name]


if __name__ == "__main__":
    main(Ax)
