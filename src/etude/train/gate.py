"""The gate: whether trials of a workload are trained in stacks, decided by measurement.

In order: trials that may share a stack are grouped; a stack is compared with the plain loop,
number by number; and widths are timed against the plain loop. What does not pass is declined with
a sentence that names the culprit.

The rules stand here, once; a library measures (`Timings`). Three measurements are optional, for
only PyTorch has them: the memory that a stack takes, operators that loop over the trials, and one
stack with all threads.
"""

from __future__ import annotations

import dataclasses
import math
import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, final

from ..assignment import Assignment
from ..text.signs import text_of
from ..trial import Trial

Signature: TypeAlias = tuple[tuple[str, str], ...]
Assignments: TypeAlias = Sequence[Assignment]

# Heuristic: below this a stack is not worth what it asks of a workload.
WORTH = 1.1
WIDTHS = (4, 8, 16, 32)
# Heuristic: operators of a shorter step are too small for more threads to gain.
LONG_STEP_S = 0.02
# Heuristic: operators need room for themselves, and other programs run beside us.
SHARE = 0.5
# Heuristic: 200 steps may drift apart by 1e-9; these few have no time to.
CLOSE = 1e-9
# Heuristic: enough updates for a moment or a running mean to make a difference.
STEPS = 3
# Heuristic: a stack of two may pass by chance where the first gives its value to all.
TRIALS = 3
# Heuristic: the best of some rounds; a busy machine slows most of them.
ROUNDS = 3
# A coarse clock of the processor sees nothing of a short run: it is no reason to do a million.
GROWTH = 10


@final
@dataclasses.dataclass(frozen=True)
class Judgement:
    """What the gate decides.

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


class Memory(NamedTuple):
    """What a trial takes of a stack's memory, and what a worker may count on, in bytes."""

    trial: float
    worker: float


@final
@dataclasses.dataclass(frozen=True, kw_only=True)
class Timings:
    """What a library measures of a loop for the gate, and where libraries differ.

    Args:
        signature: What the trial of an assignment must share with all others of its stack.
        difference: How a stack of these trials differs from the plain loop; empty for nothing.
        plain_s: Seconds that a step of the plain loop takes.
        stack_s: Seconds that a step of one trial takes in a stack of a width.
        description: What an exception means for a workload, and the line that met it.
        compiles: Whether each width is another program, which takes seconds to compile.
        alike: Times within this factor of the least are not told apart.
        memory: What stacks of these trials take, one of so many workers; None where not known.
        looping: Operators that loop over the trials, most often first; None where not known.
        threads: Gives this process so many times its threads for a while, and says how many they
            are; None where it cannot.
    """

    signature: Callable[[Assignment], Signature]
    difference: Callable[[Assignments], str]
    plain_s: Callable[[Assignment], float]
    stack_s: Callable[[Assignments, int], float]
    description: Callable[[BaseException], str]
    compiles: bool
    alike: float
    memory: Callable[[Assignments, int], Memory] | None = None
    looping: Callable[[Assignments], list[str]] | None = None
    threads: Callable[[int], AbstractContextManager[int]] | None = None


