"""What the events of a round said so far, counted as they come: a look costs no trial."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from ..event import Began, Ended, Event, Lost, Paused, Reopened, Unrestored
from ..store.base import MAX_LOSSES


@final
@dataclass
class StudyTally:
    """The trials of one study.

    Attributes:
        counts: How many there are by status.
        running: Those that are trained now.
        leader: The best loss of a trial that is not infeasible, and the trial.
    """

    counts: Counter[str] = field(default_factory=Counter)
    running: dict[int, None] = field(default_factory=dict)
    leader: tuple[float, int] | None = None
    _status: dict[int, str] = field(default_factory=dict)
    _best: dict[int, float] = field(default_factory=dict)

    def put(self, trial: int, status: str) -> None:
        """Takes the status of a trial."""
        before = self._status.get(trial)
        if before is not None:
            self.counts[before] -= 1
        self.counts[status] += 1
        self._status[trial] = status
        if status == "running":
            self.running[trial] = None
        else:
            self.running.pop(trial, None)
        if status == "infeasible" and self.leader is not None and self.leader[1] == trial:
            judged = ((best, one) for one, best in self._best.items() if self._counts_for(one))
            self.leader = min(judged, default=None)
        elif before == "infeasible" and trial in self._best:
            self._lead(trial)

    def take(self, trial: int, loss: float) -> None:
        """Takes a loss of a trial; it keeps the least."""
        if not loss < self._best.get(trial, math.inf):
            return
        self._best[trial] = loss
        if self._counts_for(trial):
            self._lead(trial)

    def best(self, trial: int) -> float | None:
        """The least loss of a trial; None before it has one."""
        return self._best.get(trial)

    def is_waiting(self, trial: int) -> bool:
        """Whether a trial waits to be trained."""
        return self._status.get(trial) == "pending"

    def _lead(self, trial: int) -> None:
        own = self._best[trial], trial
        self.leader = own if self.leader is None else min(own, self.leader)

    def _counts_for(self, trial: int) -> bool:
        return self._status.get(trial) != "infeasible"


@final
@dataclass
class Tally:
    """The trials of a round.

    Attributes:
        ended: How many trials ended whose time is known, `wall_s` in all.
        steps: How far those that run are, by trial.
    """

    ended: int = 0
    wall_s: float = 0.0
    steps: dict[int, int] = field(default_factory=dict)
    _study_of: dict[int, str] = field(default_factory=dict)
    _studies: dict[str, StudyTally] = field(default_factory=dict)
    _losses: Counter[int] = field(default_factory=Counter)

    def study(self, name: str) -> StudyTally:
        """What is known of a study."""
        if name not in self._studies:
            self._studies[name] = StudyTally()
        return self._studies[name]

    def of(self, trial: int) -> StudyTally:
        """The study of a trial."""
        return self.study(self._study_of[trial])

    def study_of(self, trial: int) -> str:
        """The name of the study of a trial."""
        return self._study_of[trial]

    def know(self, trial: int, study: str, status: str, *, losses: int = 0) -> None:
        """Takes a trial as it stood before the round went on."""
        self._study_of[trial] = study
        self._losses[trial] = losses
        self.study(study).put(trial, status)

    def end(self, wall_s: float) -> None:
        """Counts a trial that ended."""
        self.ended += 1
        self.wall_s += wall_s

    def take(self, event: Event) -> None:
        """Takes what an event says of the status of its trial."""
        trial = event.trial_id
        if isinstance(event, Began):
            self._study_of.setdefault(trial, event.study)
            self.of(trial).put(trial, "running")
        elif isinstance(event, Paused):
            self.of(trial).put(trial, "paused")
        elif isinstance(event, Lost):
            self._losses[trial] += event.is_blamed
            given_up = self._losses[trial] >= MAX_LOSSES
            self.of(trial).put(trial, "infeasible" if given_up else "pending")
        elif isinstance(event, Reopened | Unrestored):
            if isinstance(event, Reopened):
                self._losses[trial] = 0
            self.of(trial).put(trial, "pending")
        elif isinstance(event, Ended):
            self.of(trial).put(trial, event.status)
            self.end(event.wall_s)

    def waiting(self, planned: Mapping[str, int]) -> int:
        """The trials that are still to end, those that a search has yet to begin included."""
        counts = [(self.study(name).counts, most) for name, most in planned.items()]
        active = sum(
            count[status] for count, _ in counts for status in ("pending", "running", "paused")
        )
        return active + sum(max(0, most - count.total()) for count, most in counts)
