"""How often leads and C1 are wrong on simulated studies, and how often they see what is so.

Axes: T trials of a study, D hyperparameters that vary.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from measure import Output
from numpy.typing import NDArray

from etude.advise.ranking import RankedStudy
from etude.advise.significance import lead
from etude.analyze.checks.boundary import boundary
from etude.analyze.views.outcomes import outcomes, ranked
from etude.design.split import split
from etude.experiment import Experiment
from etude.finding import Lead
from etude.record import POINT, Points, Record
from etude.search.quasi_random import points
from etude.space import Real
from etude.study import Study

Losses: TypeAlias = NDArray[np.float64]
# The losses of T trials. Generators take [seed, 1], so that no bottom depends on the points.
Make: TypeAlias = Callable[[int, int], Losses]

SIZES = (6, 10, 20, 50)
METRIC = "valid/loss"


def valley(trials: int, seed: int, *, steep: float = 1.0, axes: int = 2) -> Losses:
    """Quasi-random trials in a valley whose lowest point lies somewhere inside."""
    bottom_D = np.random.default_rng([seed, 1]).uniform(0.25, 0.75, axes)
    return np.asarray(steep * ((points(axes, seed, trials) - bottom_D) ** 2).sum(axis=1))


def plateau(trials: int, seed: int) -> Losses:
    """A third of the square is as good as the best, but for the noise of the seeds."""
    away_T = ((points(2, seed, trials) - 0.5) ** 2).sum(axis=1)
    return np.maximum(away_T - 0.1, 0.0) + np.random.default_rng([seed, 1]).normal(0, 0.01, trials)


def uniform(trials: int, seed: int) -> Losses:
    """Losses without any structure."""
    return np.random.default_rng([seed, 1]).random(trials)


def lucky(trials: int, seed: int) -> Losses:
    """One trial of a study, on average, stands far below the rest."""
    rng = np.random.default_rng([seed, 1])
    return rng.uniform(0.2, 0.4, trials) - 0.1 * (rng.random(trials) < 1 / trials)


def scaled(make: Make, factor: float) -> Make:
    return lambda trials, seed: factor * make(trials, seed)


def raised(make: Make, by: float) -> Make:
    return lambda trials, seed: by + make(trials, seed)


def valley_4(trials: int, seed: int) -> Losses:
    return valley(trials, seed, axes=4)


EQUAL: dict[str, Make] = {
    "uniform": uniform,
    "plateau, seed noise": plateau,
    "one lucky": lucky,
    "valley": valley,
    "valley, 4 axes": valley_4,
}
HARD: dict[str, Make] = {"uniform": uniform, "valley": valley, "valley, 4 axes": valley_4}
WORSE: dict[str, tuple[Make, float]] = {
    "valley, worse by 0.05": (valley, 0.05),
    "valley, worse by 0.1": (valley, 0.1),
    "valley, worse by 0.2": (valley, 0.2),
    "valley, 4 axes, by 0.1": (valley_4, 0.1),
    "plateau, worse by 0.02": (plateau, 0.02),
    "plateau, worse by 0.05": (plateau, 0.05),
}


def space(axes: int, seed: int) -> Study:
    """A study of so many hyperparameters."""
    nuisance = {f"x{axis}": Real(0.1, 0.9) for axis in range(axes)}
    question = Experiment(metric=METRIC, max_steps=1, trials=100, seed=seed, nuisance=nuisance)
    return split(question)[0]


PLAIN = space(1, 0)


def record(study: Study, index: int, loss: float, unit_D: Losses) -> Record:
    """A trial that ended with this loss, infeasible where that is NaN."""
    rows = np.array([(0, 0, loss)], dtype=POINT)
    return Record(
        id=index,
        study=study.name,
        index=index,
        setting=study.space.setting(unit_D.tolist()),
        seed=index,
        status="infeasible" if math.isnan(loss) else "completed",
        points=Points(rows, (METRIC,)),
    )


def standing(losses_T: Losses, seed: int) -> RankedStudy:
    """How a study with these losses stands."""
    study = replace(PLAIN, seed=seed)
    unit_D = np.full(1, 0.5)
    records = [record(study, index, loss, unit_D) for index, loss in enumerate(losses_T.tolist())]
    found = outcomes(study, records)
    return RankedStudy(
        study=study, outcomes=tuple(found), best=ranked(found)[0], standard_error=None
    )


def leads(first: Make, second: Make, trials: int, pairs: int) -> Iterator[tuple[bool, Lead]]:
    """Whether the first study leads, and the lead, over pairs of studies."""
    for pair in range(pairs):
        mine = standing(first(trials, 2 * pair), 2 * pair)
        theirs = standing(second(trials, 2 * pair + 1), 2 * pair + 1)
        ahead = mine.best.loss <= theirs.best.loss
        yield ahead, lead(mine, theirs) if ahead else lead(theirs, mine)


@dataclass(frozen=True)
class Shares:
    """The percentage of pairs with a clear lead, and by each of the two tests alone."""

    both: float
    spread: float
    draws: float


def shares(first: Make, second: Make, trials: int, pairs: int, *, right: bool = False) -> Shares:
    """How often one of a pair is clearly ahead; with `right`, how often the first is."""
    found = [each for ahead, each in leads(first, second, trials, pairs) if ahead or not right]
    spread = [each.low > 0 for each in found]
    draws = [each.p_value <= each.max_p_value for each in found]
    both = [each.holds for each in found]
    return Shares(*(100 * sum(each) / pairs for each in (both, spread, draws)))


def verdicts(output: Output, pairs: int) -> dict[str, float]:
    """The tables of the verdict."""
    tables = {
        "equal": {name: (make, make, False) for name, make in EQUAL.items()},
        "hard": {name: (make, scaled(make, 4.0), False) for name, make in HARD.items()},
        "power": {name: (make, raised(make, by), True) for name, (make, by) in WORSE.items()},
    }
    titles = {
        "equal": "Two equal studies, one clearly ahead, % (in brackets: spread, draws)",
        "hard": "One four times as hard to tune, the same at its best: the other clearly ahead, %",
        "power": "One worse: the other clearly ahead, %",
    }
    figures = {}
    for kind, cases in tables.items():
        output.say()
        output.say(titles[kind])
        output.say(f"{'':24}" + "".join(f"{f'T = {trials}':>23}" for trials in SIZES))
        for name, (first, second, right) in cases.items():
            row = [shares(first, second, trials, pairs, right=right) for trials in SIZES]
            output.say(f"{name:24}" + "".join(f"{cell(each):>23}" for each in row))
            for trials, each in zip(SIZES, row, strict=True):
                figures[f"{kind}, {name}, {trials}"] = each.both
    return figures


def cell(each: Shares) -> str:
    return f"{each.both:.1f} ({each.spread:.1f}, {each.draws:.1f})"


@dataclass(frozen=True)
class Case:
    """Where the valley of a C1 study has its bottom on the first axis, and what breaks."""

    title: str
    bottom: float | None
    cut: float = 2.0
    broken: float = 0.0
    weight: float = 1.0


CASES = {
    "inside": Case("bottom inside, a problem on any side", None),
    "inside_10": Case("the same, one trial in ten breaks anywhere", None, broken=0.1),
    "beyond": Case("bottom a quarter beyond a bound, found", 1.25),
    "beyond_weighs": Case("the same, where that axis weighs four times", 1.25, weight=4.0),
    "beyond_10": Case("bottom beyond, one in ten breaks anywhere, found", 1.25, broken=0.1),
    "cliff_80": Case("all above 0.8 breaks, bottom 0.75, widened", 0.75, cut=0.8),
    "cliff_90": Case("all above 0.9 breaks, bottom 0.9, widened", 0.9, cut=0.9),
    "cliff_90_5": Case("all above 0.9 breaks, bottom 0.85, widened", 0.85, cut=0.9),
    "cliff_95": Case("all above 0.95 breaks, bottom 0.95, widened", 0.95, cut=0.95),
}
AXES = (1, 2, 3, 6)
C1_SIZES = (10, 20, 50)


def flagged(case: Case, axes: int, trials: int, seed: int) -> bool:
    """Whether C1 asks to widen: the upper side of the first axis, any side where none should be."""
    study = space(axes, seed)
    rng = np.random.default_rng([seed, 1])
    unit_TxD = points(axes, study.seed, trials)
    bottom_D = rng.uniform(0.25, 0.75, axes)
    bottom_D[0] = bottom_D[0] if case.bottom is None else case.bottom
    weight_D = np.array([case.weight] + [1.0] * (axes - 1))
    losses_T = (weight_D * (unit_TxD - bottom_D) ** 2).sum(axis=1)
    losses_T[(unit_TxD[:, 0] > case.cut) | (rng.random(trials) < case.broken)] = math.nan
    records = [
        record(study, index, loss, unit_D)
        for index, (loss, unit_D) in enumerate(zip(losses_T.tolist(), unit_TxD, strict=True))
    ]
    problems = [
        each for each in boundary(study, outcomes(study, records)).sides if each.status == "problem"
    ]
    if case.bottom is None:
        return bool(problems)
    return ("x0", "high") in [(each.hyperparameter, each.side) for each in problems]


def edges(output: Output, studies: int) -> dict[str, float]:
    """The tables of C1."""
    figures = {}
    for name, case in CASES.items():
        output.say()
        output.say(f"C1: {case.title}, %")
        output.say(f"{'':8}" + "".join(f"{f'D = {axes}':>8}" for axes in AXES))
        for trials in C1_SIZES:
            row = []
            for axes in AXES:
                found = [flagged(case, axes, trials, seed) for seed in range(studies)]
                row.append(100 * sum(found) / studies)
                figures[f"C1 {name}, T {trials}, D {axes}"] = row[-1]
            output.say(f"{f'T = {trials}':8}" + "".join(f"{each:8.1f}" for each in row))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few studies, nothing kept")
    quick = parser.parse_args().quick
    pairs, studies = (40, 20) if quick else (1000, 200)
    output = Output("calibration", keep=not quick)
    output.say(
        f"{pairs} pairs of studies for each share of the verdict, {studies} studies for C1's"
    )
    figures = verdicts(output, pairs) | edges(output, studies)
    largest = max(each for name, each in figures.items() if name.startswith("equal"))
    output.say()
    output.say(f"largest of equal  {largest:.1f}   {'holds' if largest <= 5 else 'MISSED'} (bar 5)")
    output.end({"largest of equal": largest} | figures)


if __name__ == "__main__":
    main()
