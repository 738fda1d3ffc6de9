"""The gate: whether trials of a workload are trained in stacks, decided by measurement.

In order: trials that may share a stack are found; a stack is compared with the plain loop, number
by number; operators that loop over the trials are named; and widths are timed against the plain
loop. What does not pass is declined with a sentence that names the culprit.
"""

from __future__ import annotations

import dataclasses
import math
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, final

import torch

from ..trial import Assignment, Trial
from .loop import Learner, Loop
from .member import Member
from .vectorized import Stack

# No source, ours: below this a stack is not worth what it asks of a workload.
WORTH = 1.1
# No source, ours: 200 steps may drift apart by 1e-9; these few have no time to.
CLOSE = 1e-9
WIDTHS = (4, 8, 16, 32)
# No source, ours: enough updates for a counter in the model, or a moment, to make a difference.
_COMPARED_STEPS, _COMPARED_TRIALS = 3, 3
# No source, ours: the best of some rounds; a busy machine slows most of them.
_TIMED_S, _ROUNDS = 0.2, 3


# What torch says, and what it means for who wrote the workload.
_MEANINGS = {
    "random operation": (
        "it draws random numbers beside `nn.Dropout`; every trial of a stack would draw the same."
    ),
    "calling .item()": (
        "it reads a number out of a tensor (`.item()`, `float`) or decides by one (`if`)."
    ),
}


@final
@dataclasses.dataclass(frozen=True)
class Judgement:
    """What the gate says.

    Args:
        width: How many trials a stack holds; 1 where stacks are declined.
        reason: One sentence for people: what was chosen and why.
        ratio: How many times as fast as the plain loop, a trial; None where it was not measured.
    """

    width: int
    reason: str
    ratio: float | None = None


