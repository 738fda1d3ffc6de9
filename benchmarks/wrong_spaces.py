"""What `autopilot.py` tunes: valleys and trainings, each with a wrong and a right first space.

Every problem has a hyperparameter that does nothing, `spare`, and settings that break training. A
valley knows its least loss; of a training nobody does. `train` is a generator, so that whoever
tunes pays only for the steps that were trained.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from measure import ROOT

Setting = Mapping[str, Any]
# After each step: what is logged (training loss, gradient norm), and the validation loss or None.
Steps = Iterator[tuple[dict[str, float], float | None]]
METRIC = "valid/loss"
SHARE = 0.3  # of the first space is infeasible


@dataclass(frozen=True)
class Axis:
    """One hyperparameter: a range on its scale; `widest` are the units that make sense."""

    low: float
    high: float
    scale: str = "linear"  # linear, log, one_minus_log
    whole: bool = False

    def unit(self, value: float) -> float:
        warp: Callable[[float], float] = {
            "linear": float,
            "log": math.log,
            "one_minus_log": lambda x: -math.log(1.0 - x),
        }[self.scale]
        return (warp(value) - warp(self.low)) / (warp(self.high) - warp(self.low))

    def value(self, unit: float) -> float:
        if self.scale == "linear":
            found = self.low + unit * (self.high - self.low)
        elif self.scale == "log":
            found = self.low * (self.high / self.low) ** unit
        else:
            far, near = 1.0 - self.low, 1.0 - self.high
            found = 1.0 - far * (near / far) ** unit
        return float(f"{found:.3g}") if self.scale != "one_minus_log" else round(found, 5)

    def between(self, low: float, high: float) -> Axis:
        """The same axis from one unit to another."""
        ends = self.value(low), self.value(high)
        if self.whole:
            ends = max(1, math.floor(ends[0])), math.ceil(ends[1])
        return replace(self, low=ends[0], high=ends[1])


Space = Mapping[str, Axis]


@dataclass(frozen=True)
class Problem:
    """A first space that is wrong, one that is right, and how a setting trains.

    Args:
        least: The lowest loss there is; None where nobody knows.
        loss: The loss of a setting without noise; None for a training, which only measures.
    """

    name: str
    wrong: Space
    right: Space
    max_steps: int
    evaluations: int
    train: Callable[[Setting, int], Steps]
    least: float | None = None
    loss: Callable[[Setting], float] | None = None


# --- valleys: no curve, one value a trial

RIGHT = {
    "learning_rate": Axis(1e-4, 1e-1, "log"),
    "momentum": Axis(0.8, 0.998, "one_minus_log"),
    "warmup_steps": Axis(10, 1000, "log", whole=True),
    "weight_decay": Axis(1e-6, 1e-2, "log"),
    "spare": Axis(1e-3, 1.0, "log"),
}
FLOOR, NOISE = 0.25, 0.003
VALLEY_STEPS = 10


@dataclass(frozen=True)
class Valley:
    """A valley of the learning rate over 1 - momentum, steep above and slow below, and a cliff.

    Args:
        name: Of the problem, which draws where the best lies in the right space.
        shifted: The units, of the right space, that the wrong one has instead.
        cliff: What moves a setting towards the cliff, by hyperparameter; the cliff stands where
            30 % of the wrong space lie beyond it.
    """

    name: str
    shifted: Mapping[str, tuple[float, float]]
    cliff: Mapping[str, float]

    @cached_property
    def best(self) -> dict[str, float]:
        """Where the best lies, in units of the right space: in its inner third."""
        rng = np.random.default_rng(sum(self.name.encode()))
        return dict(zip(RIGHT, rng.uniform(0.35, 0.65, len(RIGHT)), strict=True))

    @cached_property
    def wrong(self) -> dict[str, Axis]:
        ends = {name: self.shifted.get(name, (0.0, 1.0)) for name in RIGHT}
        return {name: axis.between(*ends[name]) for name, axis in RIGHT.items()}

    @cached_property
    def edge(self) -> float:
        units_Nx5 = np.random.default_rng(0).random((20_000, len(RIGHT)))
        ends = [self.shifted.get(name, (0.0, 1.0)) for name in RIGHT]
        low_5, high_5 = np.array(ends).T
        slope_5 = np.array([self.cliff.get(name, 0.0) for name in RIGHT])
        return float(np.quantile((low_5 + units_Nx5 * (high_5 - low_5)) @ slope_5, 1.0 - SHARE))

    def loss(self, setting: Setting) -> float:
        unit = {name: axis.unit(float(setting[name])) for name, axis in RIGHT.items()}
        if sum(slope * unit[name] for name, slope in self.cliff.items()) > self.edge:
            return math.nan
        off = {name: unit[name] - self.best[name] for name in unit}
        # In decades of the learning rate over 1 - momentum.
        rate = 3.0 * off["learning_rate"] + 2.0 * off["momentum"]
        bowl = 0.4 * (rate / 0.6) ** 2 if rate > 0 else 1.0 - math.exp(-((rate / 1.5) ** 2))
        others = ("momentum", "warmup_steps", "weight_decay")
        return FLOOR + min(bowl, 5.0) + sum(0.6 * off[name] ** 2 for name in others)

    def train(self, setting: Setting, seed: int) -> Steps:
        noise = NOISE * float(np.random.default_rng(seed).standard_normal())
        for _ in range(VALLEY_STEPS - 1):
            yield {}, None
        yield {}, self.loss(setting) + noise

    def problem(self) -> Problem:
        steps = {"max_steps": VALLEY_STEPS, "evaluations": 1}
        return Problem(
            self.name, self.wrong, RIGHT, **steps, train=self.train, least=FLOOR, loss=self.loss
        )


COLD = {"warmup_steps": -1.0, "momentum": 0.5}  # a short warmup breaks, sooner at high momentum
HOT = {"learning_rate": 1.0, "momentum": 0.4, "warmup_steps": -0.3}
VALLEYS = (
    Valley("rate_high", {"learning_rate": (-0.5, 0.25)}, COLD),
    Valley("rate_low", {"learning_rate": (0.75, 1.25)}, HOT),
    Valley(
        "momentum_high",
        {"momentum": (-0.25, 0.25)},
        {"warmup_steps": -1.0, "weight_decay": 0.5},
    ),
    Valley("momentum_low", {"momentum": (0.75, 1.3)}, HOT),
    Valley("decay_high", {"weight_decay": (-0.6, 0.2)}, HOT),
    Valley("warmup_high", {"warmup_steps": (-0.3, 0.2)}, {"learning_rate": 1.0, "momentum": 0.4}),
    Valley(
        "rate_high_decay_low",
        {"learning_rate": (-0.5, 0.25), "weight_decay": (0.8, 1.5)},
        COLD,
    ),
    Valley(
        "rate_low_momentum_high",
        {"learning_rate": (0.7, 1.2), "momentum": (-0.25, 0.3)},
        {"learning_rate": 1.0, "warmup_steps": -0.3},
    ),
)


# --- trainings: the demo's network, and an MLP, on handwritten digits


@cache
def demo() -> Any:
    """The demo's training code, as a person would import it."""
    sys.path.insert(0, str(ROOT / "examples" / "optimizer"))
    import train

    return train


