"""How often the verdict says `better` or `leads` of two arms, by searches and by retrainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from claims.cell import Cell, Row
from etude.advise.verdict import verdict
from etude.analyze.analysis import Analysis
from etude.design.split import split
from etude.experiment import Experiment
from etude.record import POINT, Points, Record
from etude.search.quasi_random import points
from etude.space import Choice, Real
from etude.study import Study

Values = NDArray[np.float64]
METRIC = "valid/loss"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two arms: how each loss comes about.

    Args:
        axes: Hyperparameters that vary; the losses are squared distances from a bottom inside.
        flat: So much of the distance costs nothing.
        noise: The standard deviation of the seeds.
        by: How far the second arm's bottom lies above the first's.
        narrow: So many times as narrow is the second arm's valley.
        scatter: So many times the noise has the second arm.
    """

    axes: int = 2
    flat: float = 0.0
    noise: float = 0.02
    by: float = 0.0
    narrow: float = 1.0
    scatter: float = 1.0


EQUAL = Pair()


def experiment(axes: int, trials: int) -> Experiment:
    """Two arms that tune so many hyperparameters each."""
    return Experiment(
        metric=METRIC,
        max_steps=1,
        trials=trials,
        scientific={"arm": Choice(["a", "b"])},
        nuisance={f"x{axis}": Real(0.0, 1.0) for axis in range(axes)},
    )


def record(study: Study, index: int, loss: float, setting: dict[str, float], seed: int) -> Record:
    """A trial that ended with this loss."""
    return Record(
        id=index,
        study=study.name,
        index=index,
        setting=setting,
        seed=seed,
        status="completed",
        points=Points(np.array([(0, 0, loss)], dtype=POINT), (METRIC,)),
    )


def height(pair: Pair, second: bool, unit_TxD: Values, bottom_D: Values) -> Values:
    """What settings of an arm are worth, without noise."""
    squares_T = ((unit_TxD - bottom_D) ** 2).sum(axis=1)
    narrow = pair.narrow**2 if second else 1.0
    return narrow * np.maximum(squares_T - pair.flat, 0.0) + (pair.by if second else 0.0)


def searched(pair: Pair, trials: int, again: int, seed: Sequence[int]) -> str:
    """The word on two searches, the best setting of each trained `again` times more."""
    rng = np.random.default_rng(seed)
    question = experiment(pair.axes, trials)
    studies = [replace(one, seed=int(rng.integers(2**31))) for one in split(question)]
    records: list[Record] = []
    for place, study in enumerate(studies):
        second = place == 1
        noise = pair.noise * (pair.scatter if second else 1.0)
        bottom_D = rng.uniform(0.25, 0.75, pair.axes)
        unit_TxD = points(pair.axes, study.seed, trials)
        worth_T = height(pair, second, unit_TxD, bottom_D)
        loss_T = worth_T + noise * rng.standard_normal(trials)
        best = int(np.argmin(loss_T))
        rows = [*range(trials), *[best] * again]
        losses = [*loss_T, *(worth_T[best] + noise * rng.standard_normal(again))]
        for row, loss in zip(rows, losses, strict=True):
            setting = {f"x{axis}": float(unit) for axis, unit in enumerate(unit_TxD[row])}
            records.append(record(study, len(records), float(loss), setting, len(records)))
    answer = verdict(Analysis(question, studies, records), [])
    return answer.status if answer.winner == studies[0].name else f"{answer.status} of b"


def by_searches(
    words: Sequence[str], pair: Pair, trials: int, again: int, seed: Sequence[int]
) -> tuple[int, int]:
    """Whether the word on two searches is one of these; for either arm where both are as good."""
    word = searched(pair, trials, again, seed)
    return int((word if pair.by else word.removesuffix(" of b")) in words), 1


