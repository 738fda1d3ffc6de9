"""What the gate measures of PyTorch: steps, memory, looping operators and threads."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch

from ...assignment import Assignment
from ..gate import Memory, Signature, Timings, best_s, probe_trial, probe_trials
from . import diagnosis, memory
from .equivalence import difference
from .loop import Learner, Loop
from .member import Member
from .vectorized import Stack

# Heuristic: times that are not told apart on a machine that does other things too.
ALIKE = 1.1
_TIMED_S = 0.2


def timings(loop: Loop) -> Timings:
    """What PyTorch measures of a loop."""
    return Timings(
        signature=partial(_signature, loop),
        difference=partial(difference, loop),
        plain_s=partial(_plain_s, loop),
        stack_s=partial(_stack_s, loop),
        description=diagnosis.description,
        compiles=False,
        alike=ALIKE,
        memory=partial(_memory, loop),
        looping=partial(_looping, loop),
        threads=_more_threads if loop.device.type == "cpu" else None,
    )


def _signature(loop: Loop, assignment: Assignment) -> Signature:
    return Member(loop, probe_trial(assignment)).signature


def _plain_s(loop: Loop, assignment: Assignment) -> float:
    """Seconds that a step of the plain loop takes."""
    learner = Learner(loop, probe_trial(assignment))
    steps = iter(range(10**9))
    return _best_s(lambda count: [learner.update(next(steps)) for _ in range(count)])


def _stack_s(loop: Loop, assignments: Sequence[Assignment], width: int) -> float:
    """Seconds that a step of one trial takes in a stack of a width."""
    return _best_s(_stack(loop, assignments, width).rows_after) / width


def _memory(loop: Loop, assignments: Sequence[Assignment], workers: int) -> Memory:
    trial = _bytes_a_trial(loop, assignments)  # first: what it takes is no longer available
    return Memory(trial, memory.available_bytes(loop.device, workers=workers))


def _bytes_a_trial(loop: Loop, assignments: Sequence[Assignment]) -> float:
    """What a trial takes of a stack's memory, in a step or in an evaluation, whichever is more."""
    stack = _stack(loop, assignments, 2)
    return max(map(memory.peak_bytes, (stack.recording(), stack.recorded_evaluation()))) / 2


def _looping(loop: Loop, assignments: Sequence[Assignment]) -> list[str]:
    """Operators that run more often in a wider stack, most often first.

    Of the same two trials, once and twice: others may have other optimizers, and those differ.
    """
    counts = []
    for width in (2, 4):
        nodes = _stack(loop, assignments[:2], width).recording().graph.nodes
        counts.append(Counter(str(node.target) for node in nodes if node.op == "call_function"))
    grown = counts[1] - counts[0]
    skipped = ("getitem", "unbind", "select", "stack", "cat", "view", "slice", "unsqueeze")
    return [name for name, _ in grown.most_common() if not any(part in name for part in skipped)]


@contextmanager
def _more_threads(times: int) -> Iterator[int]:
    """Gives this process so many times its threads for a while."""
    own = torch.get_num_threads()
    torch.set_num_threads(own * times)
    try:
        yield own * times
    finally:
        torch.set_num_threads(own)


def _best_s(run: Callable[[int], object]) -> float:
    """Seconds for one of `run(count)`, the best of some rounds, warmed up."""
    run(1)
    return best_s(partial(_seconds, run), timed_s=_TIMED_S)


def _seconds(run: Callable[[int], object], count: int) -> float:
    """Seconds of this process where one thread does all, so that no other program is counted."""
    alone = torch.get_num_threads() == 1 and not torch.cuda.is_available()
    clock = time.process_time if alone else time.perf_counter
    begin = clock()
    run(count)
    return clock() - begin


def _stack(loop: Loop, assignments: Sequence[Assignment], width: int) -> Stack:
    return Stack(loop, [Member(loop, trial) for trial in probe_trials(assignments, width)])