def judgement(timings: Timings, assignments: Assignments, *, workers: int = 1) -> Judgement:
    """Whether these trials, and others like them, are to be trained in stacks, and how wide.

    Whatever the workload raises on the way is a reason to decline. The memory of the machine is
    shared with so many workers.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _judgement(timings, assignments, workers)
    except Exception as error:  # noqa: BLE001  # a user's code may raise anything
        return Judgement(1, f"a stack cannot run it: {timings.description(error)}")


def _judgement(timings: Timings, assignments: Assignments, workers: int) -> Judgement:
    # Group the trials that may share a stack; the largest group speaks for all.
    groups = _groups(timings, assignments)
    largest = max(groups.values(), key=len)
    if len(largest) < 2:
        return Judgement(1, f"no two trials may share a stack: {_unlike(list(groups))}")
    chosen = [assignment for assignment in assignments if assignment.id in largest]
    # Compare a stack with the plain loop.
    if culprit := timings.difference(chosen):
        return Judgement(1, culprit)
    # Leave out the widths for which there is no memory.
    memory = timings.memory and timings.memory(chosen, workers)
    widths = [width for width in WIDTHS if memory is None or _fits(width, memory)]
    if memory is not None and not widths:
        return Judgement(1, _memory_message(memory))
    # Time the others, and see whether all threads do better in one stack.
    remarks = _remarks(timings.looping(chosen) if timings.looping else [], widths)
    times = _times(timings, chosen, widths)
    fastest = _fastest(times, remarks, alike=timings.alike)
    if fastest.width == 1 or timings.threads is None or workers == 1:
        return fastest
    return _with_all_threads(fastest, timings, chosen, times, workers)


def _groups(timings: Timings, assignments: Assignments) -> dict[Signature, list[int]]:
    groups: dict[Signature, list[int]] = {}
    for assignment in assignments:
        groups.setdefault(timings.signature(assignment), []).append(assignment.id)
    return groups


def _unlike(signatures: Sequence[Signature]) -> str:
    """How the first two signatures differ, in words."""
    one, other = (dict(signature) for signature in islice([*signatures, *signatures], 2))
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    if not names:
        return "there is only one trial."
    name = names[0]
    return f"they differ in `{name}` ({one.get(name, 'absent')}, {other.get(name, 'absent')})."


def _fits(width: int, memory: Memory) -> bool:
    return width * memory.trial <= SHARE * memory.worker


def _memory_message(memory: Memory) -> str:
    return (
        f"a stack of {WIDTHS[0]} trials would take {_gb(WIDTHS[0] * memory.trial)}, and a worker "
        f"has {_gb(memory.worker)} of memory, half of which it may fill."
    )


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def _remarks(looping: Sequence[str], widths: Sequence[int]) -> str:
    slow = f" `{looping[0]}` loops over the trials." if looping else ""
    full = f" Memory allows {widths[-1]}." if len(widths) < len(WIDTHS) else ""
    return f"{slow}{full}"


def _times(timings: Timings, assignments: Assignments, widths: Sequence[int]) -> dict[int, float]:
    """Seconds that a step of one trial takes, by width; 1 is the plain loop."""
    times = {1: timings.plain_s(assignments[0])}
    for width in widths:
        if width > max(len(assignments), widths[0]) * 2:
            break
        times[width] = timings.stack_s(assignments, width)
        # Where each takes seconds to compile, a width that is slower than the one before ends it.
        if timings.compiles and width > widths[0] and times[width] > times[width // 2]:
            break
    return times


def best_s(seconds: Callable[[int], float], *, timed_s: float, most: int = 1 << 30) -> float:
    """Seconds for one of `seconds(count)`, the best of some rounds that take so long together.

    Counts grow from one, tenfold at most: some systems count the processor's time in hundredths of
    a second, so that a step of a millisecond seems to take none.
    """
    round_s = timed_s / ROUNDS
    count, taken_s = 1, seconds(1)
    while taken_s < round_s / 2 and count < most:
        wanted = count * round_s / taken_s if taken_s > 0.0 else math.inf
        count = int(min(max(wanted, 2 * count), GROWTH * count, most))
        taken_s = seconds(count)
    others = ROUNDS - 1 if count > 1 else 1
    return max(min(taken_s, *(seconds(count) for _ in range(others))) / count, 1e-9)


def _fastest(times: Mapping[int, float], remarks: str, *, alike: float) -> Judgement:
    plain_s = times[1]
    stacks = {width: step_s for width, step_s in times.items() if width > 1}
    least_s = min(stacks.values())
    # Of widths as fast as each other the widest: fewer stacks are fewer recordings.
    width = max(width for width, step_s in stacks.items() if step_s <= alike * least_s)
    ratio = plain_s / stacks[width]
    if ratio < WORTH:
        reason = f"stacks are only {ratio:.2f} times as fast, measured.{remarks}"
        return Judgement(1, reason, ratio, fastest=width)
    reason = f"{width} trials a stack are {ratio:.1f} times as fast, measured.{remarks}"
    return Judgement(width, reason, ratio, fastest=width)


def _with_all_threads(
    separate: Judgement,
    timings: Timings,
    assignments: Assignments,
    times: Mapping[int, float],
    workers: int,
) -> Judgement:
    """The judgement, with all threads in one stack where that is faster than a stack a worker.

    Of small operators it never is, and then is not measured.
    """
    apart_s = times[separate.width]
    if timings.threads is None or apart_s * separate.width < LONG_STEP_S:
        return separate
    with timings.threads(workers) as threads:
        together_s = timings.stack_s(assignments, separate.width)
    if together_s * WORTH > apart_s / workers:
        return separate
    ratio = times[1] / together_s
    return dataclasses.replace(
        separate,
        ratio=ratio,
        threads=threads,
        reason=f"{separate.width} trials in one stack with {threads} threads are "
        f"{ratio:.1f} times as fast, measured; a stack a worker, "
        f"{times[1] / apart_s * workers:.1f} times.",
    )


def probe_trial(assignment: Assignment) -> Trial:
    """The trial of an assignment, to be tried and forgotten."""
    tried = dataclasses.replace(assignment, rehearsal=True, resume_step=None)
    return Trial(tried, NullChannel(), now_s=time.monotonic)


def probe_trials(assignments: Assignments, width: int) -> list[Trial]:
    """As many trials as a width asks for, the same ones again where there are too few."""
    return [probe_trial(assignments[place % len(assignments)]) for place in range(width)]


def comparable(assignments: Assignments) -> list[Assignment]:
    """Those in which a stack is compared with the plain loop: diverse, and with plain SGD."""
    return [
        dataclasses.replace(assignment, setting=with_sgd(assignment.setting))
        for assignment in diverse_settings(assignments)
    ]


def diverse_settings(assignments: Assignments) -> list[Assignment]:
    """A few of them, between which every entry of the setting differs that differs at all.

    What all compared trials share could be one trial's value given to all, unseen.
    """
    first, *others = assignments
    chosen = [first]
    missing = {
        name
        for other in others
        for name, value in other.setting.items()
        if value != first.setting.get(name)
    }
    while others and (missing or len(chosen) < TRIALS):
        fresh = [{name for name in missing if _differ(other, first, name)} for other in others]
        best = max(range(len(others)), key=lambda place: len(fresh[place]))
        missing -= fresh[best]
        chosen.append(others.pop(best))
    return chosen


def _differ(one: Assignment, other: Assignment, name: str) -> bool:
    return one.setting.get(name) != other.setting.get(name)


def with_sgd(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A setting with plain SGD, so that an optimizer's scale hides nothing."""
    dropped = ("momentum", "schedule", "warmup_steps", "warmup_fraction")
    others = {name: value for name, value in setting.items() if name not in dropped}
    return {**others, "optimizer": "sgd", "learning_rate": 0.01}


