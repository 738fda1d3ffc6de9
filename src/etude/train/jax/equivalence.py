"""Equivalence: a stack against the plain loop in double precision, number by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from ...assignment import Assignment
from ..gate import STEPS, comparable, distance, distance_message, probe_trial
from .loop import Learner, Loop
from .member import Member
from .vectorized import Stack


def difference(loop: Loop, assignments: Sequence[Assignment]) -> str:
    """How a stack differs from the plain loop; empty for nothing."""
    with jax.enable_x64(True):  # noqa: FBT003  # as jax has it
        exact = Loop(loop.workload, double=True)
        compared = comparable(assignments)
        stack = Stack(exact, [Member(exact, probe_trial(one)) for one in compared])
        done = stack.rows_after(STEPS)
        values = stack.values_of(done)
        for place, (assignment, member) in enumerate(zip(compared, stack.members, strict=True)):
            learner = Learner(exact, probe_trial(assignment))
            losses = learner.trained(0, STEPS)
            alone, stacked = learner.state().model, stack.state_of(done, member).model
            distances = {name: _distance(stacked[name], part) for name, part in alone.items()}
            distances["the loss"] = max(
                distance(float(done.losses[step, place]), loss)
                for step, (loss, _) in losses.items()
            )
            distances |= {
                name: distance(values[place][name], value)
                for name, value in learner.evaluation().items()
            }
            if message := distance_message(distances):
                return message
    return ""


def _distance(one: Any, other: Any) -> float:
    if not one.size:
        return 0.0
    scale = max(float(np.abs(other).max()), 1.0)
    return float(np.abs(one - other).max()) / scale
