"""The plain loop: one trial of a workload, from its first step to its last.

Whatever is random in it depends on (seed, step) alone: initialization, the order of the examples,
dropout. So a trial goes on from a checkpoint as if it had never stopped, and there is no random
state to save.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar, final

import torch
from torch import Tensor, nn

from ...errors import WorkloadError
from ...trial import Trial
from ..backend import Library
from ..checkpointing import EVERY_S
from ..evaluation_set import known_facts
from ..loop import run
from ..metrics import recorded_name, training_name
from ..moments import MomentsOrigin
from ..rare_classes import with_counts
from ..recipe import MOVING, Recipe, recipe, seed_of
from ..sample import evenly_spread
from ..splitting import on_split
from ..workload import Workload
from . import batch_norm, dropout, evaluation, predictions
from .checkpoints import State
from .clipping import clipped, grad_norm
from .examples import Examples, Order, examples, joined
from .network import Network, default_device, network

# Heuristic: so many steps have their order, rates and keys computed at once.
_AHEAD = 64


@final
class Loop:
    """A train function: trains trials of a workload, its data read and moved once."""

    library: ClassVar[Library] = "torch"

    def __init__(
        self,
        workload: Workload,
        *,
        every_s: float = EVERY_S,
        device: torch.device | None = None,
        double: bool = False,
        split_seed: int | None = None,
    ) -> None:
        """Takes a workload and the seconds between two writings of checkpoints.

        In double precision two ways of training can be told apart from two roundings. The seed is
        of the split that the workload's data are; None for their own.
        """
        self.double = double
        self.workload = with_counts(workload)
        self.every_s = every_s
        self.device = device or default_device()
        self._samples: dict[int, Examples] = {}
        self.split_seed = split_seed
        self._split: Loop | None = None

    def on(self, split_seed: int | None) -> Loop:
        """The loop on another split of the data, the last at hand; itself on its own."""
        if split_seed == self.split_seed:
            return self
        if self._split is None or self._split.split_seed != split_seed:
            assert split_seed is not None, "A split has no way back. This is a bug."
            workload = on_split(self.workload, split_seed, joined)
            self._split = Loop(
                workload,
                every_s=self.every_s,
                device=self.device,
                double=self.double,
                split_seed=split_seed,
            )
        return self._split

    @cached_property
    def training(self) -> Examples:
        """The examples to train on."""
        return examples(self.workload.training, self.device, double=self.double)

    @cached_property
    def facts(self) -> Mapping[str, float]:
        """What checks ask of the data, looked at once."""
        return known_facts(self.workload)

    @cached_property
    def validation(self) -> Examples:
        """The examples to evaluate on."""
        return examples(self.workload.validation, self.device, double=self.double)

    def training_sample(self, most: int) -> Examples:
        """At most so many of the examples to train on, evenly spread, to evaluate on."""
        if most not in self._samples:
            sample = evenly_spread(self.workload.training, most)
            self._samples[most] = examples(sample, self.device, double=self.double)
        return self._samples[most]

    def network(self, setting: Mapping[str, Any], seed: int) -> Network:
        """The network of a trial, untrained."""
        return network(self.workload, setting, seed, self.device, double=self.double)

    def __call__(self, trial: Trial) -> None:
        """Trains one trial.

        Source: E2, D5, K1, K2.
        """
        learner = Learner(self, trial)
        trial.restore(lambda folder: learner.put(State.load(folder)))
        beside = partial(predictions.save, self.on(trial.split_seed), learner.network)
        run(trial, learner, every_s=self.every_s, facts=lambda: self.facts, beside=beside)


@final
class Learner:
    """One trial in training: its network, and its parameters and moments as vectors."""

    def __init__(self, loop: Loop, trial: Trial) -> None:
        """Builds the network from the trial's setting and seed."""
        self._loop = loop = loop.on(trial.split_seed)
        self._setting = trial.noted
        self._seed = seed_of(trial)
        self._recipe = recipe(trial.noted, trial.max_steps)
        self.network = loop.network(trial.noted, self._seed)
        self._order = Order(loop.training.count, self._recipe.batch_size, self._seed)
        self.steps_per_epoch = loop.training.count / self._recipe.batch_size
        self._x = self.network.vector()
        self._gradient = torch.zeros_like(self._x)
        self._m, self._v = self._recipe.rule.moments(self._x)
        self.network.point_into(self._x, self._gradient)
        self._ahead = range(0)
        self._evaluate_training = trial.evaluate_training
        self._at_first = batch_norm.metrics(self.module, self._recipe.batch_size)

    @property
    def module(self) -> nn.Module:
        """The model in training."""
        return self.network.module

    def update(self, step: int) -> dict[str, float]:
        """Does one step: the loss before it, and the norm of the full, unclipped gradient (D5).

        With the first, how many examples are behind a batch norm statistic (B2).
        """
        self._look_ahead(step)
        place = step - self._ahead.start
        seed_streams(self._seeds[place])  # for what data and the model draw by themselves
        batch = self._loop.training.take(self._rows[place])
        numbers = dict(zip(MOVING, self._moving[place], strict=True)) | dict(self._recipe.staying)
        self.network.noise.begin(self._keys[place])
        loss = self._loss(batch)
        self._gradient.zero_()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        norm = grad_norm(self._gradient)
        self._move(norm, numbers)
        others = self._at_first if step == 0 else {}
        return {"train/loss": loss.item(), "grad_norm": norm.item(), **others}

    @torch.no_grad()
    def evaluation(self) -> dict[str, float]:
        """The metrics over all validation examples, and over training examples where asked for."""
        values = self._means(self._loop.validation, recorded_name)
        if self._evaluate_training:
            sample = self._loop.training_sample(self._evaluate_training)
            values |= self._means(sample, training_name)
        return values

    def _means(self, over: Examples, named: Callable[[str], str]) -> dict[str, float]:
        """The metrics over these examples; what has no name there is left out."""
        workload, module = self._loop.workload, self.network.module.eval()
        parts = [
            evaluation.sums(workload, module, batch)
            for batch in evaluation.batches(over, self._recipe.batch_size)
        ]
        module.train()
        means = evaluation.means(parts, over.count)
        return {named(name): value.item() for name, value in means.items() if named(name)}

    def state(self) -> State:
        """All that the next step depends on, a copy."""
        model = self.network.module.state_dict()
        return state(model, self._m, self._v, self._recipe)

    def put(self, saved: State) -> None:
        """Goes on from a saved state, bit for bit.

        Another optimizer begins with moments of its own: those of before are none that it keeps.
        """
        self.network.module.load_state_dict(dict(saved.model))
        optimizer = self._recipe.optimizer
        moments = saved.moments_for(optimizer)
        self._recipe = replace(self._recipe, moments_from=saved.origin.begun_for(optimizer))
        for moment, name in ((self._m, "m"), (self._v, "v")):
            if name in moments and moments[name].shape == moment.shape:
                moment.copy_(moments[name])

    def _loss(self, batch: Any) -> Tensor:
        workload = self._loop.workload
        loss = scalar(workload, workload.loss(self.network.module, batch, self._setting))
        if not loss.requires_grad:
            raise WorkloadError(
                f"{workload.name}: `loss` returned a tensor without a gradient. Compute it from "
                "`predict`, without `detach`, `no_grad` or a new tensor in between."
            )
        return loss

    @torch.no_grad()
    def _move(self, norm: Tensor, numbers: Mapping[str, float]) -> None:
        rule, d = self._recipe.rule, self._gradient
        if numbers["gradient_clip"] < float("inf"):
            d = clipped(d, norm, numbers["gradient_clip"])
        if numbers["weight_decay"] and not rule.decoupled:
            d = d + numbers["weight_decay"] * self._x
        moved = rule.update(self._x, d, self._m, self._v, numbers)
        self._x.copy_(moved.x)
        self._m, self._v = moved.m, moved.v

    def _look_ahead(self, step: int) -> None:
        if step in self._ahead:
            return
        self._ahead = range(step, step + _AHEAD)
        stop = self._ahead.stop
        self._rows = self._order.rows(step, stop).to(self._loop.device)
        self._moving = self._recipe.moving(step, stop).T.tolist()
        keys = dropout.keys(self._seed, step, stop)
        self._seeds = keys.tolist()
        self._keys = torch.from_numpy(keys).to(self._loop.device)


def seed_streams(seed: int) -> None:
    """Seeds the streams that a model may draw from. `torch.manual_seed` does so too, far slower."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)


def state(model: Mapping[str, Tensor], m: Tensor, v: Tensor, of: Recipe) -> State:
    """A copy of a model's tensors and of the moments that there are."""
    named = {name: part.detach().clone() for name, part in model.items()}
    both = {"m": m, "v": v}
    moments = {name: part.clone() for name, part in both.items() if part.numel()}
    return State(named, moments, MomentsOrigin(of.optimizer, of.moments_from))


def scalar(workload: Workload, loss: object) -> Tensor:
    """The loss, refused where it is no scalar tensor."""
    if not isinstance(loss, Tensor):
        raise WorkloadError(
            f"{workload.name}: `loss` returned {type(loss).__name__}; return a tensor with one "
            "number, so that it has a gradient."
        )
    if loss.dim():
        raise WorkloadError(
            f"{workload.name}: `loss` returned a tensor of shape {tuple(loss.shape)}; return one "
            "number, for example its mean."
        )
    return loss
