"""What `search.py` searches: functions with a known best value, cliffs, and trials on record.

Imports nothing of ours, so that every peer's environment can read it. A setting is a dictionary of
plain values; `measured` is what a trial reports, NaN where it diverged; `regret` is how much worse
the setting is than the best, without noise.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

Setting = Mapping[str, float | str]


@dataclass(frozen=True)
class Axis:
    """One hyperparameter: a range, or the values of a choice."""

    name: str
    low: float = 0.0
    high: float = 1.0
    scale: str = "linear"  # linear, log, one_minus_log
    whole: bool = False
    values: tuple[str, ...] = ()

    def unit(self, value: float | str) -> float:
        if self.scale == "linear":
            return (float(value) - self.low) / (self.high - self.low)
        warp = math.log if self.scale == "log" else lambda x: -math.log(1.0 - x)
        return (warp(float(value)) - warp(self.low)) / (warp(self.high) - warp(self.low))


@dataclass(frozen=True)
class Problem:
    """A space, the true loss of a setting (NaN: it diverges), its least value, and the noise."""

    name: str
    axes: tuple[Axis, ...]
    loss: Callable[[Setting], float]
    least: float
    noise: float = 0.0

    @property
    def cliffs(self) -> bool:
        return self.name.startswith("valley")

    def measured(self, setting: Setting, seed: int, trial: int) -> float:
        noise = np.random.default_rng([seed, trial]).standard_normal()
        return self.loss(setting) + self.noise * float(noise)

    def regret(self, setting: Setting) -> float:
        return self.loss(setting) - self.least


def branin(setting: Setting) -> float:
    x, y = float(setting["x0"]), float(setting["x1"])
    curve = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return curve**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HEIGHTS_4 = np.array([1.0, 1.2, 3.0, 3.2])
SCALES_4x6 = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
CENTRES_4x6 = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(setting: Setting) -> float:
    x_6 = np.array([float(setting[f"x{axis}"]) for axis in range(6)])
    return -float(HEIGHTS_4 @ np.exp(-(SCALES_4x6 * (x_6 - CENTRES_4x6) ** 2).sum(axis=1)))


VALLEY = (
    Axis("learning_rate", 1e-5, 10.0, "log"),
    Axis("momentum", 0.5, 0.999, "one_minus_log"),
    Axis("warmup_steps", 1, 1000, "log", whole=True),
    Axis("weight_decay", 1e-6, 1e-1, "log"),
)


@dataclass(frozen=True)
class Valley:
    """A learning-rate valley that ends at a cliff, which momentum and warmup move.

    `margin`: by how many decades the learning rate, over 1 - momentum, lies below the cliff. The
    valley's floor is `floor` decades below it; nearer the loss rises steeply, farther slowly.
    """

    infeasible: float
    warmup: float = 1.0  # decades that the longest warmup moves the cliff up
    momentum: float = 0.0  # decades that the highest momentum moves it down, without warmup
    floor: float = 0.35
    tilt: float = 0.06

    def __call__(self, setting: Setting) -> float:
        rate, momentum, warmup, decay = (axis.unit(setting[axis.name]) for axis in VALLEY)
        margin = self.edge - self.reach(rate, momentum, warmup)
        if margin < 0.0:
            return math.nan
        beyond = margin - self.floor
        steep, slow = 0.4 * (beyond / self.floor) ** 2, 1 - math.exp(-((beyond / 2.5) ** 2))
        return (
            0.25
            + (steep if beyond < 0 else slow)
            + self.tilt * (warmup - 0.55) ** 2
            + 2 * self.tilt * (momentum - 0.6) ** 2
            + self.tilt * (decay - 0.4) ** 2
        )

    def reach(self, rate: float, momentum: float, warmup: float) -> float:
        """Decades of learning rate over 1 - momentum, as far as warmup does not help."""
        decades = 6.0 * rate + 2.7 * momentum - self.warmup * warmup
        return decades + self.momentum * momentum**2 * (1 - warmup)

    @cached_property
    def edge(self) -> float:
        """Where the cliff is, so that the stated share of the space lies beyond it."""
        units_Nx3 = np.random.default_rng(0).random((200_000, 3))
        reach_N = np.array([self.reach(*unit_3) for unit_3 in units_Nx3[:40_000]])
        return float(np.quantile(reach_N, 1.0 - self.infeasible))


VALLEYS = {
    "valley_20": Valley(0.2, warmup=1.0),
    "valley_40": Valley(0.4, warmup=1.5, momentum=1.0, floor=0.25),
    "valley_60": Valley(0.6, warmup=0.5, momentum=2.0, floor=0.3, tilt=0.1),
}

MNIST = (
    Axis("learning_rate", 1e-4, 1e-1, "log"),
    Axis("dropout_rate", 0.1, 0.9),
    Axis("batch_size", 16, 256, whole=True),
    Axis("activation", values=("relu", "sigmoid", "tanh")),
)
NEIGHBOURS = 10  # whose mean smooths the noise of a training away


@dataclass(frozen=True)
class Surrogate:
    """Networks on MNIST from trials on record: the mean error of the ten nearest, or no result
    where most of those failed. Activations are tables of their own.
    """

    folder: Path

    def __call__(self, setting: Setting) -> float:
        units_TxD, errors_T = self.tables[str(setting["activation"])]
        point_D = np.array([axis.unit(setting[axis.name]) for axis in MNIST[:3]])
        nearest = np.argsort(((units_TxD - point_D) ** 2).sum(axis=1), kind="stable")[:NEIGHBOURS]
        errors = errors_T[nearest]
        healthy = errors[np.isfinite(errors)]
        return math.nan if 2 * len(healthy) < len(errors) else float(healthy.mean())

    @cached_property
    def tables(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        with (self.folder / "trials.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["model"] == "cnn"]
        found = {}
        for value in MNIST[3].values:
            mine = [row for row in rows if row["activation"] == value]
            units = [[axis.unit(row[axis.name]) for axis in MNIST[:3]] for row in mine]
            found[value] = (np.array(units), np.array([_error(row) for row in mine]))
        return found

    @cached_property
    def least(self) -> float:
        """Of so many settings the lowest, as nobody knows a closed form."""
        rng = np.random.default_rng(0)
        found = []
        for value in MNIST[3].values:
            for unit_3 in rng.random((7000, 3)):
                found.append(self({**_mnist(unit_3), "activation": value}))
        return float(np.nanmin(found))


def _error(row: Mapping[str, str]) -> float:
    ended = row["status_ep8"] == "SUCCESS" and row["accuracy_ep8"]
    return 1.0 - float(row["accuracy_ep8"]) if ended else math.nan


def _mnist(unit_3: np.ndarray) -> dict[str, float | str]:
    rate, dropout, batch = (float(one) for one in unit_3)
    return {
        "learning_rate": 1e-4 * 1e3**rate,
        "dropout_rate": 0.1 + 0.8 * dropout,
        "batch_size": round(16 + 240 * batch),
    }


@cache
def problems(data: str) -> dict[str, Problem]:
    """By name; the trials on record only where `data` is a folder with them."""
    found = [
        Problem("branin", (Axis("x0", -5, 10), Axis("x1", 0, 15)), branin, 0.39788735772973816),
        Problem("hartmann6", tuple(Axis(f"x{axis}") for axis in range(6)), hartmann6, -3.32236801),
        *(Problem(name, VALLEY, one, 0.25, 0.003) for name, one in VALLEYS.items()),
    ]
    folder = Path(data)
    if data and folder.is_dir():
        surrogate = Surrogate(folder)
        found.append(Problem("mnist", MNIST, surrogate, surrogate.least, 0.002))
    return {one.name: one for one in found}
