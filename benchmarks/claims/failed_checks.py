"""Where many trials of one arm break: how often the verdict answers all the same (C14, C3).

Axes: T trials, D axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from claims.better import experiment, record
from claims.cell import Cell, Row
from etude.advise.verdict import verdict
from etude.analyze.analysis import Analysis
from etude.design.split import split
from etude.record import Record
from etude.search.quasi_random import points
from etude.space import Real

# What breaks lies from here on, of the first axis: 35 % of its trials.
CLIFF = 0.65


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Two arms, valleys over the units of their axes; the second breaks from the cliff on.

    Args:
        bottom: Where the second arm is lowest on the axis of the cliff, from and to.
        by: How far it lies above the first at its lowest.
        anywhere: Whether it breaks anywhere instead, as often.
    """

    axes: int = 2
    noise: float = 0.02
    by: float = 0.0
    bottom: tuple[float, float] = (0.1, 0.35)
    anywhere: bool = False


def answered(case: Broken, trials: int, seed: Sequence[int]) -> tuple[int, int]:
    """Whether the first arm is said to lead, of the rounds in which the second fails C3."""
    rng = np.random.default_rng(seed)
    question = experiment(case.axes, trials)
    # Bounds that can move: 0 and 1 are natural limits.
    ranges = {name: Real(1.0, 2.0) for name in question.nuisance}
    question = replace(question, nuisance=ranges)
    studies = [replace(one, seed=int(rng.integers(2**31))) for one in split(question)]
    records: list[Record] = []
    for place, study in enumerate(studies):
        bottom_D = rng.uniform(0.2, 0.5, case.axes)
        bottom_D[0] = rng.uniform(*case.bottom) if place else bottom_D[0]
        unit_TxD = points(case.axes, study.seed, trials)
        loss_T = ((unit_TxD - bottom_D) ** 2).sum(axis=1) + case.by * place
        loss_T += case.noise * rng.standard_normal(trials)
        broken_T = unit_TxD[:, 0] > CLIFF
        broken_T = rng.permutation(broken_T) if case.anywhere else broken_T
        for unit_D, loss, broken in zip(unit_TxD, loss_T, broken_T & bool(place), strict=True):
            setting = {f"x{axis}": 1.0 + float(unit) for axis, unit in enumerate(unit_D)}
            one = record(study, len(records), float(loss), setting, len(records))
            lost = replace(one, status="infeasible", reason="nan")
            records.append(lost if broken else one)
    analysis = Analysis(question, studies, records)
    findings = analysis.findings
    fails = [one for one in findings if one.status == "problem" and one.check == "infeasible"]
    if not fails:
        return 0, 0
    answer = verdict(analysis, findings)
    return int(answer.status == "leads" and answer.winner == studies[0].name), 1


CUT_OFF = "leads, the other's lowest point beyond what breaks"
EQUAL = "leads of equals, what breaks far off"
FOUND = "leads where it does, what breaks far off"


def _cells() -> list[Cell]:
    cells = []
    for axes in (2, 4):
        for trials in (20, 50):
            beyond = Broken(axes=axes, bottom=(CLIFF + 0.05, CLIFF + 0.3))
            below = replace(beyond, bottom=(CLIFF - 0.1, CLIFF))
            where = f"{axes} axes, T {trials}"
            cells += [
                Cell(
                    name=f"{name}: {where}",
                    group=CUT_OFF,
                    measure=partial(answered, case, trials),
                    limit=0.05,
                )
                for name, case in (
                    ("beyond the cliff", beyond),
                    ("just below the cliff", below),
                    ("anywhere", replace(beyond, anywhere=True)),
                )
            ]
            cells.append(
                Cell(
                    name=f"equals: {where}",
                    group=EQUAL,
                    measure=partial(answered, Broken(axes=axes), trials),
                    limit=0.10,
                )
            )
    for trials in (20, 50, 100, 200):
        cells.append(
            Cell(
                name=f"a lead of 0.2, 2 axes, T {trials}",
                group=FOUND,
                measure=partial(answered, Broken(by=0.2), trials),
                limit=None,
                full=trials == 200,
            )
        )
    return cells


ROW = Row(claim="What breaks far from the best keeps no answer open (C14)", cells=_cells())
