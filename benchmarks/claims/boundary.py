"""C1: "`learning_rate` still improves at its upper bound": found where it does, silent inside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from boundary_families import Drawn, bar, bowl, crowd, evidence, inside, listed, ridge
from numpy.random import Generator

from claims.cell import Cell, Row

KINDS = {"batch": 1, "momentum": 2}
SIDES = ("high", "low")


def rng_of(seed: Sequence[int], *parts: int) -> Generator:
    return np.random.default_rng([*seed, *parts])


def side_of(seed: Sequence[int]) -> str:
    """Every other study is cut off from below."""
    return SIDES[seed[-1] % 2]


def found(drawn: Drawn) -> tuple[int, int]:
    return int(drawn.side in drawn.problems()), 1


def alarmed(drawn: Drawn) -> tuple[int, int]:
    return int(bool(drawn.problems())), 1


def ridge_found(kind: str, trials: int, seed: Sequence[int]) -> tuple[int, int]:
    return found(ridge(rng_of(seed, 1, KINDS[kind], trials), trials, kind, side_of(seed)))


def ridge_alarmed(kind: str, trials: int, seed: Sequence[int]) -> tuple[int, int]:
    return alarmed(ridge(rng_of(seed, 2, KINDS[kind], trials), trials, kind, None))


def cut_bowl(axes: int, noise: float, trials: int, seed: Sequence[int]) -> Drawn:
    rng = rng_of(seed, 3, axes, round(100 * noise))
    return bowl(rng, trials, axes, noise, side_of(seed))


def bowl_found(axes: int, noise: float, trials: int, seed: Sequence[int]) -> tuple[int, int]:
    return found(cut_bowl(axes, noise, trials, seed))


def oracle_found(axes: int, noise: float, trials: int, seed: Sequence[int]) -> tuple[int, int]:
    drawn = cut_bowl(axes, noise, trials, seed)
    assert drawn.side is not None
    return int(evidence(drawn)[drawn.side] > bar(axes, trials, noise)), 1


def of_oracle(axes: int, noise: float, trials: int, seed: Sequence[int]) -> tuple[int, int]:
    """What C1 finds, of what the oracle does on the same studies."""
    return (
        bowl_found(axes, noise, trials, seed)[0],
        oracle_found(axes, noise, trials, seed)[0],
    )


def inside_alarmed(axes: int, trials: int, seed: Sequence[int]) -> tuple[int, int]:
    return alarmed(inside(rng_of(seed, 4, axes, trials), trials, axes))


def list_found(trials: int, seed: Sequence[int]) -> tuple[int, int]:
    return found(listed(rng_of(seed, 5, trials), trials, side_of(seed)))


def list_alarmed(trials: int, seed: Sequence[int]) -> tuple[int, int]:
    return int(any(axis == 0 for axis, _ in listed_inside(trials, seed).problems())), 1


def listed_inside(trials: int, seed: Sequence[int]) -> Drawn:
    return listed(rng_of(seed, 6, trials), trials, None)


def crowd_found(trials: int, seed: Sequence[int]) -> tuple[int, int]:
    return found(crowd(rng_of(seed, 7, trials), trials, side_of(seed)))


def crowd_alarmed(trials: int, seed: Sequence[int]) -> tuple[int, int]:
    return alarmed(crowd(rng_of(seed, 8, trials), trials, None))


def ridge_cells() -> list[Cell]:
    return [
        Cell(
            name=f"rate x {kind}, T = {trials}: {word}",
            group=f"smooth ridges: {word}",
            measure=partial(measure, kind, trials),
            limit=limit,
            at_most=word == "alarms",
            repeats=400 if word == "alarms" else 200,
        )
        for word, measure, limit in (
            ("found", ridge_found, 0.9),
            ("alarms", ridge_alarmed, 0.05),
        )
        for kind in KINDS
        for trials in (20, 50)
    ]


def bowl_cells() -> list[Cell]:
    low = [
        Cell(
            name=f"{axes} axes, noise {100 * noise:.0f} %, T = 50: found",
            group="noise up to 10 %",
            measure=partial(bowl_found, axes, noise, 50),
            limit=0.95,
            at_most=False,
            full=noise < 0.1 or axes == 3,
        )
        for axes in (2, 3, 4)
        for noise in (0.02, 0.05, 0.1)
    ]
    high = [
        Cell(
            name=f"{axes} axes, noise 20 %, T = 50: {word}",
            group=group,
            measure=partial(measure, axes, 0.2, 50),
            limit=limit,
            at_most=False,
        )
        for axes in (2, 4)
        for word, group, measure, limit in (
            ("found", "noise of 20 %", bowl_found, None),
            ("found by an oracle", "noise of 20 %", oracle_found, None),
            ("found, of the oracle's", "noise of 20 %, of the oracle's", of_oracle, 0.95),
        )
    ]
    oracle = [
        Cell(
            name=f"{axes} axes, noise 10 %, T = 50: found by an oracle",
            group="noise of 10 %",
            measure=partial(oracle_found, axes, 0.1, 50),
            limit=None,
        )
        for axes in (2, 4)
    ]
    growing = [
        Cell(
            name=f"4 axes, noise 10 %, T = {trials}: found",
            group="more trials find no less",
            measure=partial(bowl_found, 4, 0.1, trials),
            limit=None,
        )
        for trials in (20, 100)
    ]
    return [*low, *oracle, *high, *growing]


def alarm_cells() -> list[Cell]:
    return [
        Cell(
            name=f"{axes} axes, T = {trials}, inside or nothing: alarms",
            group=f"alarms in {axes} axes",
            measure=partial(inside_alarmed, axes, trials),
            limit=0.05,
            repeats=400,
            full=trials == 100,
        )
        for axes in (2, 4, 6)
        for trials in (20, 50, 100)
    ]


def other_cells() -> list[Cell]:
    return [
        Cell(
            name=f"{what}, T = {trials}: {word}",
            group=f"{what}: {word}",
            measure=partial(measure, trials),
            limit=limit,
            at_most=word == "alarms",
            repeats=400 if word == "alarms" else 200,
            full=word == "found",
        )
        for what, word, measure, limit, trials in (
            ("list of numbers", "found", list_found, None, 40),
            ("list of numbers", "alarms", list_alarmed, 0.05, 40),
            ("adaptive sampler", "found", crowd_found, None, 60),
            ("adaptive sampler", "alarms", crowd_alarmed, 0.05, 60),
        )
    ]


ROW = Row(
    claim="C1: a bound that cuts off the optimum is found; where it lies inside, nothing is said.",
    cells=[*ridge_cells(), *bowl_cells(), *alarm_cells(), *other_cells()],
    rests_on=("analyze/checks", "analyze/statistics", "analyze/views"),
)
