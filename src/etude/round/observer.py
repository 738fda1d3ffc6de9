"""Observers are told what happens while a round is played: a progress table, a tracker."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from ..event import Event, Rehearsed
from ..experiment import Experiment
from ..finding import Finding
from ..record import Records
from ..study import Study
from ..text.signs import text_of
from .changed_code import ChangedFile


@final
@dataclass(frozen=True, kw_only=True)
class Opening:
    """The news before the first trial: the plan, the trials so far, and what the rest will cost.

    Args:
        slots: Trials that run at once.
        why: What their number follows from, in a clause; empty where no resource is said.
        findings: What the rules say of the design.
        rehearsed: Two steps of a trial, timed; None where trials have ended before, so that their
            times are the better estimate.
        choice: How the trials are trained and why, one sentence; empty where nothing was chosen.
        is_stacked: Whether they are trained in stacks.
        pace: As many trials as would be trained at once one by one; None for one a slot.
        changed_code: The user's files that changed since trials ended.
        accepts_code: Whether that is known and accepted.
        new_name: Where code changed, a name that the store has not yet.
        lost_checkpoints: Trials whose last checkpoint somebody took away.
    """

    experiment: Experiment
    studies: Sequence[Study]
    records: Records
    slots: int
    rehearsed: Rehearsed | None
    why: str = ""
    choice: str = ""
    is_stacked: bool = False
    pace: float | None = None
    findings: Sequence[Finding] = ()
    changed_code: Sequence[ChangedFile] = ()
    accepts_code: bool = False
    new_name: str = ""
    lost_checkpoints: Sequence[int] = ()


class Observer(Protocol):
    """Looks on while a round is played."""

    def begin(self, opening: Opening) -> None:
        """The round is about to start."""

    def see(self, events: Sequence[Event]) -> None:
        """Events, already committed."""

    def end(self) -> None:
        """The round is over, or was interrupted."""


class ShowsInTrackers:
    """What an observer is that starts the trackers of `[track]`, so that nobody else has to."""


@final
class Observers:
    """All observers of a round. One that fails is told nothing more, and the run goes on."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        """Begins with these."""
        self._observers = list(observers)

    def begin(self, opening: Opening) -> None:
        """Tells all that the round is about to start; warns of trackers that nobody starts."""
        track = opening.experiment.track
        if track and not any(isinstance(one, ShowsInTrackers) for one in self._observers):
            commands = ", ".join(f"`etude track {tracker} NAME --store PATH`" for tracker in track)
            warnings.warn(
                f"Nothing shows this run: only `etude run` starts the trackers of [track]. Beside "
                f"it or after it: {commands}, with the path that the run has as `store`.",
                RuntimeWarning,
                stacklevel=2,
            )
        self._tell(lambda observer: observer.begin(opening))

    def see(self, events: Sequence[Event]) -> None:
        """Shows all the events."""
        self._tell(lambda observer: observer.see(events))

    def end(self) -> None:
        """Tells all that the round is over."""
        self._tell(lambda observer: observer.end())

    def _tell(self, call: Callable[[Observer], None]) -> None:
        for observer in list(self._observers):
            try:
                call(observer)
            except Exception as error:  # noqa: BLE001  # hours of training are worth more than a table
                self._observers.remove(observer)
                name, kind = type(observer).__name__, type(error).__name__
                warnings.warn(
                    f"The observer `{name}` failed ({kind}: {text_of(error)}) and is told "
                    "nothing more; the run goes on.",
                    RuntimeWarning,
                    stacklevel=2,
                )
