"""Members: the trials of a stack, and the signature that says which may share one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import final

from ...setting import quietly
from ...trial import Trial
from ..checkpointing import CheckpointKeeper
from ..gate import Signature
from ..recipe import READ, Recipe, recipe, seed_of
from . import predictions
from .checkpoints import State
from .examples import Order
from .loop import Loop
from .models import Layout
from .vectors import Vectors, moments, put, state


@final
class Member:
    """One trial of a stack: its numbers, and its vectors until the stack takes them.

    Attributes:
        step: The next one to do; `max_steps` when there is none left.
    """

    def __init__(self, loop: Loop, trial: Trial) -> None:
        """Builds the trial's model; nothing is logged yet."""
        loop = loop.on(trial.split_seed)
        self.trial = trial
        self._loop = loop
        self.seed = seed_of(trial)
        self.recipe: Recipe = recipe(trial.noted, trial.max_steps)
        network = loop.network(trial.noted, self.seed)
        self.layout: Layout = network.layout
        self.order = Order(loop.training.count, self.recipe.batch_size, self.seed)
        self.steps_per_epoch = loop.training.count / self.recipe.batch_size
        self.keeper = CheckpointKeeper(
            trial,
            every_s=loop.every_s,
            beside=partial(predictions.save, loop, network.layout, trial.noted),
        )
        self.vectors: Vectors = (network.vector, *moments(self.recipe, network.vector))
        self.signature = signature(self)
        self.step = 0

    def facts(self) -> Mapping[str, float]:
        """What checks ask of the data."""
        return self._loop.facts

    def begin(self) -> None:
        """Restores the last checkpoint, if there is one, and finds the first step to do."""
        self.trial.restore(lambda folder: self._put(State.load(folder)))
        self.step = next(self.trial.steps(), self.trial.max_steps)

    def state(self) -> State:
        """The state of this trial, as the plain loop saves it: without room that others need."""
        x, m, v = self.vectors
        rule = self.recipe.rule
        both = (m if rule.first else m[:0], v if rule.second is not None else v[:0])
        return state(self.layout, (x, *both), self.recipe)

    def _put(self, saved: State) -> None:
        optimizer = self.recipe.optimizer
        self.vectors = put(saved, self.layout, self.vectors, optimizer)
        self.recipe = replace(self.recipe, moments_from=saved.origin.begun_for(optimizer))


def signature(member: Member) -> Signature:
    """All that must be equal in the trials of a stack, each part with its name.

    Parameters of the same names and shapes, and what the setting says in other things than numbers.
    """
    layout = member.layout
    parts = {"batch_size": str(member.recipe.batch_size), "the kind of parameters": layout.dtype}
    if member.trial.split_seed is not None:
        parts["split_seed"] = str(member.trial.split_seed)
    parts |= {
        f"parameter {name}": str(shape)
        for name, shape in zip(layout.names, layout.shapes, strict=True)
    }
    for name, value in quietly(member.trial.noted).items():
        if name not in READ:
            parts[f"setting {name}"] = "a number" if isinstance(value, float) else repr(value)
    return tuple(sorted(parts.items()))
