"""Until when the trials of a worker may train; what is past it does not come back."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import final

from ..assignment import Assignment
from .running_clock import RUNNING


@final
class TimeLimits:
    """The moments at which trials of one worker are late, as this process counts them.

    While this process or the worker is stopped, none comes nearer.
    """

    def __init__(self) -> None:
        """Knows no trial."""
        self._late_at: dict[int, float] = {}
        self._looked_s = 0.0

    def begin(self, assignments: Iterable[Assignment], grace_s: float) -> None:
        """From now on each of these that has a limit takes its time; others go on as they do."""
        for assignment in assignments:
            if assignment.max_wall_s is not None and assignment.id not in self._late_at:
                now_s = RUNNING.now_s()
                self._looked_s = self._looked_s if self._late_at else now_s
                self._late_at[assignment.id] = now_s + assignment.max_wall_s + grace_s

    def end(self, trial_id: int) -> None:
        """Forgets one."""
        self._late_at.pop(trial_id, None)

    def clear(self) -> None:
        """Forgets all."""
        self._late_at.clear()

    def late(self, process: int) -> list[int]:
        """The trials that are past their limit and its grace, of a worker in this process."""
        if not self._late_at:
            return []
        now_s = RUNNING.now_s()
        gap_s, self._looked_s = now_s - self._looked_s, now_s
        if _is_stopped(process):
            self._late_at = {trial_id: at + gap_s for trial_id, at in self._late_at.items()}
        return [trial_id for trial_id, at in self._late_at.items() if now_s > at]


def _is_stopped(process: int) -> bool:
    """Whether a child is stopped, as Ctrl-Z and SIGSTOP do."""
    if not hasattr(os, "waitid"):  # macOS, before Python 3.13
        return False
    try:
        return bool(os.waitid(os.P_PID, process, os.WSTOPPED | os.WNOHANG | os.WNOWAIT))
    except OSError:  # it is dead, and found so elsewhere
        return False
