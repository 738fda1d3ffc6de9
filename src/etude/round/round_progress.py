"""How far a round is while it trains: counts, best values, what runs, and how long it will take."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

from ..event import Began, Ended, Event, Logged, Lost, Paused, Reopened
from ..record import Record
from ..study import Study
from ..wording import FULL_DIGITS, number, quantity
from .observer import Opening
from .tally import StudyTally, Tally

# Heuristic: a new best value stands out for so long; a person looks up now and then.
NEW_S = 15.0


@final
@dataclass(frozen=True, kw_only=True)
class StudyProgress:
    """One study as it stands.

    Args:
        study: Its name.
        ended: The trials that ended, the infeasible and the stopped among them.
        planned: The trials that it will have, forks included.
        best: The best value of a feasible trial, as people read it; empty without one.
        trial: Whose it is.
        is_new: Whether that was reached a moment ago.
    """

    study: str
    ended: int
    planned: int
    infeasible: int
    stopped: int
    best: str
    trial: int | None
    is_new: bool


@final
@dataclass(frozen=True, kw_only=True)
class RunningTrial:
    """A trial that trains now, and the steps that it took."""

    trial: int
    steps: int


@final
class RoundProgress:
    """What events have said of a round; a look at it costs the same however many trials there are.

    Args:
        opening: The round as it begins.
        clock: Seconds of any origin.
    """

    def __init__(self, opening: Opening, clock: Callable[[], float] = time.monotonic) -> None:
        """Counts the trials of before."""
        self.opening = opening
        self.last = ""
        self._clock = clock
        self._began_s = clock()
        self._tally = Tally()
        self._objective = opening.experiment.objective
        self._new: dict[str, float] = {}
        self._starts: dict[int, tuple[float, int]] = {}
        self._counts: Counter[str] | None = None
        for record in opening.records:
            self._know(record)
        self._ended_before = self.counts["ended"]

    # --- what is taken in

    def take(self, event: Event) -> None:
        """Takes an event in."""
        self._tally.take(event)
        is_new = isinstance(event, Logged) and self._log(event)
        if isinstance(event, Began):
            self._starts[event.trial_id] = self._clock(), event.from_step
            self._tally.steps[event.trial_id] = event.from_step
        elif isinstance(event, Ended | Lost | Paused):
            self._starts.pop(event.trial_id, None)
        self._counts = None
        self.last = (self._news(event.trial_id) if is_new else self._words(event)) or self.last

    def _know(self, record: Record) -> None:
        """Counts a trial as it stood before the round went on."""
        self._tally.know(record.id, record.study, record.status, losses=record.losses)
        if not record.ended:
            return
        self._tally.end(record.wall_s)
        experiment = self.opening.experiment
        best = record.best(experiment.metric, maximize=experiment.maximize)
        if best is not None:
            self._tally.of(record.id).take(record.id, self._objective.loss(best.value))

    def _log(self, event: Logged) -> bool:
        """Takes values in; whether one of them is the best of its study so far."""
        self._tally.steps[event.trial_id] = event.rows[-1][0] + 1
        metric = self.opening.experiment.metric
        losses = [self._objective.loss(value) for _, name, value in event.rows if name == metric]
        finite = [loss for loss in losses if math.isfinite(loss)]
        if not finite:
            return False
        study = self._tally.of(event.trial_id)
        before = study.leader
        study.take(event.trial_id, min(finite))
        if study.leader == before:
            return False
        self._new[self._tally.study_of(event.trial_id)] = self._clock()
        return True

    # --- what is known

    @property
    def counts(self) -> Counter[str]:
        """How many trials of the round there are by status; `ended`, `planned` and `waiting` too.

        Those that run wait too.
        """
        if (known := self._counts) is None:
            known = self._counts = self._counted()
        return known

    def _counted(self) -> Counter[str]:
        studies = self.opening.studies
        known = [self._tally.study(study.name).counts for study in studies]
        counts = Counter[str]()
        for study_counts in known:
            counts.update(study_counts)
        counts["ended"] = sum(map(_ended, known))
        pairs = zip(studies, known, strict=True)
        counts["planned"] = sum(max(study.max_trials, one.total()) for study, one in pairs)
        counts["waiting"] = self._tally.waiting({one.name: one.max_trials for one in studies})
        return counts

    def studies(self, most: int) -> tuple[list[StudyProgress], int]:
        """So many studies, those with trials that run first, and how many are left out."""
        studies = list(self.opening.studies)
        if len(studies) > most:
            studies.sort(key=lambda study: not self._tally.study(study.name).running)
        rows = [self._row(study) for study in studies[:most]]
        return rows, max(0, len(studies) - most)

    def _row(self, study: Study) -> StudyProgress:
        known = self._tally.study(study.name)
        leader = known.leader
        return StudyProgress(
            study=study.name,
            ended=_ended(known.counts),
            planned=max(study.max_trials, known.counts.total()),  # forks come on top
            infeasible=known.counts["infeasible"],
            stopped=known.counts["stopped"],
            best=number(self._objective.value(leader[0]), FULL_DIGITS) if leader else "",
            trial=leader[1] if leader else None,
            is_new=self._clock() - self._new.get(study.name, -math.inf) < NEW_S,
        )

    @property
    def running(self) -> list[RunningTrial]:
        """The trials that train now, by id."""
        # It is drawn from a thread of its own, while trials begin and end.
        trials = [trial for study in self._known() for trial in list(study.running)]
        steps = self._tally.steps
        return [RunningTrial(trial=one, steps=steps.get(one, 0)) for one in sorted(trials)]

    def _known(self) -> Iterator[StudyTally]:
        return (self._tally.study(study.name) for study in self.opening.studies)

    @property
    def ended(self) -> int:
        """How many trials ended whose time is known."""
        return self._tally.ended

    @property
    def elapsed_s(self) -> float:
        """Seconds since the round began, or went on."""
        return self._clock() - self._began_s

    @property
    def trials_per_minute(self) -> float | None:
        """How many ended a minute since then; None before one did."""
        ended = self.counts["ended"] - self._ended_before
        return 60 * ended / self.elapsed_s if ended > 0 and self.elapsed_s > 0 else None

    @property
    def left_s(self) -> float | None:
        """Seconds until the round is over at the pace so far; None before anything tells it.

        A trial takes as long as those that ended did on average; before one has, as long as the
        steps of those that run say.
        """
        trial_s = self._trial_s()
        if trial_s is None:
            return None
        steps = max(self.opening.experiment.max_steps, 1)
        remaining = [max(0.0, 1.0 - one.steps / steps) for one in self.running]
        work = self.counts["waiting"] - len(remaining) + sum(remaining)
        return trial_s * max(work / max(self.opening.slots, 1), *remaining, 0.0)

    def _trial_s(self) -> float | None:
        if self._tally.ended:
            return self._tally.wall_s / self._tally.ended
        now, steps = self._clock(), self.opening.experiment.max_steps
        paces = [
            (now - began_s) / (taken - first)
            for trial, (began_s, first) in list(self._starts.items())
            if (taken := self._tally.steps.get(trial, 0)) > first
        ]
        return steps * sum(paces) / len(paces) if paces else None

    def _words(self, event: Event) -> str:
        """The event as a person says it; empty for one that is not told."""
        trial = f"trial {event.trial_id}"
        if isinstance(event, Ended):
            return f"{trial} {self._end(event)}"
        if isinstance(event, Lost):
            waits = self._tally.of(event.trial_id).is_waiting(event.trial_id)
            return f"the worker of {trial} died; it {'waits again' if waits else 'is given up'}"
        if isinstance(event, Paused):
            return f"{trial} paused after {quantity(event.steps, 'step')}"
        return f"{trial} waits again" if isinstance(event, Reopened) else ""

    def _end(self, event: Ended) -> str:
        reason = f": {event.reason.replace('_', ' ')}" if event.reason else ""
        if event.status == "infeasible":
            return f"is infeasible{reason}"
        best = self._best(event.trial_id)
        leader = self._tally.of(event.trial_id).leader
        leads = leader is not None and leader[1] == event.trial_id
        value = f"{reason and ','} with {best}{', the best so far' * leads}" if best else ""
        return f"{'completed' if event.status == 'completed' else 'was stopped'}{reason}{value}"

    def _news(self, trial: int) -> str:
        steps = self._tally.steps[trial]
        return f"trial {trial} reached {self._best(trial)} at step {steps:,}, a new best"

    def _best(self, trial: int) -> str:
        loss = self._tally.of(trial).best(trial)
        return "" if loss is None else number(self._objective.value(loss), FULL_DIGITS)


def _ended(counts: Counter[str]) -> int:
    return counts["completed"] + counts["stopped"] + counts["infeasible"]
