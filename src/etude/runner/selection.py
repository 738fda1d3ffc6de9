"""Selection: plain workers or stacks, by the gate's verdict where it can pay to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, final, runtime_checkable

from ..assignment import Assignment
from ..errors import RunError
from ..event import Rehearsed
from .base import Runner
from .messages import Verdict

# Measured: the gate takes a second more than loading, and of each width some steps. A round
# that takes less than twenty times as long is not asked: where stacks are declined, it would lose
# more than a twentieth.
GATE_S, GATE_STEPS, WORTH_ASKING = 1.0, 150, 20
_FUNCTION = "`train` names a function, and only a workload's loop is Etude's to put in stacks."
# As many settings as the gate looks at; more would tell it no more.
LOOKED_AT = 32


@runtime_checkable
class Stacking(Protocol):
    """What a runner has whose workers train stacks of trials."""

    @property
    def workers(self) -> int:
        """How many workers there are."""

    def judge(self, assignments: Sequence[Assignment]) -> Verdict:
        """Whether a worker would train these trials in stacks; nothing is trained, nor changed."""

    def widen(self, width: int, *, threads: int | None = None) -> None:
        """Trains so many trials at once in each worker from now on."""


@final
@dataclass(frozen=True)
class RunnerName:
    """A runner that is asked for by name.

    Args:
        name: As `runner=` and `--runner` write it; a test holds the help of the commands to it.
        in_workers: It trains in worker processes, so that several trials train at once.
        may_stack: Its workers train stacks of trials where the gate allows them.
        plain: What trains one trial at a time, as it is said.
    """

    name: str
    in_workers: bool = field(default=False, kw_only=True)
    may_stack: bool = field(default=False, kw_only=True)
    plain: str = field(default="processes", kw_only=True)


_NAMES = (
    RunnerName("inline"),
    RunnerName("auto", in_workers=True, may_stack=True),
    RunnerName("processes", in_workers=True),
    RunnerName("vectorized", in_workers=True, may_stack=True),
    RunnerName("ray", in_workers=True, may_stack=True, plain="ray"),
)
RUNNERS: Mapping[str, RunnerName] = {runner.name: runner for runner in _NAMES}


def is_address(name: str) -> bool:
    """Whether a runner's name is the address of a Ray cluster: `host:port`, `ray://host:port`.

    >>> is_address("head.example:6379"), is_address("processes")
    (True, False)
    """
    return name.rpartition(":")[2].isdecimal()


def kind_of(name: str) -> str:
    """The name of the runner that is asked for: an address is one of Ray's."""
    return "ray" if is_address(name) else name


@final
@dataclass(frozen=True)
class Selection:
    """How trials are trained and why, in one sentence; empty where there was nothing to choose.

    Args:
        pace: As many trials as would be trained at once one by one; None for one a slot.
        is_stacked: Whether they are trained in stacks.
    """

    line: str = ""
    pace: float | None = None
    is_stacked: bool = False


def select_runner(
    name: str,
    runner: Runner,
    waiting: Sequence[Assignment],
    *,
    steps: int,
    rehearsed: Rehearsed | None,
) -> Selection:
    """Widens the workers to stacks where that was asked for or measures faster; says what and why.

    `waiting` are some of the trials that are left, `steps` those of all of them.

    Raises:
        RunError: where stacks were asked for and cannot be.
    """
    kind = RUNNERS.get(kind_of(name))
    if kind is None or not kind.may_stack or not isinstance(runner, Stacking) or not waiting:
        return Selection()
    is_asked_for = kind.name == "vectorized"
    if not is_asked_for and rehearsed is not None and rehearsed.is_function:
        return Selection()  # there was nothing to choose
    if not is_asked_for and (why := _reason_not_to_ask(runner, steps, rehearsed)):
        return Selection(f"Runner: {kind.plain}; {why}")
    verdict = runner.judge(waiting)
    # Who asks for stacks gets them, slow or not; only what would be wrong is refused.
    width = max(verdict.width, verdict.fastest) if is_asked_for else verdict.width
    if width > 1:
        runner.widen(width, threads=verdict.threads)
        pace = runner.workers * verdict.ratio
        stacks = "vectorized" if kind.plain == "processes" else f"{kind.plain}, vectorized"
        return Selection(f"Runner: {stacks}; {verdict.reason}", pace, is_stacked=True)
    if is_asked_for:
        raise RunError(
            f"The runner `vectorized` cannot train these trials: {verdict.reason or _FUNCTION} "
            "Mend that, or use --runner processes."
        )
    return Selection(f"Runner: {kind.plain}; {verdict.reason or _FUNCTION}")


def _reason_not_to_ask(runner: Stacking, steps: int, rehearsed: Rehearsed | None) -> str:
    """Why the gate is not asked; empty where it can pay, or where nothing is known."""
    if rehearsed is None:
        return ""
    if rehearsed.problem:
        return "the trial that was tried failed, so stacks were not tried."
    remaining_s = steps * rehearsed.step_s / runner.workers
    pays_from_s = WORTH_ASKING * (GATE_S + GATE_STEPS * rehearsed.step_s)
    if remaining_s >= pays_from_s:
        return ""
    return (
        f"its steps take {remaining_s:.1f} s one trial at a time in each worker, less than the "
        f"{pays_from_s:.0f} s from which it pays to try stacks."
    )
