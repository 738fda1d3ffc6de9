"""Steps: what a trial's loop goes over, and what is said of a step that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import final


@final
class Steps(Iterator[int]):
    """The steps of a trial that are left, in order; `len` counts them, for a progress bar."""

    def __init__(self, walk: Iterator[int], left: Callable[[], int]) -> None:
        """Takes the steps, and what counts those that are left."""
        self._walk = walk
        self._left = left

    def __iter__(self) -> Steps:
        """Itself: a trial is trained once."""
        return self

    def __next__(self) -> int:
        """The next step, the one before it done."""
        return next(self._walk)

    def __len__(self) -> int:
        """How many are still to be given."""
        return self._left()


def step_message(step: object, plain: int, max_steps: int) -> str:
    """Why a step cannot be, and what to pass instead."""
    if plain >= max_steps:
        hint = (
            "Step 0 is the first update: pass `step - 1`, or raise `max_steps` for a longer loop."
        )
    elif isinstance(step, float) and step.is_integer():
        hint = f"Pass `int(step)`, {int(step)}."
    else:
        hint = "Pass the step that `trial.steps()` gave."
    return (
        f"Steps are whole numbers from 0 to max_steps - 1, got {step!r} where max_steps is "
        f"{max_steps}. {hint}"
    )