@cache
def mlp() -> Any:
    """The MLP of `examples/digits`, with its data as the demo's code takes them."""
    sys.path.insert(0, str(ROOT / "examples" / "digits"))
    import workload

    return workload.Mlp()


@dataclass(frozen=True)
class Training:
    """A network and an optimizer; every trial has its own seed.

    Gradients are kept in half precision, scaled by `loss_scale`, as is usual: too large a scale
    overflows, which ends the training; below that it does nothing.
    """

    network: str  # cnn, mlp
    optimizer: str  # nesterov, adam
    max_steps: int
    batch_size: int
    width: int = 8

    def train(self, setting: Setting, seed: int) -> Steps:
        torch.manual_seed(seed)
        given = {**setting, "optimizer": self.optimizer, "width": self.width}
        given |= {"beta2": 0.999, "epsilon": 1e-8}
        code = demo()
        data, held_out = self.data()
        rows = code.shuffled_epochs(len(data.labels), self.max_steps, self.batch_size, seed)
        model = self.model(given)
        optimizer = code.build_optimizer(model, given)
        every = self.max_steps // EVALUATIONS
        for step in range(self.max_steps):
            logged = update(model, optimizer, data.take(rows[step]), setting["loss_scale"])
            if not all(map(math.isfinite, logged.values())):
                yield {}, math.nan
                return
            evaluates = (step + 1) % every == 0
            yield logged, code.evaluate(model, held_out)[METRIC] if evaluates else None

    def data(self) -> tuple[Any, Any]:
        if self.network == "cnn":
            found: tuple[Any, Any] = demo().load_split()
            return found
        return demo().Digits(*mlp().training), demo().Digits(*mlp().validation)

    def model(self, given: Setting) -> torch.nn.Module:
        if self.network == "mlp":
            built: torch.nn.Module = mlp().model(given)
            return built
        found: torch.nn.Module = demo().build_model(self.width, given["dropout"])
        return found

    def problem(self, name: str, right: Space, wrong: Space) -> Problem:
        return Problem(name, {**right, **wrong}, right, self.max_steps, EVALUATIONS, self.train)


