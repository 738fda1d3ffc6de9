"""Where half of 20 trials break: whether following `next` brings the optimum into the space.

Axes: T trials, D axes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from claims.cell import Cell, Row
from etude.advise.context import Context
from etude.advise.edits import applied, changes_phrase
from etude.advise.policy import advice
from etude.advise.verdict import verdict
from etude.analyze.analysis import Analysis
from etude.design.studies import studies
from etude.experiment import Experiment
from etude.move import Start
from etude.record import POINT, Points, Record, Records
from etude.search.quasi_random import QuasiRandom
from etude.space import Choice, Integer, Real, Scalar

METRIC = "valid/loss"
TRIALS, ROUNDS = 20, 3
AXES: Mapping[str, Real | Integer] = {
    "learning_rate": Real(1e-4, 1e-1, log=True),
    "weight_decay": Real(1e-6, 1e-2, log=True),
    "momentum": Real(0.8, 0.998, scale="one_minus_log"),
    "width": Integer(16, 1024, log=True),
}
ACTIVATIONS = ["relu", "square"]
HOW_MANY = re.compile(r"with \d+ about \d+ would train|`trials` to \d+")


@dataclass(frozen=True)
class Valley:
    """A bowl over the units of the first space, and where training breaks.

    Args:
        axes: How many of `AXES`.
        beyond: The axis whose bound cuts the optimum off, and on which side: +1 or -1; 0 for an
            optimum just below the cliff.
        cliff: `rate`: from some rate on; `tilted`: sooner where the next axis is high; `choice`: at
            one of two activations; `scattered`: anywhere; `code`: anywhere, by an error.
        noise: What training alone moves a value by; the loss rises by 1 over half of an axis.
    """

    axes: int
    beyond: tuple[str, int]
    cliff: str
    noise: float = 0.02

    @property
    def names(self) -> list[str]:
        return list(AXES)[: self.axes]

    def tilt(self) -> dict[str, float]:
        others = dict.fromkeys(self.names[1:2], 0.5)
        return {"learning_rate": 1.0, **(others if self.cliff == "tilted" else {})}

    def edge(self) -> float:
        """So much along the tilt breaks half of the first space."""
        unit_TxD = np.random.default_rng(0).random((4000, len(self.tilt())))
        return float(np.median(unit_TxD @ np.array(list(self.tilt().values()))))

    def optimum(self, rng: np.random.Generator) -> dict[str, float]:
        """Where the bowl is lowest: trained well, and beyond a bound or just below the cliff."""
        name, side = self.beyond
        tilt, edge = self.tilt(), self.edge()
        while True:
            lowest = {one: float(rng.uniform(0.2, 0.8)) for one in self.names}
            if side:
                off = float(rng.uniform(0.05, 0.3))
                lowest[name] = 1.0 + off if side > 0 else -off
            room = edge - sum(slope * lowest[one] for one, slope in tilt.items())
            if self.cliff in ("choice", "scattered", "code") or 0.05 < room < (
                0.1 if not side else 9.0
            ):
                return lowest


def followed(valley: Valley, seed: Sequence[int]) -> tuple[bool, list[str]]:
    """Whether the optimum lies inside the third round's space, and what was said on the way."""
    rng = np.random.default_rng(seed)
    lowest = valley.optimum(rng)
    experiment = _first(valley, int(rng.integers(2**31)))
    said: list[str] = []
    for _ in range(ROUNDS - 1):
        advised = advice(_played(valley, experiment, lowest, rng))
        edits = advised.recommendations
        said += [*advised.words, *advised.waiting, advised.goal, changes_phrase(edits)]
        if not edits:
            break
        experiment = applied(experiment, edits)
    return _is_inside(experiment, lowest), said


def _first(valley: Valley, seed: int) -> Experiment:
    domains: dict[str, Any] = {name: AXES[name] for name in valley.names}
    if valley.cliff == "choice":
        domains["activation"] = Choice(ACTIVATIONS)
    return Experiment(
        name="half",
        metric=METRIC,
        max_steps=100,
        trials=TRIALS,
        evaluations=1,
        nuisance=domains,
        seed=seed,
    )


def _played(
    valley: Valley,
    experiment: Experiment,
    lowest: Mapping[str, float],
    rng: np.random.Generator,
) -> Context:
    (study,) = studies(experiment)
    moves = QuasiRandom().moves(study, Records.of([]), study.max_trials)
    settings = [study.setting(one.searched) for one in moves if isinstance(one, Start)]
    records = [
        _record(study.name, trial, setting, _value(valley, setting, lowest, rng))
        for trial, setting in enumerate(settings)
    ]
    analysis = Analysis(experiment, [study], records)
    findings = analysis.findings
    return Context(analysis=analysis, findings=findings, verdict=verdict(analysis, findings))


