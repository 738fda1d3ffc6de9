"""Where half of 20 trials break: whether following `next` brings the optimum into the space.

Axes: T trials, D axes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from claims.cell import Cell, Row
from etude.advise.context import Context
from etude.advise.edits import applied
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
# What training alone moves a value by, of what the axes do: a loss of 1 lies half an axis off.
NOISE = 0.02


@dataclass(frozen=True)
class Valley:
    """A bowl over the units of the first space, and where training breaks.

    Args:
        axes: How many of `AXES`.
        beyond: The axis whose bound cuts the optimum off, and on which side: +1 or -1; 0 for an
            optimum just below the cliff.
        cliff: `rate`: from some rate on; `tilted`: sooner where the next axis is high; `choice`: at
            one of two activations; `scattered`: anywhere.
    """

    axes: int
    beyond: tuple[str, int]
    cliff: str

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
            if self.cliff in ("choice", "scattered") or 0.05 < room < (0.1 if not side else 9.0):
                return lowest


def followed(valley: Valley, seed: Sequence[int]) -> tuple[bool, list[str]]:
    """Whether the optimum lies inside the third round's space, and what each `next` was for."""
    rng = np.random.default_rng(seed)
    lowest, edge = valley.optimum(rng), valley.edge()
    experiment = _first(valley, int(rng.integers(2**31)))
    said = []
    for number in range(ROUNDS):
        context = _played(valley, experiment, lowest, edge, rng)
        if number == ROUNDS - 1:
            break
        advised = advice(context)
        if not advised.recommendations:
            said.append(" | ".join(advised.words) or "nothing")
            break
        said.append(advised.goal)
        experiment = applied(experiment, advised.recommendations)
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
    edge: float,
    rng: np.random.Generator,
) -> Context:
    (study,) = studies(experiment)
    moves = QuasiRandom().moves(study, Records.of([]), study.max_trials)
    settings = [study.setting(one.searched) for one in moves if isinstance(one, Start)]
    records = [
        _record(study.name, trial, setting, _value(valley, setting, lowest, edge, rng))
        for trial, setting in enumerate(settings)
    ]
    analysis = Analysis(experiment, [study], records)
    findings = analysis.findings
    return Context(analysis=analysis, findings=findings, verdict=verdict(analysis, findings))


def _value(
    valley: Valley,
    setting: Mapping[str, Scalar],
    lowest: Mapping[str, float],
    edge: float,
    rng: np.random.Generator,
) -> float | None:
    unit = {name: AXES[name].unit(setting[name]) for name in valley.names if name in setting}
    noise = NOISE * float(rng.standard_normal())
    tilt = sum(slope * unit[name] for name, slope in valley.tilt().items())
    breaks = {
        "rate": tilt > edge,
        "tilted": tilt > edge,
        "choice": setting.get("activation") == "square",
        "scattered": rng.random() < 0.5,
    }
    if breaks[valley.cliff]:
        return None
    return noise + sum(4.0 * (unit[name] - lowest[name]) ** 2 for name in unit)


def _record(study: str, trial: int, setting: Mapping[str, Scalar], value: float | None) -> Record:
    plain: dict[str, Any] = {"id": trial, "study": study, "index": trial, "seed": trial}
    if value is None:
        return Record(**plain, setting=setting, status="infeasible", reason="nan", steps=1)
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


def measure(seed: Sequence[int], *, valley: Valley) -> tuple[int, int]:
    """Whether the optimum is inside by the third round."""
    return int(followed(valley, seed)[0]), 1


def _cell(name: str, axes: int, beyond: tuple[str, int], cliff: str) -> Cell:
    return Cell(
        name=f"{name}, {axes} axes",
        group="the optimum is inside by round 3",
        measure=partial(measure, valley=Valley(axes, beyond, cliff)),
        limit=0.6,
        at_most=False,
    )


BELOW, NEAR = ("learning_rate", -1), ("learning_rate", 0)
# Of a tilted cliff: what lies beyond a high decay does not train.
DECAY, LESS_DECAY = ("weight_decay", 1), ("weight_decay", -1)
ROW = Row(
    claim="advice where half of 20 trials break",
    cells=[
        _cell(f"{cliff} breaks, optimum {where}", axes, beyond, cliff)
        for axes in (2, 3, 4)
        for cliff in ("rate", "tilted", "choice", "scattered")
        for where, beyond in (
            ("below the rates", BELOW),
            ("beyond a decay", LESS_DECAY if cliff == "tilted" else DECAY),
            ("near the cliff", NEAR),
        )
        if beyond != NEAR or cliff in ("rate", "tilted")
    ],
)
