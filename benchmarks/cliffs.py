"""Toys with cliffs at different places: whether rounds move a side back that they cut before.

A toy gives one value a trial: a bowl with noise, best near where training breaks, or beyond a bound
of the first space. `moved_back` counts, over the rounds of a series, how often a bound goes back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import etude

Setting = Mapping[str, Any]
METRIC = "valid/loss"
STEPS = 10
RATE = etude.Real(1e-4, 10.0, log=True)
SPARE = {"x": etude.Real(0.0, 1.0), "decay": etude.Real(1e-6, 1e-2, log=True)}
# The words of a file whose wall stands no longer.
LIFTED = "no wall"


@dataclass(frozen=True)
class Toy:
    """A first space, where it breaks, and what the settings that train are worth."""

    name: str
    nuisance: Mapping[str, Any]
    breaks: Callable[[Setting], bool]
    loss: Callable[[Setting], float]
    scientific: Mapping[str, Any] = field(default_factory=dict)
    maximize: bool = False
    noise: float = 0.001

    def experiment(self, seed: int, *, trials: int) -> etude.Experiment:
        return etude.Experiment(
            name=self.name,
            metric=METRIC,
            maximize=self.maximize,
            max_steps=STEPS,
            evaluations=1,
            trials=trials,
            scientific=dict(self.scientific),
            nuisance={**SPARE, **self.nuisance},
            seed=seed,
        )

    def train(self, trial: etude.Trial) -> None:
        setting = trial.setting if isinstance(trial.setting, Mapping) else dict(trial.setting)
        noise = self.noise * float(np.random.default_rng(trial.seed).standard_normal())
        value = math.nan if self.breaks(setting) else self.loss(setting) + noise
        for step in trial.steps():
            if step + 1 == trial.max_steps:
                trial.report(step, {METRIC: -value if self.maximize else value})


def decades(value: float, best: float) -> float:
    return math.log10(value / best)


def bowl(name: str, best: float) -> Callable[[Setting], float]:
    """Best at a value of one axis, with a little of `x`."""
    return lambda one: 0.1 + 0.1 * decades(one[name], best) ** 2 + 0.2 * (one["x"] - 0.5) ** 2


def slope(one: Setting) -> float:
    """Better the higher the rate, to wherever it breaks."""
    return 1.0 - 0.2 * decades(one["rate"], 1e-4) + 0.2 * (one["x"] - 0.5) ** 2


def of_momentum(one: Setting) -> float:
    """Best at a momentum of 0.98, and at a rate of 0.01."""
    near = decades(1.0 - one["momentum"], 0.02)
    return 0.1 + 0.2 * near**2 + 0.05 * decades(one["rate"], 0.01) ** 2


TOYS = (
    Toy("wide", {"rate": RATE}, lambda one: one["rate"] > 0.3, bowl("rate", 0.25)),
    Toy(
        "beyond",
        {"rate": etude.Real(1e-5, 0.05, log=True)},
        lambda one: one["rate"] > 0.6,
        bowl("rate", 0.4),
    ),
    Toy("rises", {"rate": RATE}, lambda one: one["rate"] > 0.03, slope),
    Toy(
        "low_side",
        {"warm": etude.Real(0.01, 1000.0, log=True)},
        lambda one: one["warm"] < 2.0,
        bowl("warm", 3.0),
    ),
    Toy(
        "linear",
        {"size": etude.Real(0.0, 4.0)},
        lambda one: one["size"] > 2.2,
        lambda one: 1.0 - 0.2 * one["size"] + 0.2 * (one["x"] - 0.5) ** 2,
    ),
    Toy(
        "momentum",
        {
            "rate": etude.Real(1e-4, 1.0, log=True),
            "momentum": etude.Real(0.5, 0.9999, scale="one_minus_log"),
        },
        lambda one: one["momentum"] > 0.985,
        of_momentum,
    ),
    Toy(
        "tilted",
        {"rate": RATE, "momentum": etude.Real(0.5, 0.99, scale="one_minus_log")},
        lambda one: one["rate"] / (1.0 - one["momentum"]) > 1.0,
        lambda one: 0.1 + 0.1 * decades(one["rate"] / (1.0 - one["momentum"]), 0.7) ** 2,
    ),
    Toy(
        "listed",
        {"rate": etude.Choice([1e-3, 1e-2, 1e-1, 1.0, 10.0])},
        lambda one: one["rate"] > 0.5,
        slope,
    ),
    Toy(
        "two_methods",
        {"rate": RATE},
        lambda one: one["rate"] > (0.1 if one["method"] == "a" else 3.0),
        slope,
        scientific={"method": etude.Choice(["a", "b"])},
    ),
    Toy(
        "maximized",
        {"rate": etude.Real(1e-4, 1.0, log=True)},
        lambda one: one["rate"] > 2.0 or one["decay"] > 5e-3,
        bowl("rate", 1.5),
        maximize=True,
        noise=0.01,
    ),
)


@dataclass(frozen=True)
class Moves:
    """How often bounds went back over the rounds of a series.

    Args:
        back: A widening past a bound that was cut, or a cut of what was just widened within a
            decade. The narrowing of a refinement is neither.
        lifted: Widenings past a cut whose file says that training is another since.
    """

    back: int
    lifted: int


def moved_back(changes: Sequence[Sequence[Any]]) -> Moves:
    """The moves of the recommendations of each round, in order."""
    cuts: dict[tuple[str, str], float] = {}
    widened: dict[tuple[str, str], float] = {}
    back = lifted = 0
    for one in (one for of_round in changes for one in of_round):
        for side, old, new in ends(one):
            place, sign = (one.path, side), 1.0 if side == "high" else -1.0
            if one.rule == "C1":
                past = place in cuts and sign * (new - cuts[place]) > 1e-9 * abs(cuts[place])
                lifted += past and LIFTED in one.because
                back += past and LIFTED not in one.because
                widened[place] = old
            elif one.rule == "C3":
                back += place in widened and within_a_decade(widened.pop(place), new, one.path)
                cuts[place] = new
    return Moves(back=int(back), lifted=int(lifted))


def ends(one: Any) -> list[tuple[str, float, float]]:
    """The bounds that a recommendation moves: of a list its outermost numbers."""
    if one.rule not in ("C1", "C3"):
        return []
    if one.change.part in ("low", "high"):
        return [(one.change.part, float(one.old), float(one.new))]
    if one.change.part != "values" or not all(isinstance(value, float | int) for value in one.new):
        return []
    moved = [("low", min(one.old), min(one.new)), ("high", max(one.old), max(one.new))]
    return [(side, float(old), float(new)) for side, old, new in moved if old != new]


def within_a_decade(old: float, new: float, path: str) -> bool:
    first, second = (1.0 - old, 1.0 - new) if path.endswith("momentum") else (old, new)
    return first <= 0 or second <= 0 or max(first / second, second / first) <= 10.0 + 1e-9


def circle(toy: Toy, seed: int, *, rounds: int = 5, trials: int = 20) -> tuple[Moves, Any]:
    """The moves of rounds that follow their own advice on a toy, with the series."""
    series = etude.autopilot(toy.experiment(seed, trials=trials), toy.train, rounds=rounds)
    changes = [one.coming.recommendations for one in series.rounds if one.coming]
    return moved_back(changes), series