def _value(
    valley: Valley,
    setting: Mapping[str, Scalar],
    lowest: Mapping[str, float],
    rng: np.random.Generator,
) -> float | str:
    unit = {name: AXES[name].unit(setting[name]) for name in valley.names if name in setting}
    noise, chance, edge = valley.noise * float(rng.standard_normal()), rng.random(), valley.edge()
    tilt = sum(slope * unit[name] for name, slope in valley.tilt().items())
    breaks = {
        "rate": tilt > edge,
        "tilted": tilt > edge,
        "choice": setting.get("activation") == "square",
        "scattered": chance < 0.5,
        "code": chance < 0.5,
    }
    if breaks[valley.cliff]:
        return "error" if valley.cliff == "code" else "nan"
    return noise + sum(4.0 * (unit[name] - lowest[name]) ** 2 for name in unit)


def _record(study: str, trial: int, setting: Mapping[str, Scalar], value: float | str) -> Record:
    """A trial with its value, or with the reason why it has none."""
    plain: dict[str, Any] = {"id": trial, "study": study, "index": trial, "seed": trial}
    if isinstance(value, str):
        return Record(**plain, setting=setting, status="infeasible", reason=value, steps=1)
    points = Points(np.array([(99, 0, value)], dtype=POINT), (METRIC,))
    return Record(**plain, setting=setting, status="completed", points=points, steps=100)


def _is_inside(experiment: Experiment, lowest: Mapping[str, float]) -> bool:
    domains = {one.name: one.value for one in experiment.hyperparameters}
    for name, unit in lowest.items():
        domain = domains.get(name)
        if not isinstance(domain, Real | Integer):
            continue
        low, high = (AXES[name].unit(bound) for bound in (domain.low, domain.high))
        if not low <= unit <= high:
            return False
    return True


def inside(seed: Sequence[int], *, valley: Valley) -> tuple[int, int]:
    """Whether the optimum is inside by the third round."""
    return int(followed(valley, seed)[0]), 1


def how_many(seed: Sequence[int], *, valley: Valley) -> tuple[int, int]:
    """Where it is not inside: whether it is said how many trials would do."""
    is_inside, said = followed(valley, seed)
    return int(any(map(HOW_MANY.search, said))), int(not is_inside)


BELOW, NEAR = ("learning_rate", -1), ("learning_rate", 0)
# Of a tilted cliff: what lies beyond a high decay does not train.
DECAY, LESS_DECAY = ("weight_decay", 1), ("weight_decay", -1)
PLACES = {"below the rates": BELOW, "beyond a decay": DECAY, "near the cliff": NEAR}


def _cells(axes: int, noise: float, *, full: bool) -> Iterator[Cell]:
    for cliff in ("rate", "tilted", "choice", "scattered"):
        for where, beyond in PLACES.items():
            if beyond == NEAR and cliff not in ("rate", "tilted"):
                continue
            side = LESS_DECAY if cliff == "tilted" and beyond == DECAY else beyond
            valley = Valley(axes, side, cliff, noise)
            yield Cell(
                name=f"{cliff}, optimum {where}, {axes} axes, noise {100 * noise:.0f} %",
                group="the optimum is inside by round 3",
                measure=partial(inside, valley=valley),
                limit=0.6,
                at_most=False,
                full=full,
            )


ROW = Row(
    claim="advice where half of 20 trials break",
    cells=[
        *_cells(2, 0.02, full=False),
        *_cells(4, 0.02, full=False),
        *_cells(3, 0.02, full=True),
        *_cells(2, 0.1, full=True),
        *_cells(4, 0.1, full=True),
        Cell(
            name="an error anywhere, optimum below the rates, 2 axes",
            group="where it is not inside, it says how many trials would do",
            measure=partial(how_many, valley=Valley(2, BELOW, "code")),
            limit=0.6,
            at_most=False,
        ),
        Cell(
            name="scattered, optimum below the rates, 4 axes, noise 10 %",
            group="where it is not inside, it says how many trials would do",
            measure=partial(how_many, valley=Valley(4, BELOW, "scattered", 0.1)),
            limit=0.6,
            at_most=False,
            full=True,
        ),
    ],
)
