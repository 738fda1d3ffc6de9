"""What the peers of `search.py` share: tasks come in as lines of JSON, and results go out so.

    python search_NAME.py DATA < tasks > results

A task names `problem`, `method`, `seed`, `parallel` and `trials`; its result adds what each trial
measured and the true regret of its setting, null where it diverged, and the seconds it took.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from problems import Problem, Setting, problems


class Tuner(Protocol):
    """A method at work on one problem."""

    def ask(self, count: int) -> Sequence[Setting]: ...

    def tell(self, values: Sequence[float]) -> None:
        """The values of the settings asked for last, in their order; NaN for what diverged."""


Make = Callable[[str, Problem, int, int], Tuner]  # method, problem, seed, trials


def played(make: Make, task: dict[str, Any], problem: Problem) -> dict[str, Any]:
    begin = time.perf_counter()
    tuner = make(task["method"], problem, task["seed"], task["trials"])
    measured: list[float] = []
    regrets: list[float] = []
    while len(measured) < task["trials"]:
        settings = tuner.ask(min(task["parallel"], task["trials"] - len(measured)))
        values = [
            problem.measured(setting, task["seed"], len(measured) + at)
            for at, setting in enumerate(settings)
        ]
        tuner.tell(values)
        measured += values
        regrets += [problem.regret(setting) for setting in settings]
    return {
        **task,
        "measured": [_plain(value) for value in measured],
        "regret": [_plain(value) for value in regrets],
        "seconds": round(time.perf_counter() - begin, 2),
    }


def main(make: Make) -> None:
    known = problems(sys.argv[1])
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(played(make, task, known[task["problem"]])), flush=True)


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
