"""The gate: whether trials of a workload in JAX are trained in stacks, decided by measurement.

As `etude.train.gate`: trials that may share a stack are found, a stack is compared with the plain
loop in double precision, and widths are timed. What does not pass is declined with a sentence.
"""

from __future__ import annotations

import dataclasses
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from itertools import count as counted
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from ...assignment import Assignment
from ..gate import CLOSE, STEPS, apart, diverse_settings, probe_trial, with_sgd
from .loop import Learner, Loop
from .member import Member
from .program import MAX_STRETCH
from .vectorized import Stack

# Heuristic: below this a stack is not worth what it asks of a workload.
WORTH = 1.1
WIDTHS = (4, 8, 16, 32)
# Heuristic: the best of some rounds; a busy machine slows most of them.
_ROUNDS, _TIMED_S = 3, 0.3
_NOT_THEIRS = (str(Path(jax.__file__).parent), str(Path(__file__).parents[2]))


class Judgement(NamedTuple):
    """What the gate says; as PyTorch's."""

    width: int
    reason: str
    ratio: float | None = None
    fastest: int = 1


def judged(loop: Loop, assignments: Sequence[Assignment]) -> Judgement:
    """Whether these trials, and others like them, are to be trained in stacks, and how wide.

    Whatever the workload raises on the way is a reason to decline.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _judged(loop, assignments)
    except Exception as error:  # noqa: BLE001  # a user's code may raise anything
        return Judgement(1, f"a stack cannot run it: {told(error)}")


def told(error: BaseException) -> str:
    """What an exception means for a workload, and the line that met it."""
    said = next(iter(str(error).strip().splitlines()), "no reason given").rstrip(".")
    meaning = f"{type(error).__name__}: {said}"
    if isinstance(error, jax.errors.ConcretizationTypeError):
        meaning = (
            "Python decides by a number that JAX computes, or by an entry of the setting in which "
            "the trials differ"
        )
    theirs = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_NOT_THEIRS) and Path(frame.filename).is_file()
    ]
    if not theirs:
        return f"{meaning}."
    frame = theirs[-1]
    return f"{meaning} ({Path(frame.filename).name}:{frame.lineno}: `{frame.line}`)."


def _judged(loop: Loop, assignments: Sequence[Assignment]) -> Judgement:
    groups: dict[Any, list[int]] = {}
    for one in assignments:
        groups.setdefault(Member(loop, probe_trial(one)).signature, []).append(one.id)
    largest = max(groups.values(), key=len)
    if len(largest) < 2:
        return Judgement(1, f"no two trials may share a stack: {_unlike(list(groups))}")
    chosen = [one for one in assignments if one.id in largest]
    if culprit := difference(loop, chosen):
        return Judgement(1, culprit)
    times = _times(loop, chosen)
    plain_s = times.pop(1)
    width = min(times, key=times.__getitem__)
    ratio = plain_s / times[width]
    if ratio < WORTH:
        said = f"stacks are only {ratio:.2f} times as fast, measured."
        return Judgement(1, said, ratio, fastest=width)
    said = f"{width} trials a stack are {ratio:.1f} times as fast, measured."
    return Judgement(width, said, ratio, fastest=width)


def difference(loop: Loop, assignments: Sequence[Assignment]) -> str:
    """What differs between a stack and the plain loop in double precision; empty for nothing."""
    with jax.enable_x64(True):  # noqa: FBT003  # as jax has it
        exact = Loop(loop.workload, double=True)
        chosen = diverse_settings(assignments)
        bare = [dataclasses.replace(one, setting=with_sgd(one.setting)) for one in chosen]
        stack = Stack(exact, [Member(exact, probe_trial(one)) for one in bare])
        done = stack.rows_after(STEPS)
        values = stack.values_of(done)
        for place, (one, member) in enumerate(zip(bare, stack.members, strict=True)):
            learner = Learner(exact, probe_trial(one))
            losses = learner.trained(0, STEPS)
            parts = learner.state().model
            found = stack.state_of(done, member).model
            distances = {name: _apart(found[name], part) for name, part in parts.items()}
            distances["the loss"] = max(
                apart(float(done.losses[step, place]), loss) for step, (loss, _) in losses.items()
            )
            evaluated = learner.evaluation()
            distances |= {name: apart(values[place][name], one) for name, one in evaluated.items()}
            worst = max(distances, key=distances.__getitem__)
            if distances[worst] > CLOSE:
                return (
                    f"a stack comes to other numbers than a trial alone: after {STEPS} steps "
                    f"`{worst}` differs by {distances[worst]:.1e}."
                )
    return ""


def _unlike(groups: Sequence[Any]) -> str:
    """What the first two signatures differ in, in words."""
    one, other = (dict(signature) for signature in islice([*groups, *groups], 2))
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    if not names:
        return "there is only one trial."
    name = names[0]
    return f"they differ in `{name}` ({one.get(name, 'absent')}, {other.get(name, 'absent')})."


def _times(loop: Loop, assignments: Sequence[Assignment]) -> dict[int, float]:
    """Seconds a step of one trial takes, by width; 1 is the plain loop.

    A width that is slower than the one before ends it: each takes seconds to compile.
    """
    learner = Learner(loop, probe_trial(assignments[0]))
    starts = counted(0, MAX_STRETCH)
    times = {1: _best(lambda count: learner.trained(next(starts), count))}
    for width in WIDTHS:
        if width > max(len(assignments), WIDTHS[0]) * 2:
            break
        again = [assignments[place % len(assignments)] for place in range(width)]
        stack = Stack(loop, [Member(loop, probe_trial(one)) for one in again])
        times[width] = _best(stack.rows_after) / width
        if width > WIDTHS[0] and times[width] > times[width // 2]:
            break
    return times


def _best(run: Callable[[int], object]) -> float:
    """Seconds for one of `run(count)`, the best of some rounds, compiled before."""
    run(1)
    once_s = max(_spent(run, 1), 1e-6)
    count = max(1, min(MAX_STRETCH, int(_TIMED_S / _ROUNDS / once_s)))
    return min(_spent(run, count) for _ in range(_ROUNDS)) / count


def _spent(run: Callable[[int], object], count: int) -> float:
    """Seconds of this process on a processor, so that no other program is counted."""
    clock = time.process_time if jax.default_backend() == "cpu" else time.perf_counter
    begin = clock()
    run(count)
    return clock() - begin


def _apart(one: Any, other: Any) -> float:
    if not one.size:
        return 0.0
    scale = max(float(np.abs(other).max()), 1.0)
    return float(np.abs(one - other).max()) / scale
