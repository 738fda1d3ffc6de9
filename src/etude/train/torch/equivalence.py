"""Equivalence: a stack against the plain loop in double precision, number by number."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ...assignment import Assignment
from ..gate import CLOSE, STEPS, comparable, distance, distance_message, probe_trial
from . import diagnosis
from .checkpoints import State
from .loop import Learner, Loop
from .member import Member
from .synchronized import HALVES
from .vectorized import Stack


def difference(loop: Loop, assignments: Sequence[Assignment]) -> str:
    """How a stack differs, and which part of the workload is to blame; empty for nothing.

    Plain SGD, so that an optimizer's scale hides nothing; each trial has its own examples, and
    whatever differs between the trials differs between those that are compared.
    """
    kind = Member(loop, probe_trial(assignments[0])).network.layout.dtype
    if kind in HALVES:
        return (
            f"its parameters are `{kind}`, and so would be each trial's own numbers: 0.999 is 1 "
            "there."
        )
    exact = Loop(loop.workload, device=loop.device, double=True)
    compared = comparable(assignments)
    # Train all in one stack.
    stack = Stack(exact, [Member(exact, probe_trial(assignment)) for assignment in compared])
    trained = stack.rows_after(STEPS)
    values = stack.values_of(trained)
    for place, assignment in enumerate(compared):
        # Train one alone.
        learner = Learner(exact, probe_trial(assignment))
        before = diagnosis.counters(loop.workload, learner.module)
        losses = [learner.update(step)["train/loss"] for step in range(STEPS)]
        metrics = learner.evaluation()
        # Compare its parameters, losses and metrics.
        stacked = stack.members[place].state(trained.rows.row(place))
        distances = _distances(stacked, learner.state())
        stacked_losses = trained.losses_SxK[:, place].tolist()
        distances |= {"the loss": max(map(distance, stacked_losses, losses))}
        if max(distances.values()) <= CLOSE:  # else the metrics differ for that, and tell less
            distances |= {
                name: distance(values[place][name], value) for name, value in metrics.items()
            }
        # Find out what is to blame: a counter in Python, a module, an entry of the setting.
        after = diagnosis.counters(loop.workload, learner.module)
        changed = diagnosis.changed(before, after)
        if message := distance_message(distances):
            batch = exact.training.between(0, 8)
            settings = [other.setting for other in compared]
            blamed = _counter_message(changed) or diagnosis.suspects(exact, settings, batch)
            return f"{message}{blamed}"
        if counters := [name for name in changed if diagnosis.is_number(after[name])]:
            return f"it counts in Python.{_counter_message(counters)}"
    return ""


def _counter_message(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return (
        f" The forward pass changes {listed}, an attribute that Python keeps; "
        "a stack runs Python once, so make it a buffer."
        if names
        else ""
    )


def _distances(one: State, other: State) -> dict[str, float]:
    return {name: _distance(part, other.model[name]) for name, part in one.model.items()}


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    if not one.numel():
        return 0.0
    largest = (one.double() - other.double()).abs().max().item()
    return largest / max(other.double().abs().max().item(), 1.0)