def trained(count: int, by: float, scatter: float, seed: Sequence[int]) -> tuple[Values, Values]:
    """Trainings of two settings, the second worse by so many deviations of the first's seeds."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal(count), by + scatter * rng.standard_normal(count)


def by_retrainings(count: int, by: float, scatter: float, seed: Sequence[int]) -> tuple[int, int]:
    """Whether one of two arms that tune nothing is called better, the first where it is so."""
    question = replace(experiment(0, count), nuisance={})
    studies = split(question)
    arms = zip(studies, trained(count, by, scatter, seed), strict=True)
    losses = [(study, float(loss)) for study, values in arms for loss in values]
    records = [record(study, place, loss, {}, place) for place, (study, loss) in enumerate(losses)]
    answer = verdict(Analysis(question, studies, records), [])
    right = not by or answer.winner == studies[0].name
    return int(answer.status == "better" and right), 1


def oracle(count: int, by: float, seed: Sequence[int]) -> tuple[int, int]:
    """Whether the t test that knows both arms to scatter alike finds the difference at 5 %."""
    return int(stats.ttest_ind(*trained(count, by, 1.0, seed)).pvalue <= 0.05), 1


FALSE_SEARCH = "better by searches of equals"
FALSE_TRAINED = "better by retrainings of equals"
FOUND = "better where it is, by retrainings"
LEADS = "better or leads, 4 deviations of the seeds, T = 20"
INFORMATION = "for information"

NARROW = Pair(axes=4, narrow=4.0)
PLATEAU = Pair(flat=0.1, noise=0.01, by=0.04)
UNEQUAL = {f"seed noise {factor:.0f} times": Pair(flat=0.1, scatter=factor) for factor in (2, 3)}


def _search_cells() -> list[Cell]:
    cases = {"four times as narrow in 4 axes": NARROW, **UNEQUAL}
    cells = []
    for trials in (10, 20, 50):
        for name, pair in cases.items():
            better = partial(by_searches, ("better",), pair, trials, 0)
            leads = partial(by_searches, ("leads",), pair, trials, 0)
            cells += [
                Cell(
                    name=f"better: {name}, T {trials}",
                    group=FALSE_SEARCH,
                    measure=better,
                    limit=0.10,
                    full=trials != 20,
                ),
                Cell(
                    name=f"leads: {name}, T {trials}",
                    group=INFORMATION,
                    measure=leads,
                    limit=None,
                    full=trials != 20,
                ),
            ]
    return cells


def _false_cells() -> list[Cell]:
    return [
        Cell(
            name=f"better: {count} a side, second scatters {scatter:.0f} times",
            group=FALSE_TRAINED,
            measure=partial(by_retrainings, count, 0.0, scatter),
            limit=0.05,
            repeats=400,
            full=full,
        )
        for count, scatter, full in (
            (5, 1.0, False),
            (5, 3.0, False),
            (10, 1.0, True),
            (10, 3.0, False),
            (20, 1.0, True),
        )
    ] + [
        Cell(
            name=f"better: two searches of 20 with 5 retrainings, plateau, {name}",
            group=FALSE_TRAINED,
            measure=partial(by_searches, ("better",), replace(pair, noise=0.05, flat=0.4), 20, 5),
            limit=0.05,
            repeats=400,
            full=name == "alike",
        )
        for name, pair in (("alike", EQUAL), ("seeds 3 times", UNEQUAL["seed noise 3 times"]))
    ]


def _found_cells() -> list[Cell]:
    cells = [
        Cell(
            name=f"better: {count} a side, 2 deviations",
            group=FOUND,
            measure=partial(by_retrainings, count, 2.0, 1.0),
            limit=0.80,
            at_most=False,
        )
        for count in (5, 6, 8, 10)
    ]
    told = Cell(
        name="the most that any test of 5 a side finds at 5 %",
        group=INFORMATION,
        measure=partial(oracle, 5, 2.0),
        limit=None,
        repeats=1000,
    )
    return [*cells, told]


def _lead_cells() -> list[Cell]:
    said = partial(by_searches, ("better", "leads"))
    demanded = {
        "seeds alone": Pair(flat=9.0, noise=1.0, by=4.0),
        "plateau, seeds 0.01": PLATEAU,
        "valley of 2 axes, seeds 0.05": Pair(noise=0.05, by=0.2),
        "valley of 4 axes, seeds 0.1": Pair(axes=4, noise=0.1, by=0.4),
    }
    hard = {
        "valley of 2 axes, seeds 0.02": Pair(noise=0.02, by=0.08),
        "valley of 4 axes, seeds 0.05": Pair(axes=4, noise=0.05, by=0.2),
    }
    equal = {
        "plateau": replace(PLATEAU, by=0.0),
        "valley of 2 axes": EQUAL,
        "valley of 4 axes": Pair(axes=4),
    }
    cells = [
        Cell(
            name=f"better or leads: {name}",
            group=LEADS,
            measure=partial(said, pair, 20, 0),
            limit=0.90,
            at_most=False,
        )
        for name, pair in demanded.items()
    ]
    cells += [
        Cell(
            name=f"better or leads, where points weigh more than seeds: {name}, T {trials}",
            group=INFORMATION,
            measure=partial(said, pair, trials, 0),
            limit=None,
            full=trials != 20,
        )
        for name, pair in hard.items()
        for trials in (10, 20, 50)
    ]
    return cells + [
        Cell(
            name=f"leads of equals: {name}, T {trials}",
            group=INFORMATION,
            measure=partial(by_searches, ("leads",), pair, trials, 0),
            limit=None,
            full=trials != 20,
        )
        for name, pair in equal.items()
        for trials in (6, 20, 50)
    ]


ROW = Row(
    claim="`better` and `leads` of two arms (A2)",
    cells=[*_search_cells(), *_false_cells(), *_found_cells(), *_lead_cells()],
)
