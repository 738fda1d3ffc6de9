"""ROW overfitting: a rise of many standard errors is found (C6), noise that drifts is not one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from etude.analyze.checks.overfitting import overfitting

from . import simulated
from .cell import Cell, Row

TRIALS = 4
Curves = dict[str, simulated.Values]
SHAPES: dict[str, Callable[[simulated.Values], simulated.Values]] = {
    "even": lambda done_E: done_E,
    "late": lambda done_E: done_E**2,
    "early": lambda done_E: (1.0 - np.exp(-4.0 * done_E)) / (1.0 - math.exp(-4.0)),
}


def rising(
    rng: np.random.Generator, evaluations: int, *, shape: str, rise: float, errors: float
) -> Curves:
    """The validation turns up, by a share of its gain and so many standard errors of a level."""
    turn = rng.uniform(0.35, 0.65)
    done_E = simulated.share(evaluations)
    fall_E = np.exp(-6.0 * np.minimum(done_E, turn) / turn)
    course_E = (fall_E - fall_E[-1]) / (1.0 - fall_E[-1])
    course_E = course_E + rise * SHAPES[shape](np.maximum(done_E - turn, 0.0) / (1.0 - turn))
    width = max(3, evaluations // 10) | 1
    sd = rise / (errors * 1.25 * math.sqrt(2.0 / width))
    return _curves(rng, course_E, sd, 0.0)


def plateau(
    rng: np.random.Generator, evaluations: int, *, size: float, memory: float, pace: float
) -> Curves:
    """A fall to a level around which the validation drifts."""
    course_E = np.exp(-pace * simulated.share(evaluations))
    return _curves(rng, course_E, size, memory)


def _curves(
    rng: np.random.Generator, course_E: simulated.Values, sd: float, memory: float
) -> Curves:
    evaluations = len(course_E)
    losses_E = np.exp(-4.0 * simulated.share(evaluations))
    return {
        "valid/error": course_E + sd * simulated.noise(rng, evaluations, memory),
        "valid/loss": course_E + sd * simulated.noise(rng, evaluations, memory),
        "train/loss": losses_E + 0.01 * simulated.noise(rng, evaluations),
    }


def measure(
    make: Callable[[np.random.Generator, int], Curves], evaluations: int, seed: Sequence[int]
) -> tuple[int, int]:
    """How often validation is said to turn up, by metric and by loss."""
    rng = np.random.default_rng([*seed, evaluations])
    study = simulated.study(evaluations)
    given = [make(rng, evaluations) for _ in range(TRIALS)]
    trials = overfitting(study, simulated.traced(study, given)).trials
    turns = [turn for trial in trials for turn in (trial.by_metric, trial.by_loss)]
    return sum(turn.status == "problem" for turn in turns), len(turns)


def _found() -> list[Cell]:
    return [
        Cell(
            name=f"rise of {rise:.0%}, {errors} errors, {shape}, {evaluations} evaluations",
            group="found",
            measure=partial(
                measure, partial(rising, shape=shape, rise=rise, errors=errors), evaluations
            ),
            limit=0.9,
            at_most=False,
            full=(rise, errors) != (0.1, 10) and evaluations != 60,
        )
        for rise in (0.1, 0.2)
        for errors in (10, 20)
        for shape in SHAPES
        for evaluations in (20, 60, 200)
    ]


# The code before called 0 to 4 % so with memory 0.5, and with 0.9, by the number of evaluations,
# 10 to 18, 5 to 31 and 0 to 17 %.
def _alarms() -> list[Cell]:
    return [
        Cell(
            name=f"plateau, noise {size:.0%}, memory {memory:g}, {evaluations} evaluations",
            group=f"alarms, memory {memory:g}",
            measure=partial(
                measure, partial(plateau, size=size, memory=memory, pace=20.0), evaluations
            ),
            limit=0.03 if memory < 0.9 else 0.12,
            repeats=400 if memory < 0.9 else 200,
            full=size == 0.05,
        )
        for memory in (0.0, 0.5, 0.9)
        for size in (0.02, 0.05)
        for evaluations in (20, 60, 200)
    ]


ROW = Row(
    claim="a trial overfits: of rises of many standard errors, and of noise that drifts",
    cells=[*_found(), *_alarms()],
    rests_on=("analyze",),
)
