"""Which way of training is chosen: the gate's verdict, asked for where it can pay."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import RunError
from ..event import Rehearsed
from ..trial import Assignment
from .base import Runner
from .processes import Processes

# Those that train in worker processes; a test holds the command line to them.
IN_WORKERS = ("auto", "processes", "vectorized")
# No source, ours: the gate takes some seconds, which a shorter round could not win back.
PAYS_FROM_S = 15.0
_FUNCTION = "`train` names a function, and only a workload's loop is Etude's to put in stacks."
# As many settings as the gate looks at; more would tell it no more.
LOOKED_AT = 32


def choose(
    name: str,
    runner: Runner,
    waiting: Sequence[Assignment],
    *,
    steps: int,
    rehearsed: Rehearsed | None,
) -> str:
    """Widens the workers to stacks where that was asked for or measures faster; says what and why.

    Empty where there was nothing to choose. `waiting` are some of the trials that are left, `steps`
    those of all that are.

    Raises:
        RunError: where stacks were asked for and cannot be.
    """
    if name not in ("auto", "vectorized") or not isinstance(runner, Processes) or not waiting:
        return ""
    if name == "auto" and not _is_long(runner, steps, rehearsed):
        return ""
    verdict = runner.judge(waiting)
    if verdict.width > 1:
        runner.widen(verdict.width)
        return f"Runner: vectorized; {verdict.reason}"
    if name == "vectorized":
        raise RunError(
            f"The runner `vectorized` cannot train these trials: {verdict.reason or _FUNCTION} "
            "Mend that, or use --runner processes."
        )
    return f"Runner: processes; {verdict.reason}" if verdict.reason else ""


def _is_long(runner: Runner, steps: int, rehearsed: Rehearsed | None) -> bool:
    """Whether what is left takes so long, one by one, that the gate can pay; unknown counts."""
    if rehearsed is None:
        return True
    return not rehearsed.problem and steps * rehearsed.step_s / runner.slots >= PAYS_FROM_S
