"""How often the best of another such study lies where Q10 says that it would."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np
import pandas as pd
from measure import ROOT

from claims.better import Values
from claims.cell import Cell, Row
from etude.analyze.checks.sampling_luck import luck
from etude.analyze.views.outcomes import Outcome
from etude.experiment.objective import Objective
from etude.record import POINT, Points, Record
from etude.search.quasi_random import points

MNIST = ROOT.parent / "shared" / "data" / "search" / "mnist" / "trials.csv"
NO_POINTS = Points(np.zeros(0, dtype=POINT), ())
LOSS, ACCURACY = Objective("valid/loss"), Objective("valid/accuracy", maximize=True)
Make = Callable[[int, np.random.Generator, Sequence[int]], Values]


def valley(axes: int, noise: float, trials: int, rng: np.random.Generator, b: Values) -> Values:
    """Quasi-random trials in a valley with its bottom at b, and the noise of the seeds."""
    unit_TxD = points(axes, int(rng.integers(2**31)), trials)
    return ((unit_TxD - b) ** 2).sum(axis=1) + noise * rng.standard_normal(trials)


def plateau(trials: int, rng: np.random.Generator, _: Values) -> Values:
    """A third of the square is as good as the best, but for the noise of the seeds."""
    away_T = ((points(2, int(rng.integers(2**31)), trials) - 0.5) ** 2).sum(axis=1)
    return np.maximum(away_T - 0.1, 0.0) + rng.normal(0, 0.01, trials)


def scatter(trials: int, rng: np.random.Generator, _: Values) -> Values:
    """Seeds alone."""
    return rng.standard_normal(trials)


@cache
def mnist(model: str, epochs: int) -> Values:
    """Accuracies of a thousand trials; NaN where a training crashed."""
    table = pd.read_csv(MNIST)
    rows = table[table["model"] == model]
    kept = rows[f"status_ep{epochs}"] == "SUCCESS"
    return rows[f"accuracy_ep{epochs}"].where(kept).to_numpy(float)


def drawn(model: str, epochs: int, trials: int, rng: np.random.Generator, _: Values) -> Values:
    """Trials of a random search over MNIST."""
    return rng.choice(mnist(model, epochs), trials)


def outcome(objective: Objective, place: int, value: float) -> Outcome:
    """A trial with this value, infeasible where that is NaN."""
    status = "infeasible" if math.isnan(value) else "completed"
    record = Record(
        id=place, study="all", index=place, setting={}, seed=place, status=status, points=NO_POINTS
    )
    if math.isnan(value):
        return Outcome(record, objective.metric, math.inf, None, None)
    return Outcome(record, objective.metric, objective.loss(value), value, 0)


def covered(
    make: Make, axes: int, objective: Objective, trials: int, seed: Sequence[int]
) -> tuple[int, int]:
    """Whether the best of another study with new points and seeds lies between both ends."""
    rng = np.random.default_rng(seed)
    bottom_D = rng.uniform(0.25, 0.75, axes)
    mine_T, other_T = (make(trials, rng, bottom_D) for _ in range(2))
    ended = [outcome(objective, place, float(value)) for place, value in enumerate(mine_T)]
    said = luck(ended, objective)
    if said is None or not np.isfinite(other_T).any():
        return 0, 0
    best = float(np.nanmax(other_T) if objective.maximize else np.nanmin(other_T))
    above = said.low is None or best >= said.low
    below = said.high is None or best <= said.high
    return int(above and below), 1


STUDIES: dict[str, tuple[Make, int, Objective]] = {
    "valley of 2 axes": (partial(valley, 2, 0.0), 2, LOSS),
    "valley of 4 axes": (partial(valley, 4, 0.0), 4, LOSS),
    "valley of 2 axes, seeds 0.02": (partial(valley, 2, 0.02), 2, LOSS),
    "valley of 4 axes, seeds 0.05": (partial(valley, 4, 0.05), 4, LOSS),
    "plateau, seeds 0.01": (plateau, 2, LOSS),
    "seeds alone": (scatter, 1, LOSS),
    "MNIST cnn, 8 epochs": (partial(drawn, "cnn", 8), 1, ACCURACY),
    "MNIST mlp, 8 epochs": (partial(drawn, "mlp", 8), 1, ACCURACY),
    "MNIST mlp, 2 epochs": (partial(drawn, "mlp", 2), 1, ACCURACY),
}
ROW = Row(
    claim='"another such search would end between" (Q10): the best of another study lies there',
    cells=[
        Cell(
            name=f"{name}, T {trials}",
            group="covered",
            measure=partial(covered, make, axes, objective, trials),
            limit=0.90,
            at_most=False,
            repeats=400,
        )
        for trials in (6, 10, 20, 50)
        for name, (make, axes, objective) in STUDIES.items()
        if MNIST.is_file() or not name.startswith("MNIST")
    ],
    rests_on=("analyze/statistics", "analyze/checks"),
)
