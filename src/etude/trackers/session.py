"""Session: follows an experiment until it is over, with pauses that grow while a tracker fails."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

from ..disk.rights import PRIVATE
from ..errors import RunError
from ..experiment.entry import Entry
from ..experiment.tracked_run import TrackedRun
from ..finding import grouped
from ..round.result import Result, load
from ..store import open_store
from ..store.checkpoints import Files
from ..store.follow import Follow
from ..store.lock import file_lock
from ..store.owner import owner_in, this_process
from ..store.tracker_places import Place, Places
from . import AFTER_S, Kind, destination, kind_of, tracker_of
from .base import StudyNews, Tracker, TrackerError
from .follower import Follower, answer_of, digest

# While a run goes on it is looked at so often; looking takes at most this share of one processor.
_LOOK_S, _SHARE = 1.0, 0.05
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
# What was found stands among the places of trials, which are numbered from 0 on.
_FINDINGS = -1


@final
@dataclass(frozen=True, kw_only=True)
class Company:
    """Who follows, and beside what.

    Args:
        say: Prints a line for people.
        wait: Waits for so many seconds, and says whether the run beside it is over; False where it
            is beside none.
    """

    say: Callable[[str], None]
    wait: Callable[[float], bool]


def track(name: str, experiment: str | None, store: Path, company: Company) -> bool:
    """Follows an experiment into a tracker until no run owns it; whether all of it is there.

    Raises:
        InputError: for a tracker, a store or an experiment that cannot be used, for a key that the
            tracker refuses, and while another process follows it.
    """
    kind = kind_of(name)
    with closing(open_store(store, create=False)) as opened:
        entry = load(opened, experiment).entry
        files = opened.files
    options = entry.experiment.track.get(name, {})
    tracker = tracker_of(name, options, files.store)
    path = files.tracking(entry.experiment.name, f"{name}-{destination(name, options)}")
    with (
        closing(Places(path, files.store)) as places,
        _alone(path.with_suffix(".lock"), kind, entry),
        closing(Follow(files.store, entry.experiment.name)) as follow,
        closing(tracker),
    ):
        follower = Follower(
            name,
            tracker,
            entry=entry,
            follow=follow,
            files=files,
            places=places,
            run_of=run_of(entry, files),
        )
        session = _Session(kind, entry, files, tracker, places)
        return session.play(follow, follower, company)


@final
class _Session:
    """The loop of a follower."""

    def __init__(
        self, kind: Kind, entry: Entry, files: Files, tracker: Tracker, places: Places
    ) -> None:
        self._kind, self._entry, self._files = kind, entry, files
        self._tracker, self._places = tracker, places
        self._is_failing = False
        self._pause_s = _FIRST_PAUSE_S

    def play(self, follow: Follow, follower: Follower, company: Company) -> bool:
        """Catches up again and again; whether all is there once no run goes on."""
        is_left, deadline_s = False, 0.0
        while True:
            # Asked before it is read: what is written after that is read the next time.
            is_last = is_left or not follow.is_running()
            begin_s = time.monotonic()
            is_well = self._catch_up(follower, company, is_last=is_last)
            if is_well and is_last:
                return True
            spent_s = time.monotonic() - begin_s
            left_s = deadline_s - time.monotonic() if is_left else math.inf
            if left_s <= 0:
                return False
            pause_s = max(_LOOK_S, spent_s / _SHARE) if is_well else self._longer_pause_s()
            if company.wait(min(pause_s, left_s)) and not is_left:
                is_left, deadline_s = True, time.monotonic() + AFTER_S
                self._pause_s = _FIRST_PAUSE_S

    def _catch_up(self, follower: Follower, company: Company, *, is_last: bool) -> bool:
        """Whether the tracker took all; it is said once where it did not, and once it does."""
        try:
            follower.catch_up()
            if is_last:
                self._summarize()
        except TrackerError as error:
            if not self._is_failing:
                company.say(
                    f"{self._kind.title} cannot be told ({error}). It is tried again, with longer "
                    "pauses; training goes on."
                )
            self._is_failing = True
            return False
        if self._is_failing:
            company.say(f"{self._kind.title} can be told again.")
        self._is_failing, self._pause_s = False, _FIRST_PAUSE_S
        return True

    def _longer_pause_s(self) -> float:
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, _LONGEST_PAUSE_S)
        return pause_s

    def _summarize(self) -> None:
        """Shows what was found of each study, where that is not what was shown last."""
        with closing(open_store(self._files.store, create=False)) as opened:
            result = load(opened, self._entry.experiment.name)
            if not any(record.ended for record in result.records):
                return
            news = [self._study_news(result, study.name) for study in result.studies]
        state = digest(repr([one.table for one in news]).encode())
        known = self._places.all().get(_FINDINGS, Place())
        if known.state == state:
            return
        for one in news:
            answer_of(self._tracker.summarize, one)
        self._places.put(_FINDINGS, Place(state=state))

    def _study_news(self, result: Result, study: str) -> StudyNews:
        studies = {record.id: record.study for record in result.records}
        own = [
            finding
            for finding in result.findings
            if studies.get(finding.subject.get("trial", -1), finding.subject.get("study", study))
            == study
        ]
        return StudyNews(run=run_of(self._entry, self._files)(study, 0), findings=grouped(own))


@contextmanager
def _alone(path: Path, kind: Kind, entry: Entry) -> Iterator[None]:
    """Holds the lock of a follower.

    Raises:
        RunError: while another process follows the experiment into the same tracker.
    """
    try:
        with file_lock(path, this_process(), PRIVATE):
            yield
    except BlockingIOError:
        other = owner_in(path)
        who = f"process {other.process}" if other else "another process"
        raise RunError(
            f"Experiment `{entry.experiment.name}` is followed into {kind.title} by {who} already. "
            f"Let it go on, or stop it first."
        ) from None


def run_of(entry: Entry, files: Files) -> Callable[[str, int], TrackedRun]:
    """The run of a trial, by its study and its id."""

    def run(study: str, trial: int) -> TrackedRun:
        return TrackedRun(
            experiment=entry.experiment.name,
            study=study,
            trial=trial,
            token=entry.token,
            store=files.store,
            track=entry.experiment.track,
        )

    return run
