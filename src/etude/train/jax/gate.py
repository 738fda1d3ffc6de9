"""What the gate measures of JAX: steps alone and in stacks, which it compiles first."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count as steps_from

import jax

from ...assignment import Assignment
from ..gate import (
    Signature,
    Timings,
    best_s,
    error_frame,
    error_message,
    located,
    probe_trial,
    probe_trials,
)
from .equivalence import difference
from .loop import Learner, Loop
from .member import Member
from .program import MAX_STRETCH
from .vectorized import Stack

_TIMED_S = 0.3


def timings(loop: Loop) -> Timings:
    """What JAX measures of a loop."""
    return Timings(
        signature=partial(_signature, loop),
        difference=partial(difference, loop),
        plain_s=partial(_plain_s, loop),
        stack_s=partial(_stack_s, loop),
        description=description,
        compiles=True,
        alike=1.0,
    )


def description(error: BaseException) -> str:
    """What an exception means for a workload, and the line that met it."""
    meaning = error_message(error)
    if isinstance(error, jax.errors.ConcretizationTypeError):
        meaning = (
            "Python decides by a number that JAX computes, or by an entry of the setting in which "
            "the trials differ"
        )
    return located(meaning, error_frame(error, jax.__file__))


def _signature(loop: Loop, assignment: Assignment) -> Signature:
    return Member(loop, probe_trial(assignment)).signature


def _plain_s(loop: Loop, assignment: Assignment) -> float:
    """Seconds that a step of the plain loop takes."""
    learner = Learner(loop, probe_trial(assignment))
    starts = steps_from(0, MAX_STRETCH)
    return _best_s(lambda count: learner.trained(next(starts), count))


def _stack_s(loop: Loop, assignments: Sequence[Assignment], width: int) -> float:
    """Seconds that a step of one trial takes in a stack of a width."""
    stack = Stack(loop, [Member(loop, trial) for trial in probe_trials(assignments, width)])
    return _best_s(stack.rows_after) / width


def _best_s(run: Callable[[int], object]) -> float:
    """Seconds for one of `run(count)`, the best of some rounds, compiled before."""
    run(1)
    return best_s(partial(_seconds, run), timed_s=_TIMED_S, most=MAX_STRETCH)


def _seconds(run: Callable[[int], object], count: int) -> float:
    """Seconds of this process on a processor, so that no other program is counted."""
    clock = time.process_time if jax.default_backend() == "cpu" else time.perf_counter
    begin = clock()
    run(count)
    return clock() - begin
