"""Comparison: a stack against the plain loop in double precision, number by number."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..trial import Assignment
from . import culprits
from .checkpoints import State
from .loop import Learner, Loop
from .member import Member
from .rehearsal import tried
from .vectorized import Stack

# No source, ours: 200 steps may drift apart by 1e-9; these few have no time to.
CLOSE = 1e-9
# No source, ours: enough updates for a moment or a running mean to make a difference.
STEPS = 3
# No source, ours: a stack of two may pass by chance where the first gives its value to all.
TRIALS = 3


def difference(loop: Loop, assignments: Sequence[Assignment]) -> str:
    """What differs, and who is to blame; empty for nothing.

    Plain SGD, so that an optimizer's scale hides nothing; each trial has its own examples, and
    whatever differs between the trials differs between those that are compared.
    """
    exact = Loop(loop.workload, device=loop.device, double=True)
    bare = [dataclasses.replace(one, setting=_with_sgd(one.setting)) for one in varied(assignments)]
    stack = Stack(exact, [Member(exact, tried(one)) for one in bare])
    trained = stack.rows_after(STEPS)
    values = stack.values_of(trained)
    settings = [one.setting for one in bare]
    for place, one in enumerate(bare):
        learner = Learner(exact, tried(one))
        before = culprits.counters(loop.workload, learner.module)
        losses = [learner.update(step)["train/loss"] for step in range(STEPS)]
        evaluated = learner.evaluation()
        found = trained.losses_SxK[:, place].tolist()
        apart = _distances(stack.members[place].state(trained.rows.row(place)), learner.state())
        apart |= {"the loss": max(map(_apart, found, losses))}
        if max(apart.values()) <= CLOSE:  # else the metrics differ for that, and tell less
            apart |= {name: _apart(values[place][name], value) for name, value in evaluated.items()}
        after = culprits.counters(loop.workload, learner.module)
        changed = culprits.changed(before, after)
        worst = max(apart, key=apart.__getitem__)
        if apart[worst] > CLOSE:
            batch = exact.training.between(0, 8)
            blamed = _kept(changed) or culprits.suspects(exact, settings, batch)
            return (
                f"a stack comes to other numbers than a trial alone: after {STEPS} steps "
                f"`{worst}` differs by {apart[worst]:.1e}.{blamed}"
            )
        if counted := [name for name in changed if culprits.is_number(after[name])]:
            return f"it counts in Python.{_kept(counted)}"
    return ""


def varied(assignments: Sequence[Assignment]) -> list[Assignment]:
    """A few of them, between which every entry of the setting differs that differs at all.

    What all compared trials share could be one trial's value given to all, unseen.
    """
    first, *others = assignments
    chosen = [first]
    missing = {
        name
        for one in others
        for name, value in one.setting.items()
        if value != first.setting.get(name)
    }
    while others and (missing or len(chosen) < TRIALS):
        fresh = [{name for name in missing if _differ(one, first, name)} for one in others]
        best = max(range(len(others)), key=lambda at: len(fresh[at]))
        missing -= fresh[best]
        chosen.append(others.pop(best))
    return chosen


def _differ(one: Assignment, other: Assignment, name: str) -> bool:
    return one.setting.get(name) != other.setting.get(name)


def _kept(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return (
        f" The forward pass changes {listed}, an attribute that Python keeps; "
        "a stack runs Python once, so make it a buffer."
        if names
        else ""
    )


def _distances(one: State, other: State) -> dict[str, float]:
    return {name: _apart_tensors(part, other.model[name]) for name, part in one.model.items()}


def _with_sgd(setting: Mapping[str, Any]) -> dict[str, Any]:
    dropped = ("momentum", "schedule", "warmup_steps", "warmup_fraction")
    kept = {name: value for name, value in setting.items() if name not in dropped}
    return {**kept, "optimizer": "sgd", "learning_rate": 0.01}


def _apart(one: float, other: float) -> float:
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return abs(one - other) / max(abs(other), 1.0)


def _apart_tensors(one: torch.Tensor, other: torch.Tensor) -> float:
    if not one.numel():
        return 0.0
    difference = (one.double() - other.double()).abs().max().item()
    return difference / max(other.double().abs().max().item(), 1.0)
