"""The gate: whether trials of a workload are trained in stacks, decided by measurement.

In order: trials that may share a stack are found; a stack is compared with the plain loop, number
by number; operators that loop over the trials are named; and widths are timed against the plain
loop. What does not pass is declined with a sentence that names the culprit.
"""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, final

import torch

from ...assignment import Assignment
from ..gate import probe_trial
from . import diagnosis, memory
from .equivalence import difference
from .loop import Learner, Loop
from .member import Member
from .vectorized import Stack

# Heuristic: below this a stack is not worth what it asks of a workload.
WORTH = 1.1
WIDTHS = (4, 8, 16, 32)
# Heuristic: times that are not told apart on a machine that does other things too.
ALIKE = 1.1
# Heuristic: operators of a shorter step are too small for more threads to gain.
LONG_STEP_S = 0.02
# Heuristic: the best of some rounds; a busy machine slows most of them.
_TIMED_S, _ROUNDS = 0.2, 3


@final
@dataclasses.dataclass(frozen=True)
class Judgement:
    """What the gate says.

    Args:
        width: How many trials a stack holds; 1 where stacks are declined.
        reason: One sentence for people: what was chosen and why.
        ratio: How many times as fast as the plain loop, a trial; None where it was not measured.
        fastest: The width that measured fastest, worth it or not; 1 where stacks are not possible.
        threads: Where one stack with so many is faster than one a worker; else None.
    """

    width: int
    reason: str
    ratio: float | None = None
    fastest: int = 1
    threads: int | None = None


def judged(loop: Loop, assignments: Sequence[Assignment], *, workers: int = 1) -> Judgement:
    """Whether these trials, and others like them, are to be trained in stacks, and how wide.

    Whatever the workload raises on the way is a reason to decline. The memory of the machine is
    shared with so many workers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _judged(loop, assignments, workers)
    except Exception as error:  # noqa: BLE001  # a user's code may raise anything
        return Judgement(1, f"a stack cannot run it: {diagnosis.told(error)}")


def _judged(loop: Loop, assignments: Sequence[Assignment], workers: int) -> Judgement:
    groups = _groups(loop, assignments)
    largest = max(groups.values(), key=len)
    if len(largest) < 2:
        return Judgement(1, f"no two trials may share a stack: {_difference(groups)}")
    chosen = [one for one in assignments if one.id in largest]
    if culprit := difference(loop, chosen):
        return Judgement(1, culprit)
    need, have = _bytes_a_trial(loop, chosen), memory.available_bytes(loop.device, workers=workers)
    widths = [width for width in WIDTHS if width * need <= memory.SHARE * have]
    if not widths:
        return Judgement(
            1,
            f"a stack of {WIDTHS[0]} trials would take {_gb(WIDTHS[0] * need)}, and a worker has "
            f"{_gb(have)} of memory, half of which it may fill.",
        )
    looping = _looping(loop, chosen)
    slow = f" `{looping[0]}` loops over the trials." if looping else ""
    full = f" Memory allows {widths[-1]}." if len(widths) < len(WIDTHS) else ""
    times = _times(loop, chosen, widths)
    found = _fastest(dict(times), f"{slow}{full}")
    return _together(found, loop, chosen, times, workers) if found.width > 1 else found


def _fastest(times: dict[int, float], remarks: str) -> Judgement:
    plain_s = times.pop(1)
    least_s = min(times.values())
    # Of widths as fast as each other the widest: fewer stacks are fewer recordings.
    width = max(width for width, step_s in times.items() if step_s <= ALIKE * least_s)
    ratio = plain_s / times[width]
    if ratio < WORTH:
        told = f"stacks are only {ratio:.2f} times as fast, measured.{remarks}"
        return Judgement(1, told, ratio, fastest=width)
    told = f"{width} trials a stack are {ratio:.1f} times as fast, measured.{remarks}"
    return Judgement(width, told, ratio, fastest=width)


def _together(
    found: Judgement,
    loop: Loop,
    assignments: Sequence[Assignment],
    times: Mapping[int, float],
    workers: int,
) -> Judgement:
    """The judgement, with all threads in one stack where that is faster than a stack a worker.

    Of small operators it never is, and then is not measured.
    """
    apart_s = times[found.width]
    if loop.device.type != "cpu" or workers == 1 or apart_s * found.width < LONG_STEP_S:
        return found
    threads = torch.get_num_threads()
    torch.set_num_threads(threads * workers)
    try:
        stack = Stack(loop, _members(loop, assignments, found.width))
        together_s = _best(stack.rows_after) / found.width
    finally:
        torch.set_num_threads(threads)
    if together_s * WORTH > apart_s / workers:
        return found
    ratio = times[1] / together_s
    return dataclasses.replace(
        found,
        ratio=ratio,
        threads=threads * workers,
        reason=f"{found.width} trials in one stack with {threads * workers} threads are "
        f"{ratio:.1f} times as fast, measured; a stack a worker, "
        f"{times[1] / apart_s * workers:.1f} times.",
    )


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def _bytes_a_trial(loop: Loop, assignments: Sequence[Assignment]) -> float:
    """What a trial takes of a stack's memory, in a step or in an evaluation, whichever is more."""
    stack = Stack(loop, _members(loop, assignments, 2))
    return max(map(memory.peak_bytes, (stack.recording(), stack.recorded_evaluation()))) / 2


