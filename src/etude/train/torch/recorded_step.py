"""One step of all trials of a stack: a function of rows, recorded once and played back.

`vmap(grad)` turns the loss of one trial into the losses and gradients of all. Going through its
layers of Python at every step costs more than the arithmetic of a small network, so the step is
recorded as the list of plain tensor operators that it comes to, and that list is run. The same
operators in the same order: the same bits.

Axes: K trials, P parameters, B examples in a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, final

import torch
from torch import Tensor
from torch.func import functional_call, grad, grad_and_value, vmap

from ...setting import NotedSetting
from ..optimizers import OPTIMIZERS, Moved
from ..recipe import MOVING
from ..workload import Workload
from . import evaluation
from .clipping import clipped, grad_norm
from .examples import Batch
from .loop import scalar
from .network import Network


@final
@dataclass(frozen=True)
class Kind:
    """The kind of a step; another kind needs another recording.

    Args:
        optimizers: Each with its rows, `(name, start, stop)`: in a stack they stand together.
        decays: Whether any trial has a weight decay that is part of the gradient.
        clips: Whether any trial clips its gradient.
        idle: For each dropout of the model, whether no trial drops anything there.
        shared: Entries of the setting that are the same in all trials.
    """

    optimizers: tuple[tuple[str, int, int], ...]
    decays: bool
    clips: bool
    idle: tuple[bool, ...]
    shared: tuple[tuple[str, Any], ...]

    @property
    def trials(self) -> int:
        """How many."""
        return self.optimizers[-1][2]


class Inputs(NamedTuple):
    """Inputs of a step beside the rows.

    Args:
        batch: The examples of each trial, first axes (K, B).
        keys: Of dropout, (K,).
        own: Numbers of the setting that differ between trials, by name, (K,).
        staying: What optimizers read and does not change, by name, (K, 1).
        moving: What they read and changes from step to step, (3, K, 1).
    """

    batch: Batch
    keys: Tensor
    own: dict[str, Tensor]
    staying: dict[str, Tensor]
    moving: Tensor


class Stepped(NamedTuple):
    """Rows after a step, with the loss before it and the norm of the full gradient, (K,) each."""

    x: Tensor
    m: Tensor
    v: Tensor
    rest: dict[str, Tensor]
    loss: Tensor
    norm: Tensor


Step: TypeAlias = Callable[[Tensor, Tensor, Tensor, dict[str, Tensor], Inputs], Stepped]


def step_of(workload: Workload, network: Network, kind: Kind, read: NotedSetting) -> Step:
    """The step of a stack as a function of its rows; nothing is changed in place.

    What the loss reads of the setting while it runs is added to `read`.
    """

    def loss_of(
        x: Tensor, rest: dict[str, Tensor], batch: Batch, key: Tensor, own: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        changed = {name: part.clone() for name, part in rest.items()}
        network.noise.begin(key)
        tensors = {**network.layout.views(x), **changed}
        predict = predicting(network, tensors)
        setting = NotedSetting({**dict(kind.shared), **own})
        loss = scalar(workload, workload.loss(predict, batch, setting))
        read.also(setting)
        return loss, {name: tensors[name] for name in rest}

    slopes = vmap(grad_and_value(loss_of, has_aux=True))

    def step(x: Tensor, m: Tensor, v: Tensor, rest: dict[str, Tensor], inputs: Inputs) -> Stepped:
        d, (loss, changed) = slopes(x, rest, inputs.batch, inputs.keys, inputs.own)
        norm = grad_norm(d)
        moved = _moved(Moved(x, m, v), d, norm, inputs, kind)
        return Stepped(*moved, changed, loss, norm)

    return step


def sums_of(
    workload: Workload, network: Network
) -> Callable[[Tensor, dict[str, Tensor], Batch], Any]:
    """The sums of the metrics over one batch for each trial, all of them seeing the same batch."""

    def with_sums(
        x: Tensor, rest: dict[str, Tensor], batch: Batch
    ) -> tuple[Tensor, evaluation.Sums]:
        predict = predicting(network, {**network.layout.views(x), **rest})
        with torch.no_grad():
            return x.sum(), evaluation.sums(workload, predict, batch)

    # `vmap` alone has no rule for `nn.LSTM`; below `grad` it comes to plain operators.
    def measured(x: Tensor, rest: dict[str, Tensor], batch: Batch) -> evaluation.Sums:
        _, sums = grad(with_sums, has_aux=True)(x, rest, batch)
        return dict(sums)

    return vmap(measured, in_dims=(0, 0, None))


def predicting(network: Network, tensors: dict[str, Tensor]) -> Callable[..., Any]:
    """`predict` with these tensors in the place of the model's own.

    A buffer that the forward pass replaces is replaced in them.
    """

    def predict(*inputs: Any, **named_inputs: Any) -> Any:
        return functional_call(network.module, tensors, inputs, named_inputs)

    return predict


def _moved(at: Moved, d: Tensor, norm: Tensor, inputs: Inputs, kind: Kind) -> Moved:
    if kind.clips:
        d = clipped(d, norm, inputs.staying["gradient_clip"].squeeze(1))
    parts = [
        _updated(name, Moved(*(part[start:stop] for part in at)), d[start:stop], given)
        for name, start, stop in kind.optimizers
        for given in [_numbers(inputs, start, stop, decays=kind.decays)]
    ]
    return (
        parts[0]
        if len(parts) == 1
        else Moved(*(torch.cat(column) for column in zip(*parts, strict=True)))
    )


def _updated(name: str, at: Moved, d: Tensor, given: Mapping[str, Tensor]) -> Moved:
    rule = OPTIMIZERS[name]
    if "decay" in given and not rule.decoupled:
        d = d + given["decay"] * at.x
    return rule.update(*at[:1], d, *at[1:], given)


def _numbers(inputs: Inputs, start: int, stop: int, *, decays: bool) -> dict[str, Tensor]:
    """The numbers of some of the trials as columns, (trials, 1)."""
    moving = dict(zip(MOVING, inputs.moving.unbind(), strict=True))
    given = {name: column[start:stop] for name, column in {**moving, **inputs.staying}.items()}
    return {**given, "decay": given["weight_decay"]} if decays else given


def optimizers_of(names: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """Runs of equal names, each with its start and stop.

    >>> optimizers_of(["adam", "adam", "sgd"])
    (('adam', 0, 2), ('sgd', 2, 3))
    """
    starts = [at for at, name in enumerate(names) if at == 0 or names[at - 1] != name]
    return tuple(
        (names[start], start, stop)
        for start, stop in zip(starts, [*starts[1:], len(names)], strict=True)
    )