def judged(loop: Loop, assignments: Sequence[Assignment]) -> Judgement:
    """Whether these trials, and others like them, are to be trained in stacks, and how wide.

    Whatever the workload raises on the way is a reason to decline.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _judged(loop, assignments)
    except Exception as error:  # noqa: BLE001  # a user's code may raise anything
        return Judgement(1, f"a stack cannot run it: {_told(error)}")


def _told(error: Exception) -> str:
    """What an exception means for a workload, where we know it; else its own first line."""
    said = str(error).strip()
    for sign, meaning in _MEANINGS.items():
        if sign in said:
            return meaning
    return f"{type(error).__name__}: {next(iter(said.splitlines()), 'no reason given')}"


def _judged(loop: Loop, assignments: Sequence[Assignment]) -> Judgement:
    groups = _groups(loop, assignments)
    largest = max(groups.values(), key=len)
    if len(largest) < 2:
        return Judgement(1, f"no two trials may share a stack: {_difference(groups)}")
    chosen = [one for one in assignments if one.id in largest]
    if culprit := _unequal(loop, chosen[:_COMPARED_TRIALS]):
        return Judgement(1, culprit)
    looping = _looping(loop, chosen)
    times = _times(loop, chosen)
    plain_s = times.pop(1)
    width = min(times, key=times.__getitem__)
    ratio = plain_s / times[width]
    slow = f" `{looping[0]}` loops over the trials." if looping else ""
    if ratio < WORTH:
        return Judgement(1, f"stacks are only {ratio:.2f} times as fast, measured.{slow}", ratio)
    return Judgement(
        width, f"{width} trials a stack are {ratio:.1f} times as fast, measured.{slow}", ratio
    )


def _groups(loop: Loop, assignments: Sequence[Assignment]) -> dict[Any, list[int]]:
    groups: dict[Any, list[int]] = {}
    for one in assignments:
        member = Member(loop, _tried(one))
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


def _unequal(loop: Loop, assignments: Sequence[Assignment]) -> str:
    """What differs between a stack and the plain loop in double precision; empty for nothing.

    Plain SGD, so that an optimizer's scale hides nothing; each trial has its own examples.
    """
    exact = Loop(loop.workload, device=loop.device, double=True)
    bare = [dataclasses.replace(one, setting=_with_sgd(one.setting)) for one in assignments]
    stack = Stack(exact, [Member(exact, _tried(one)) for one in bare])
    rows = stack.rows_after(_COMPARED_STEPS)
    for place, one in enumerate(bare):
        learner = Learner(exact, _tried(one))
        losses = [learner.update(step)["train/loss"] for step in range(_COMPARED_STEPS)]
        found = rows.losses_SxK[:, place].tolist()
        far = max(_apart(a, b) for a, b in zip(found, losses, strict=True))
        state, expected = stack.members[place].state(rows.rows.row(place)), learner.state()
        apart = {
            name: _apart_tensors(part, expected.model[name]) for name, part in state.model.items()
        }
        worst = max(apart, key=apart.__getitem__)
        if max(far, apart[worst]) > CLOSE:
            return (
                f"a stack comes to other numbers than a trial alone: after {_COMPARED_STEPS} steps "
                f"`{worst}` differs by {apart[worst]:.1e}, the loss by {far:.1e}."
            )
    return ""


def _with_sgd(setting: Mapping[str, Any]) -> dict[str, Any]:
    dropped = ("momentum", "schedule", "warmup_steps", "warmup_fraction")
    kept = {name: value for name, value in setting.items() if name not in dropped}
    return {**kept, "optimizer": "sgd", "learning_rate": 0.01}


def _apart(one: float, other: float) -> float:
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return abs(one - other) / max(abs(other), 1.0)


def _apart_tensors(one: torch.Tensor, other: torch.Tensor) -> float:
    if not one.numel():
        return 0.0
    difference = (one.double() - other.double()).abs().max().item()
    return difference / max(other.double().abs().max().item(), 1.0)


def _looping(loop: Loop, assignments: Sequence[Assignment]) -> list[str]:
    """Operators that run more often in a wider stack, most often first."""
    counts = []
    for width in (2, 4):
        stack = Stack(loop, _members(loop, assignments, width))
        nodes = stack.recording().graph.nodes
        counts.append(Counter(str(node.target) for node in nodes if node.op == "call_function"))
    grown = counts[1] - counts[0]
    skipped = ("getitem", "unbind", "select", "stack", "cat", "view", "slice", "unsqueeze")
    names = [name for name, _ in grown.most_common() if not any(each in name for each in skipped)]
    return names


def _times(loop: Loop, assignments: Sequence[Assignment]) -> dict[int, float]:
    """Seconds a step of one trial takes, by width; 1 is the plain loop."""
    learner = Learner(loop, _tried(assignments[0]))
    steps = iter(range(10**9))
    times = {1: _best(lambda count: [learner.update(next(steps)) for _ in range(count)])}
    for width in WIDTHS:
        if width > max(len(assignments), WIDTHS[0]) * 2:
            break
        stack = Stack(loop, _members(loop, assignments, width))
        times[width] = _best(stack.rows_after) / width
    return times


def _best(run: Any) -> float:
    """Seconds for one of `run(count)`, the best of some rounds, warmed up."""
    run(1)
    begin = time.perf_counter()
    run(1)
    count = max(1, int(_TIMED_S / _ROUNDS / max(time.perf_counter() - begin, 1e-6)))
    found = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        run(count)
        found.append((time.perf_counter() - begin) / count)
    return min(found)


def _members(loop: Loop, assignments: Sequence[Assignment], width: int) -> list[Member]:
    """As many trials as a width asks for, the same ones again where there are too few."""
    again = [assignments[place % len(assignments)] for place in range(width)]
    return [Member(loop, _tried(one)) for one in again]


def _tried(one: Assignment) -> Trial:
    return Trial(dataclasses.replace(one, rehearsal=True, resume_step=None), _Deaf())


@final
class _Deaf:
    """A channel whose other end nobody listens to."""

    def marked(self, moment: str, step: int) -> None:
        """Nothing."""

    def logged(self, step: int, values: Mapping[str, float]) -> None:
        """Nothing."""

    def saved(self, step: int, value: float | None) -> None:
        """Nothing."""