def distance(one: float, other: float) -> float:
    """The distance of two numbers, relative to the second where that is large; none of two nan."""
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return abs(one - other) / max(abs(other), 1.0)


def distance_message(distances: Mapping[str, float]) -> str:
    """That a stack comes to other numbers, and where the most; empty where all are close."""
    worst = max(distances, key=distances.__getitem__)
    if distances[worst] > CLOSE:
        return (
            f"a stack comes to other numbers than a trial alone: after {STEPS} steps "
            f"`{worst}` differs by {distances[worst]:.1e}."
        )
    return ""


def error_message(error: BaseException) -> str:
    """The kind of an exception and the first line that it says, without a point."""
    line = next(iter(text_of(error).strip().splitlines()), "no reason given")
    return f"{type(error).__name__}: {line.rstrip('.')}"


def error_frame(error: BaseException, library: str) -> traceback.FrameSummary | None:
    """The last frame of the user's that an exception met, in no file of the library's or ours."""
    foreign = (str(Path(library).parent), str(Path(__file__).parents[1]))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(foreign) and Path(frame.filename).is_file()
    ]
    return frames[-1] if frames else None


def located(meaning: str, frame: traceback.FrameSummary | None) -> str:
    """What an exception means as a sentence, with the line that met it where one did."""
    if frame is None:
        return f"{meaning}."
    return f"{meaning} ({Path(frame.filename).name}:{frame.lineno}: `{frame.line}`)."


@final
class NullChannel:
    """A channel whose other end nobody listens to."""

    def marked(self, moment: str, step: int) -> None:
        """Nothing."""

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing."""

    def saved(self, step: int, value: float | None, contents: str) -> None:
        """Nothing."""