def update(model: torch.nn.Module, optimizer: Any, batch: Any, scale: float) -> dict[str, float]:
    """One step with gradients in half precision; the loss before it, and the gradient's norm."""
    model.train()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(batch.images), batch.labels)
    loss.backward()
    for weights in model.parameters():
        assert weights.grad is not None
        weights.grad = (weights.grad * scale).half().float() / scale
    norm = torch.nn.utils.get_total_norm([one.grad for one in model.parameters()])
    optimizer.step()
    return {"train/loss": loss.item(), "grad_norm": norm.item()}


EVALUATIONS = 10
NESTEROV = {
    "learning_rate": Axis(1e-3, 1.0, "log"),
    "momentum": Axis(0.5, 0.99, "one_minus_log"),
    "weight_decay": Axis(1e-6, 1e-2, "log"),
    "dropout": Axis(0.0, 0.5),
    "loss_scale": Axis(10.0, 1e7, "log"),
}
ADAM = {
    **{name: axis for name, axis in NESTEROV.items() if name != "momentum"},
    "learning_rate": Axis(1e-4, 1e-1, "log"),
    "beta1": Axis(0.5, 0.99, "one_minus_log"),
}
COLD_RATE, HOT_RATE = Axis(1e-5, 1e-2, "log"), Axis(0.04, 4.0, "log")
MUCH_DROPOUT = Axis(0.4, 0.9)
MLP, CNN = {"network": "mlp", "batch_size": 32, "width": 32}, {"network": "cnn", "batch_size": 50}
TRAININGS = (
    Training(**MLP, optimizer="nesterov", max_steps=150).problem(
        "mlp_nesterov", NESTEROV, {"learning_rate": COLD_RATE}
    ),
    Training(**MLP, optimizer="adam", max_steps=150).problem(
        "mlp_adam", ADAM, {"learning_rate": HOT_RATE}
    ),
    Training(**CNN, optimizer="nesterov", max_steps=100).problem(
        "cnn_nesterov", NESTEROV, {"learning_rate": COLD_RATE, "dropout": MUCH_DROPOUT}
    ),
    Training(**CNN, optimizer="adam", max_steps=100).problem(
        "cnn_adam", ADAM, {"learning_rate": HOT_RATE, "dropout": MUCH_DROPOUT}
    ),
)
PROBLEMS = {one.name: one for one in (*(valley.problem() for valley in VALLEYS), *TRAININGS)}
