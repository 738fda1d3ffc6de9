"""Etude's side of `search.py`, as `driver.py` has it."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from driver import main
from problems import Axis, Problem, Setting

from etude.move import Start
from etude.record import POINT, Points, Record, Records
from etude.search.base import Search
from etude.search.bayesian import Bayesian
from etude.search.quasi_random import QuasiRandom
from etude.space import Choice, Domain, Integer, Real, Space
from etude.study import Study

SEARCHES: dict[str, type[Any]] = {"bayesian": Bayesian, "quasi_random": QuasiRandom}
METRIC = "valid/loss"


class Etude:
    def __init__(self, method: str, problem: Problem, seed: int, trials: int) -> None:
        self.search: Search = SEARCHES[method]()
        self.study = Study(
            name="all",
            scientific={},
            space=Space({axis.name: domain(axis) for axis in problem.axes}),
            fixed={},
            max_trials=trials,
            seed=seed,
            search=method,
            metric=METRIC,
            maximize=False,
            max_steps=10,
            evaluations=1,
        )
        self.records: list[Record] = []
        self.asked: list[Setting] = []

    def ask(self, count: int) -> Sequence[Setting]:
        moves = self.search.moves(self.study, Records.of(self.records), count)
        self.asked = [dict(move.searched) for move in moves if isinstance(move, Start)]
        return self.asked

    def tell(self, values: Sequence[float]) -> None:
        for setting, value in zip(self.asked, values, strict=True):
            self.records.append(record(len(self.records), setting, value))


def record(at: int, setting: Setting, value: float) -> Record:
    failed = not math.isfinite(value)
    return Record(
        id=at,
        study="all",
        index=at,
        setting=setting,
        seed=at,
        status="infeasible" if failed else "completed",
        reason="nan" if failed else "",
        points=Points(np.array([(9, 0, value)], POINT), (METRIC,)),
    )


def domain(axis: Axis) -> Domain:
    if axis.values:
        return Choice(axis.values)
    if axis.whole:
        return Integer(int(axis.low), int(axis.high), log=axis.scale == "log")
    return Real(axis.low, axis.high, scale=axis.scale)  # type: ignore[arg-type]  # one of three


WIDE = Problem("wide", tuple(Axis(f"x{at}") for at in range(8)), lambda x: _wide(x), 0.0)


def _wide(setting: Setting) -> float:
    values_8 = np.array([float(value) for value in setting.values()])
    return math.nan if values_8[:3].sum() > 1.9 else float(((values_8 - 0.4) ** 2).sum())


def suggestion_s(trials: int = 200, repeats: int = 5) -> float:
    """Median seconds for one suggestion after so many trials in eight dimensions."""
    tuner = Etude("bayesian", WIDE, 0, 2 * trials)
    settings = Etude("quasi_random", WIDE, 0, trials).ask(trials)
    tuner.records = [record(at, one, WIDE.loss(one)) for at, one in enumerate(settings)]
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        tuner.ask(1)
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


if __name__ == "__main__":
    if sys.argv[1] == "--seconds":
        print(json.dumps({"suggestion_s": suggestion_s()}))
    else:
        main(Etude)
