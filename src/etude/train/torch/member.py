"""Members: the trials of a stack, and the signature that says which may share one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, final

import torch
from torch import Tensor, nn

from ...setting import quietly
from ...trial import Trial
from ..checkpointing import CheckpointKeeper
from ..gate import Signature
from ..recipe import READ, Recipe, recipe, seed_of
from . import batch_norm, dropout, predictions
from .checkpoints import State
from .examples import Order
from .loop import Loop, state
from .network import Network
from .rows import Rows

# Attributes that every module has, or that its own forward pass does not read.
_OF_TORCH = frozenset(vars(nn.Module())) | {"inplace"}


@final
class Member:
    """One trial of a stack: all but its tensors, and its first row until the stack takes it.

    Attributes:
        step: The next one to do; `max_steps` when there is none left.
        at_first: What is logged with its first step.
        idle: For each dropout of the model, whether this trial drops nothing there.
    """

    def __init__(self, loop: Loop, trial: Trial) -> None:
        """Builds the trial's network; nothing is logged yet."""
        loop = loop.on(trial.split_seed)
        self.trial = trial
        self._loop = loop
        self.seed = seed_of(trial)
        self.recipe: Recipe = recipe(trial.noted, trial.max_steps)
        self.network: Network = loop.network(trial.noted, self.seed)
        self.order = Order(loop.training.count, self.recipe.batch_size, self.seed)
        self.steps_per_epoch = loop.training.count / self.recipe.batch_size
        self.keeper = CheckpointKeeper(
            trial, every_s=loop.every_s, beside=partial(predictions.save, loop, self.network)
        )
        self.row = self._first_row()
        self.signature = signature(self)
        self.idle = tuple(one.idle for one in dropouts(self.network.module))
        self.at_first = batch_norm.metrics(self.network.module, self.recipe.batch_size)
        self.step = 0

    def facts(self) -> Mapping[str, float]:
        """What checks ask of the data."""
        return self._loop.facts

    def begin(self) -> None:
        """Restores the last checkpoint, if there is one, and finds the first step to do."""
        self.trial.restore(lambda folder: self._put(State.load(folder)))
        self.step = next(self.trial.steps(), self.trial.max_steps)

    def state(self, row: Rows) -> State:
        """The state of this trial, its row given, as the plain loop saves it."""
        rest = {name: part[0] for name, part in row.rest.items()}
        views = self.network.layout.views(row.x[0])
        model = {name: {**views, **rest}[self._source(name)] for name in self._names()}
        return state(model, *self._own(row.m[0], row.v[0]), self.recipe)

    def _first_row(self) -> Rows:
        x = self.network.vector()[None]
        m, v = self.recipe.rule.moments(x)
        rest = {name: part.detach().clone()[None] for name, part in self.network.rest().items()}
        return Rows(x, m, v, rest)

    def _put(self, saved: State) -> None:
        self.network.module.load_state_dict(dict(saved.model))
        fresh = self._first_row()
        optimizer = self.recipe.optimizer
        moments = saved.moments_for(optimizer)
        self.recipe = replace(self.recipe, moments_from=saved.origin.begun_for(optimizer))
        m, v = (moments.get(name) for name in ("m", "v"))
        self.row = Rows(
            fresh.x,
            fresh.m if m is None else m.to(fresh.x.device)[None],
            fresh.v if v is None else v.to(fresh.x.device)[None],
            fresh.rest,
        )

    def _own(self, m: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """The moments that this trial's optimizer has, without the room that others need."""
        rule = self.recipe.rule
        return m if rule.first else m[:0], v if rule.second is not None else v[:0]

    def _names(self) -> Iterator[str]:
        return iter(self.network.module.state_dict(keep_vars=True))

    def _source(self, name: str) -> str:
        """The first name of a tensor: tied ones have several, and only the first is trained."""
        tensors = self.network.module.state_dict(keep_vars=True)
        first = {id(part): key for key, part in reversed(tensors.items())}
        return first[id(tensors[name])]


def signature(member: Member) -> Signature:
    """All that must be equal in the trials of a stack, each part with its name.

    Tensors of the same names, shapes and kinds; modules with the same plain attributes, since in a
    stack one module computes for all; what the setting says in other things than numbers, and which
    numbers it has.
    """
    parts: dict[str, str] = {"batch_size": str(member.recipe.batch_size)}
    if member.trial.split_seed is not None:
        parts["split_seed"] = str(member.trial.split_seed)
    for name, part in {**member.row.rest, "parameters": member.row.x}.items():
        parts[f"tensor {name}"] = f"{tuple(part.shape[1:])} {part.dtype}"
    layout = member.network.layout
    parts["shapes"] = str(list(zip(layout.names, map(tuple, layout.shapes), strict=True)))
    for name, value in quietly(member.trial.noted).items():
        if name not in READ:  # that a number is there at all is said too: it may have a default
            parts[f"setting {name}"] = "a number" if isinstance(value, float) else repr(value)
    for name, module in member.network.module.named_modules():
        parts |= {f"{name}.{key}": text for key, text in attributes(module).items()}
    return tuple(sorted(parts.items()))


def dropouts(module: nn.Module) -> list[dropout.Dropout]:
    """The dropouts of a model, in the order of its modules."""
    return [one for one in module.modules() if isinstance(one, dropout.Dropout)]


def attributes(module: nn.Module) -> dict[str, str]:
    """The attributes that a forward pass may read beside its tensors, as text to be compared."""
    if isinstance(module, dropout.Dropout):
        return {"": f"Dropout {module.covers}"}
    known = {id(part) for part in (*module.parameters(), *module.buffers())}
    own = {
        name: _text(value, known) for name, value in vars(module).items() if name not in _OF_TORCH
    }
    return {"": type(module).__qualname__, **own}


def _text(value: Any, known: set[int]) -> str:
    """A value as text, equal for equal ones; registered tensors are compared elsewhere."""
    if isinstance(value, Tensor):
        return "" if id(value) in known else _digest(value)
    if isinstance(value, str | int | float | bool | None | torch.dtype | torch.device):
        return repr(value)
    if isinstance(value, tuple | list):
        return str([_text(part, known) for part in value])
    if isinstance(value, Mapping):
        return str({str(key): _text(part, known) for key, part in value.items()})
    return getattr(value, "__qualname__", type(value).__qualname__)


def _digest(value: Tensor) -> str:
    numbers = value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy()
    digest = hashlib.blake2b(numbers.tobytes(), digest_size=6).hexdigest()
    return f"tensor {tuple(value.shape)} {digest}"
