"""Selection: plain workers or stacks, by the gate's verdict where it can pay to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from ..assignment import Assignment
from ..errors import RunError
from ..event import Rehearsed
from .base import Runner
from .processes import Processes

# Measured: the gate takes a second more than loading, and of each width some steps. A round
# that takes less than twenty times as long is not asked: where stacks are declined, it would lose
# more than a twentieth.
GATE_S, GATE_STEPS, WORTH_ASKING = 1.0, 150, 20
_FUNCTION = "`train` names a function, and only a workload's loop is Etude's to put in stacks."
# As many settings as the gate looks at; more would tell it no more.
LOOKED_AT = 32


@final
@dataclass(frozen=True)
class RunnerName:
    """A runner that is asked for by name.

    Args:
        name: As `runner=` and `--runner` write it; a test holds the help of the commands to it.
        in_workers: It trains in worker processes, so that several trials train at once.
        may_stack: Its workers train stacks of trials where the gate allows them.
    """

    name: str
    in_workers: bool = field(default=False, kw_only=True)
    may_stack: bool = field(default=False, kw_only=True)


_NAMES = (
    RunnerName("inline"),
    RunnerName("auto", in_workers=True, may_stack=True),
    RunnerName("processes", in_workers=True),
    RunnerName("vectorized", in_workers=True, may_stack=True),
)
RUNNERS: Mapping[str, RunnerName] = {runner.name: runner for runner in _NAMES}


@final
@dataclass(frozen=True)
class Selection:
    """How trials are trained and why, in one sentence; empty where there was nothing to choose.

    Args:
        pace: As many trials as would be trained at once one by one; None for one a slot.
    """

    line: str = ""
    pace: float | None = None


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
    may_stack = name in RUNNERS and RUNNERS[name].may_stack
    if not may_stack or not isinstance(runner, Processes) or not waiting:
        return Selection()
    if name == "auto" and rehearsed is not None and rehearsed.is_function:
        return Selection()  # there was nothing to choose
    if name == "auto" and (why := _reason_not_to_ask(runner, steps, rehearsed)):
        return Selection(f"Runner: processes; {why}")
    verdict = runner.judge(waiting)
    # Who asks for stacks gets them, slow or not; only what would be wrong is refused.
    width = max(verdict.width, verdict.fastest) if name == "vectorized" else verdict.width
    reason, most = verdict.reason, runner.widest(verdict.threads)
    if most is not None and width > most:
        width, reason = most, f"`memory` of [resources] is enough for {most} in a worker."
    if width > 1:
        runner.widen(width, threads=verdict.threads)
        pace = runner.workers * verdict.ratio
        return Selection(f"Runner: vectorized; {reason}", pace)
    if name == "vectorized":
        raise RunError(
            f"The runner `vectorized` cannot train these trials: {reason or _FUNCTION} "
            "Mend that, or use --runner processes."
        )
    return Selection(f"Runner: processes; {reason or _FUNCTION}")


def _reason_not_to_ask(runner: Runner, steps: int, rehearsed: Rehearsed | None) -> str:
    """Why the gate is not asked; empty where it can pay, or where nothing is known."""
    if rehearsed is None:
        return ""
    if rehearsed.problem:
        return "the trial that was tried failed, so stacks were not tried."
    remaining_s = steps * rehearsed.step_s / runner.slots
    pays_from_s = WORTH_ASKING * (GATE_S + GATE_STEPS * rehearsed.step_s)
    if remaining_s >= pays_from_s:
        return ""
    return (
        f"its steps take {remaining_s:.1f} s one trial at a time in each worker, less than the "
        f"{pays_from_s:.0f} s from which it pays to try stacks."
    )
