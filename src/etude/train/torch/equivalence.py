"""Comparison: a stack against the plain loop in double precision, number by number."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch

from ...assignment import Assignment
from ..gate import CLOSE, STEPS, apart, diverse_settings, probe_trial, with_sgd
from . import diagnosis
from .checkpoints import State
from .loop import Learner, Loop
from .member import Member
from .vectorized import Stack


def difference(loop: Loop, assignments: Sequence[Assignment]) -> str:
    """What differs, and who is to blame; empty for nothing.

    Plain SGD, so that an optimizer's scale hides nothing; each trial has its own examples, and
    whatever differs between the trials differs between those that are compared.
    """
    exact = Loop(loop.workload, device=loop.device, double=True)
    bare = [
        dataclasses.replace(one, setting=with_sgd(one.setting))
        for one in diverse_settings(assignments)
    ]
    stack = Stack(exact, [Member(exact, probe_trial(one)) for one in bare])
    trained = stack.rows_after(STEPS)
    values = stack.values_of(trained)
    settings = [one.setting for one in bare]
    for place, one in enumerate(bare):
        learner = Learner(exact, probe_trial(one))
        before = diagnosis.counters(loop.workload, learner.module)
        losses = [learner.update(step)["train/loss"] for step in range(STEPS)]
        evaluated = learner.evaluation()
        found = trained.losses_SxK[:, place].tolist()
        distances = _distances(stack.members[place].state(trained.rows.row(place)), learner.state())
        distances |= {"the loss": max(map(apart, found, losses))}
        if max(distances.values()) <= CLOSE:  # else the metrics differ for that, and tell less
            distances |= {
                name: apart(values[place][name], value) for name, value in evaluated.items()
            }
        after = diagnosis.counters(loop.workload, learner.module)
        changed = diagnosis.changed(before, after)
        worst = max(distances, key=distances.__getitem__)
        if distances[worst] > CLOSE:
            batch = exact.training.between(0, 8)
            blamed = _kept(changed) or diagnosis.suspects(exact, settings, batch)
            return (
                f"a stack comes to other numbers than a trial alone: after {STEPS} steps "
                f"`{worst}` differs by {distances[worst]:.1e}.{blamed}"
            )
        if counted := [name for name in changed if diagnosis.is_number(after[name])]:
            return f"it counts in Python.{_kept(counted)}"
    return ""


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


def _apart_tensors(one: torch.Tensor, other: torch.Tensor) -> float:
    if not one.numel():
        return 0.0
    difference = (one.double() - other.double()).abs().max().item()
    return difference / max(other.double().abs().max().item(), 1.0)
