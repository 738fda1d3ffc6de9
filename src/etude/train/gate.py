"""Rehearsals: trials whose news nobody hears, and which of them tell two ways of training apart."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, final

from ..assignment import Assignment
from ..trial import Trial

# Heuristic: 200 steps may drift apart by 1e-9; these few have no time to.
CLOSE = 1e-9
# Heuristic: enough updates for a moment or a running mean to make a difference.
STEPS = 3
# Heuristic: a stack of two may pass by chance where the first gives its value to all.
TRIALS = 3


def probe_trial(one: Assignment) -> Trial:
    """The trial of an assignment, to be tried and forgotten."""
    return Trial(dataclasses.replace(one, rehearsal=True, resume_step=None), NullChannel())


def diverse_settings(assignments: Sequence[Assignment]) -> list[Assignment]:
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


def with_sgd(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A setting with plain SGD, so that an optimizer's scale hides nothing."""
    dropped = ("momentum", "schedule", "warmup_steps", "warmup_fraction")
    kept = {name: value for name, value in setting.items() if name not in dropped}
    return {**kept, "optimizer": "sgd", "learning_rate": 0.01}


def apart(one: float, other: float) -> float:
    """The distance of two numbers, relative to the second where that is large; none of two nan."""
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return abs(one - other) / max(abs(other), 1.0)


@final
class NullChannel:
    """A channel whose other end nobody listens to."""

    def marked(self, moment: str, step: int) -> None:
        """Nothing."""

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing."""

    def saved(self, step: int, value: float | None) -> None:
        """Nothing."""
