"""How often a hyperparameter is falsely said to matter, and how often one that does is seen.

Axes: T trials of a study, D hyperparameters that vary.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from measure import Output
from numpy.typing import NDArray

from etude.analyze.checks.importance import Importance, importance
from etude.analyze.views.outcomes import outcomes
from etude.design.split import split
from etude.experiment import Experiment
from etude.record import POINT, Points, Record
from etude.search.quasi_random import points
from etude.space import Choice, Domain, Real
from etude.study import Study

Units: TypeAlias = NDArray[np.float64]
Make: TypeAlias = Callable[[Units], NDArray[np.float64]]

METRIC = "valid/loss"
SIZES = (20, 50, 100)
AXES = (2, 4, 8)
# The seeds' noise, in standard deviations of what the hyperparameters do.
NOISE = 0.3


@dataclass(frozen=True)
class Case:
    """What the metric depends on.

    Args:
        active: How many of the first axes matter.
        interacts: Whether the first two act together on every scale.
        bent: What is done to the sum and its noise.
        edge: Beyond this value of the first axis, a trial is infeasible.
    """

    title: str
    make: Make
    active: int
    interacts: bool = False
    bent: Make = np.asarray
    edge: float = 1.0


CASES = {
    "nothing": Case("nothing matters", lambda unit_TxD: 0 * unit_TxD[:, 0], 0),
    "one valley": Case("a valley in one", lambda unit_TxD: (unit_TxD[:, 0] - 0.4) ** 2, 1),
    "additive": Case(
        "a sum of three, variances 16 : 4 : 1",
        lambda unit_TxD: unit_TxD[:, :3] @ np.array([4.0, 2.0, 1.0])[: unit_TxD.shape[1]],
        3,
    ),
    "exponential": Case(
        "the same, exponential",
        lambda unit_TxD: unit_TxD[:, :3] @ np.array([4.0, 2.0, 1.0])[: unit_TxD.shape[1]],
        3,
        bent=np.exp,
    ),
    "ridge": Case(
        "a valley along the diagonal of two",
        lambda unit_TxD: (unit_TxD[:, 0] + unit_TxD[:, 1] - 1) ** 2,
        2,
        interacts=True,
    ),
    "product": Case(
        "a product of two, nothing alone",
        lambda unit_TxD: (unit_TxD[:, 0] - 0.5) * (unit_TxD[:, 1] - 0.5),
        2,
        interacts=True,
    ),
    "cliff": Case(
        "a slope, and infeasible beyond 0.75 of the first",
        lambda unit_TxD: unit_TxD[:, 1],
        2,
        edge=0.75,
    ),
}


def study(axes: int, seed: int) -> Study:
    """A study of so many hyperparameters, every fourth one a choice."""
    domains: dict[str, Domain] = {
        f"x{axis}": Choice(["a", "b", "c"]) if axis % 4 == 3 else Real(0.0, 1.0)
        for axis in range(axes)
    }
    question = Experiment(metric=METRIC, max_steps=1, trials=100, nuisance=domains)
    return replace(split(question)[0], seed=seed)


def result(case: Case, axes: int, trials: int, seed: int) -> Importance:
    """What is said of one study."""
    space = study(axes, seed)
    unit_TxD = points(axes, seed, trials)
    plain_T = case.make(unit_TxD)
    spread = plain_T.std() or 1.0
    noise_T = np.random.default_rng([seed, 1]).normal(0, NOISE * spread, trials)
    losses_T = case.bent(plain_T / spread + noise_T / spread)
    return importance(
        space,
        outcomes(
            space,
            [
                _record(space, index, float(losses_T[index]), unit_D, case.edge)
                for index, unit_D in enumerate(unit_TxD)
            ],
        ),
    )


def _record(space: Study, index: int, loss: float, unit_D: Units, edge: float) -> Record:
    return Record(
        id=index,
        study=space.name,
        index=index,
        setting=space.space.setting(unit_D.tolist()),
        seed=index,
        status="infeasible" if unit_D[0] > edge else "completed",
        points=Points(np.array([(0, 0, loss)], dtype=POINT), (METRIC,)),
    )


@dataclass(frozen=True)
class Shares:
    """Percentages of studies: with a false claim, axes seen, pairs falsely and rightly claimed."""

    false: float
    seen: tuple[float, ...]
    false_pair: float
    pair: float


def shares(case: Case, axes: int, trials: int, studies: int) -> Shares:
    """Over so many studies."""
    found = [result(case, axes, trials, seed) for seed in range(studies)]
    matter = np.array([[one.matters for one in each.influences] for each in found])
    right = ("x0", "x1") if case.interacts else ("", "")
    pairs = [[one.hyperparameters for one in each.interactions] for each in found]
    return Shares(
        false=100 * float(matter[:, case.active :].any(axis=1).mean()),
        seen=tuple(100 * matter[:, : min(case.active, axes)].mean(axis=0)),
        false_pair=100 * float(np.mean([any(pair != right for pair in each) for each in pairs])),
        pair=100 * float(np.mean([right in each for each in pairs])),
    )


def measured(output: Output, studies: int) -> dict[str, float]:
    """A line for each case, number of axes and size."""
    figures: dict[str, float] = {}
    for name, case in CASES.items():
        output.say()
        output.say(f"{case.title}, % of studies: false claims | seen | false pairs | the pair")
        for axes, trials in itertools.product(AXES, SIZES):
            got = shares(case, axes, trials, studies)
            seen = " ".join(f"{each:5.1f}" for each in got.seen)
            line = f"{got.false:5.1f} | {seen:17} | {got.false_pair:5.1f} | {got.pair:5.1f}"
            output.say(f"D = {axes}, T = {trials:3}   {line}")
            place = f"{name}, D {axes}, T {trials}"
            figures |= {f"{place}, false": got.false, f"{place}, false pair": got.false_pair}
            figures |= {f"{place}, seen x{axis}": each for axis, each in enumerate(got.seen)}
    return figures


def seconds(trials: int) -> float:
    """For one study of eight hyperparameters, a quarter of its trials infeasible."""
    case, space = CASES["cliff"], study(8, 0)
    unit_TxD = points(8, 0, trials)
    losses_T = case.make(unit_TxD)
    records = [
        _record(space, index, float(losses_T[index]), unit_D, case.edge)
        for index, unit_D in enumerate(unit_TxD)
    ]
    begin = time.perf_counter()
    importance(space, outcomes(space, records))
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few studies, nothing kept")
    quick = parser.parse_args().quick
    studies = 10 if quick else 100
    output = Output("importance", keep=not quick)
    output.say(f"{studies} studies a line; noise of the seeds {NOISE} of what the axes do")
    figures = measured(output, studies)
    for trials in (1_000, 10_000):
        figures[f"{trials} trials, s"] = seconds(trials)
        output.say(f"{trials} trials x 8   {figures[f'{trials} trials, s']:.2f} s")
    false = [each for name, each in figures.items() if name.endswith("false")]
    pairs = [each for name, each in figures.items() if name.endswith("false pair")]
    output.say()
    output.say(f"mean false claim  {np.mean(false):.1f}, largest {max(false):.1f}   (bar 5)")
    output.say(f"mean false pair   {np.mean(pairs):.1f}, largest {max(pairs):.1f}   (bar 5)")
    output.end({"mean false": float(np.mean(false)), "largest false": max(false)} | figures)


if __name__ == "__main__":
    main()
