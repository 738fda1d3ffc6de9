"""Vectorized: many trials of a workload in one program, one row each, one step for all.

A trial in a stack reads and writes its own row only, so its neighbours do not matter: they may
diverge, end, or be replaced by another trial at another step.

Axes: K trials, S steps of a stretch, B examples in a batch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, final

import numpy as np
import torch
from torch import Tensor
from torch.fx import GraphModule

from ...setting import NotedSetting, quietly
from ..recipe import STAYING
from ..reporting import STRETCH_S, Departed, StepResults, report_steps, until_evaluation
from . import dropout, graph, recorded_step
from .checkpoints import State
from .loop import Loop
from .member import Member, dropouts
from .recorded_step import Inputs, Kind
from .rows import Rows, stacked
from .stack_evaluation import Evaluator

MAX_STRETCH = 256


class Trained(NamedTuple):
    """A stretch that was trained and is not reported yet."""

    rows: Rows
    losses_SxK: Tensor
    norms_SxK: Tensor


def compute_with(threads: int) -> None:
    """So many threads for the operators of this process, whatever its environment says."""
    torch.set_num_threads(threads)


@final
class Stack:
    """Trials of one signature that are trained together."""

    def __init__(self, loop: Loop, members: Sequence[Member]) -> None:
        """Takes trials that have begun; those of one optimizer stand together."""
        self._loop = loop = loop.on(members[0].trial.split_seed)
        self._network = members[0].network
        self._steps: dict[tuple[Any, ...], GraphModule] = {}
        # Of the setting, by the loss and by the model that computes for all.
        self._read = NotedSetting()
        self._first = members[0].trial.noted
        self._evaluator = Evaluator(
            loop,
            self._network,
            members[0].recipe.batch_size,
            evaluate_training=members[0].trial.evaluate_training,
        )
        self._step_s = STRETCH_S / 8  # until it is measured: a first stretch of a few steps
        self._members: list[Member] = []
        self._rows = stacked([member.row for member in members])
        self._arrange(list(members), self._rows)

    @property
    def members(self) -> Sequence[Member]:
        """The trials in training, in the order of their rows."""
        return tuple(self._members)

    def join(self, members: Sequence[Member]) -> None:
        """Takes more trials of the same signature, each at its own step."""
        others = stacked([member.row for member in members])
        self._arrange([*self._members, *members], self._rows.joined(others))

    def absorb(self, other: Stack) -> None:
        """Takes over the trials of another stack of the same signature."""
        self._arrange([*self._members, *other.members], self._rows.joined(other._rows))

    def split(self, parts: int) -> list[Stack]:
        """The same trials in several stacks, where one is too large or one trial fails them all."""
        bounds = np.linspace(0, len(self._members), parts + 1).astype(int)
        for place, member in enumerate(self._members):
            member.row = self._rows.row(place)
        return [
            Stack(self._loop, self._members[start:stop])
            for start, stop in pairwise(bounds.tolist())
            if start < stop
        ]

    def rows_after(self, count: int) -> Trained:
        """What some steps would lead to; nothing changes or is reported."""
        return self._trained(count)

    @torch.no_grad()
    def recording(self) -> GraphModule:
        """The operators of one step."""
        return self._step(self._inputs(_Ahead.of(self._members, 1, self._rows.x), 0))

    def recorded_evaluation(self) -> GraphModule:
        """The operators of the evaluation of one batch, the largest."""
        return self._evaluator.recording(self._rows)

    def values_of(self, trained: Trained) -> list[dict[str, float]]:
        """The metrics of all trials after a stretch, by recorded operators; nothing is reported."""
        return self._evaluator.means(trained.rows, recording=True)

    def advance(self, most: int = MAX_STRETCH) -> list[Departed]:
        """Trains all trials for a stretch; those that are over leave, and are returned.

        A stretch has at most so many steps.

        Whatever the user's code raises passes through, and then nothing has changed.
        """
        count = min(self._stretch(), most)
        begin = time.monotonic()
        trained = self._trained(count) if count else None
        rows = trained.rows if trained else self._rows
        due = [
            place
            for place, member in enumerate(self._members)
            if count and member.trial.evaluates(member.step + count - 1)
        ]
        values = self._evaluations(rows, due)
        losses, norms = (
            (trained.losses_SxK.T.tolist(), trained.norms_SxK.T.tolist()) if trained else ([], [])
        )
        self._step_s = (time.monotonic() - begin) / max(count, 1)
        self._rows = rows
        departures = []
        for place, member in enumerate(self._members):
            member.trial.noted.also(self._read)
            member.trial.noted.also(self._first)
            given = (losses[place], norms[place], values.get(place)) if count else None
            results = StepResults(*given, member.at_first) if given else None
            departed = report_steps(member, results, partial(self._state, member, place))
            if departed is not None:
                departures.append(departed)
        self._drop({id(one.member) for one in departures})
        return departures

    def _state(self, member: Member, place: int) -> State:
        return member.state(self._rows.row(place))

    def _stretch(self) -> int:
        """Steps until the first evaluation of any trial, as far as they take half a second."""
        if any(member.step == member.trial.max_steps for member in self._members):
            return 0
        until = min(until_evaluation(member.trial, member.step) for member in self._members)
        return max(1, min(until, MAX_STRETCH, int(STRETCH_S / self._step_s)))

    @torch.no_grad()
    def _trained(self, count: int) -> Trained:
        ahead = _Ahead.of(self._members, count, self._rows.x)
        names = list(self._rows.rest)
        tensors = [self._rows.x, self._rows.m, self._rows.v, *self._rows.rest.values()]
        numbers = [*self._own.values(), *self._staying.values()]
        losses, norms = [], []
        for at in range(count):
            inputs = self._inputs(ahead, at)
            step, batch = self._step(inputs), graph.leaves(inputs.batch)
            *tensors, loss, norm = step(*tensors, *batch, inputs.keys, *numbers, inputs.moving)
            losses.append(loss)
            norms.append(norm)
        x, m, v, *rest = tensors
        rows = Rows(x, m, v, dict(zip(names, rest, strict=True)))
        return Trained(rows, torch.stack(losses), torch.stack(norms))

    def _inputs(self, ahead: _Ahead, at: int) -> Inputs:
        batch = self._loop.training.take(ahead.rows_SxKxB[at])
        moving = ahead.moving_Sx3xKx1[at]
        return Inputs(batch, ahead.keys_SxK[at], self._own, self._staying, moving)

    def _step(self, inputs: Inputs) -> GraphModule:
        rows = self._rows
        key = (self._kind, tuple(self._own), rows.m.shape, rows.v.shape)
        if key not in self._steps:
            step = recorded_step.step_of(self._loop.workload, self._network, self._kind, self._read)
            given = (rows.x, rows.m, rows.v, dict(rows.rest), inputs)
            self._steps[key] = graph.recorded(step, *given)
        return self._steps[key]

    def _evaluations(self, rows: Rows, due: Sequence[int]) -> dict[int, dict[str, float]]:
        """The metrics of the trials at these places, over all validation examples."""
        if not due:
            return {}
        due_rows = rows if len(due) == len(rows) else rows.take(due)
        return dict(zip(due, self._evaluator.means(due_rows), strict=True))

    def _drop(self, gone: set[int]) -> None:
        places = [at for at, member in enumerate(self._members) if id(member) not in gone]
        if len(places) < len(self._members) and places:
            self._arrange([self._members[at] for at in places], self._rows.take(places))
        elif not places:
            self._members = []

    def _arrange(self, members: list[Member], rows: Rows) -> None:
        """Puts the trials of one optimizer together, and makes columns of their numbers."""
        names = [member.recipe.optimizer for member in members]
        order = sorted(range(len(members)), key=lambda at: names[at])
        self._members = [members[at] for at in order]
        self._rows = rows if order == sorted(order) else rows.take(order)
        recipes = [member.recipe for member in self._members]
        staying = {name: [one.staying[name] for one in recipes] for name in STAYING}
        self._staying = {name: self._column(column)[:, None] for name, column in staying.items()}
        settings = [quietly(member.trial.noted) for member in self._members]
        common = {name for name in settings[0] if all(name in one for one in settings)}
        same = {name for name in common if len({one[name] for one in settings}) == 1}
        self._own = {
            name: self._column([one[name] for one in settings])
            for name in sorted(common - same)
            if all(isinstance(one[name], float) for one in settings)
        }
        coupled = [one for one in recipes if not one.rule.decoupled]
        self._kind = Kind(
            optimizers=recorded_step.optimizers_of([one.optimizer for one in recipes]),
            decays=any(one.staying["weight_decay"] for one in coupled),
            clips=any(np.isfinite(one.staying["gradient_clip"]) for one in recipes),
            idle=tuple(map(all, zip(*(one.idle for one in self._members), strict=True))),
            shared=tuple((name, settings[0][name]) for name in sorted(same)),
        )
        for module, idle in zip(dropouts(self._network.module), self._kind.idle, strict=True):
            module.idle = idle

    def _column(self, values: Sequence[Any]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64).to(self._rows.x)


class _Ahead(NamedTuple):
    """Inputs of the steps of a stretch, made and moved at once."""

    rows_SxKxB: Tensor
    keys_SxK: Tensor
    moving_Sx3xKx1: Tensor

    @classmethod
    def of(cls, members: Sequence[Member], count: int, like: Tensor) -> _Ahead:
        spans = [(member, member.step, member.step + count) for member in members]
        rows = torch.stack([one.order.rows(start, stop) for one, start, stop in spans], 1)
        keys = np.stack([dropout.keys(one.seed, start, stop) for one, start, stop in spans], 1)
        moving = np.stack([one.recipe.moving(start, stop) for one, start, stop in spans], 2)
        return cls(
            rows.to(like.device),
            torch.from_numpy(keys).to(like.device),
            torch.from_numpy(moving.transpose(1, 0, 2)[..., None]).to(like),
        )