def _groups(loop: Loop, assignments: Sequence[Assignment]) -> dict[Any, list[int]]:
    groups: dict[Any, list[int]] = {}
    for one in assignments:
        member = Member(loop, probe_trial(one))
        groups.setdefault(member.signature, []).append(one.id)
    return groups


def _difference(groups: Mapping[Any, Sequence[int]]) -> str:
    """What the first two signatures differ in, in words."""
    one, other = (dict(signature) for signature in islice([*groups, *groups], 2))
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    if not names:
        return "there is only one trial."
    name = names[0]
    return f"they differ in `{name}` ({one.get(name, 'absent')}, {other.get(name, 'absent')})."


def _looping(loop: Loop, assignments: Sequence[Assignment]) -> list[str]:
    """Operators that run more often in a wider stack, most often first.

    Of the same two trials, once and twice: others may have other optimizers, and those differ.
    """
    counts = []
    for width in (2, 4):
        stack = Stack(loop, _members(loop, assignments[:2], width))
        nodes = stack.recording().graph.nodes
        counts.append(Counter(str(node.target) for node in nodes if node.op == "call_function"))
    grown = counts[1] - counts[0]
    skipped = ("getitem", "unbind", "select", "stack", "cat", "view", "slice", "unsqueeze")
    names = [name for name, _ in grown.most_common() if not any(each in name for each in skipped)]
    return names


def _times(
    loop: Loop, assignments: Sequence[Assignment], widths: Sequence[int]
) -> dict[int, float]:
    """Seconds a step of one trial takes, by width; 1 is the plain loop."""
    learner = Learner(loop, probe_trial(assignments[0]))
    steps = iter(range(10**9))
    times = {1: _best(lambda count: [learner.update(next(steps)) for _ in range(count)])}
    for width in widths:
        if width > max(len(assignments), widths[0]) * 2:
            break
        stack = Stack(loop, _members(loop, assignments, width))
        times[width] = _best(stack.rows_after) / width
    return times


def _best(run: Any) -> float:
    """Seconds for one of `run(count)`, the best of some rounds, warmed up."""
    run(1)
    once_s = max(_spent(run, 1), 1e-6)
    count = int(_TIMED_S / _ROUNDS / once_s)
    if count > 1:
        return min(_spent(run, count) for _ in range(_ROUNDS)) / count
    return min(once_s, _spent(run, 1))


def _spent(run: Any, count: int) -> float:
    """Seconds of this process where one thread does all, so that no other program is counted."""
    alone = torch.get_num_threads() == 1 and not torch.cuda.is_available()
    clock = time.process_time if alone else time.perf_counter
    begin = clock()
    run(count)
    return clock() - begin


def _members(loop: Loop, assignments: Sequence[Assignment], width: int) -> list[Member]:
    """As many trials as a width asks for, the same ones again where there are too few."""
    again = [assignments[place % len(assignments)] for place in range(width)]
    return [Member(loop, probe_trial(one)) for one in again]
