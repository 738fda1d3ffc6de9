"""Follower: brings a tracker to what the store has, from wherever it is.

It keeps nothing in memory that it could not lose: each trial's place is written down before points
are handed over and after, so that it may be killed anywhere.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, final

from ..errors import InputError
from ..experiment.entry import Entry
from ..experiment.tracked_run import TrackedRun, opened_note
from ..record import Record
from ..store.checkpoints import Files
from ..store.follow import Follow
from ..store.tracker_places import Place, Places
from .base import News, Tracker, TrackerError, reason

T = TypeVar("T")
R = TypeVar("R")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@final
class Follower:
    """Follows one experiment into one tracker.

    Args:
        name: Of the tracker.
        tracker: It itself.
        entry: The experiment.
        follow: The reader of its store.
        files: The folders beside the store.
        places: Where it is kept how far each trial has come.
        run_of: The run of a trial, by study and id.

    Attributes:
        waiting: The trials that the tracker has not as they stand.
    """

    def __init__(  # noqa: PLR0913  # what it joins
        self,
        name: str,
        tracker: Tracker,
        *,
        entry: Entry,
        follow: Follow,
        files: Files,
        places: Places,
        run_of: Callable[[str, int], TrackedRun],
        now_ms: Callable[[], int] = _now_ms,
    ) -> None:
        """Knows no trial yet."""
        self._name, self._tracker = name, tracker
        self._experiment = entry.experiment
        self._follow, self._files = follow, files
        self._store, self._places = places, places.all()
        self._run_of, self._now_ms = run_of, now_ms
        self.waiting: set[int] = set()
        # What this process was told to have arrived.
        self._sure: set[int] = set()

    def catch_up(self) -> None:
        """Brings the tracker to what the store has now.

        Raises:
            TrackerError: where it cannot be told; what was not told waits.
            InputError: for what a person has to change first.
        """
        # What is read is noted first: a tracker that fails is told all of it later.
        for record in self._follow.changed():
            # A search may have written down all of its trials before the first of them begins.
            is_begun = record.status != "pending" or len(record.points.rows_P) > 0
            if is_begun or record.id in self._places:
                self.waiting.add(record.id)
        for trial in sorted(self.waiting):
            self._send(self._follow.again(trial))
            self.waiting.discard(trial)

    def _send(self, record: Record) -> None:
        rows_P = record.points.rows_P
        place = self._places.get(record.id, Place())
        is_void = self._is_void(record, place)
        while True:
            until, time_ms = len(rows_P), self._now_ms()
            if not is_void and place.points < place.until:
                until, time_ms = place.until, place.time_ms  # the same points, the same time
            news = self._news(record, place, until=until, time_ms=time_ms, is_void=is_void)
            state = _state(news)
            if not is_void and place.points == until and place.state == state:
                return
            place = self._hand_over(news, place, state)
            is_void = False
            if place.state:
                return

    def _hand_over(self, news: News, place: Place, state: str) -> Place:
        """The place after points were handed over; it is written down before and after."""
        trial, rows_P = news.record.id, news.record.points.rows_P
        intended = replace(
            place,
            time_ms=news.time_ms,
            until=news.until,
            until_digest=digest(rows_P[: news.until].tobytes()),
            state="",
        )
        if not news.is_void:  # else the old place says that it is void, until it is not
            self._put(trial, intended)
        self._sure.discard(trial)
        sent = answer_of(self._tracker.write, news)
        self._sure.add(trial)
        # A tracker that waits for more points, as for the rest of a step, is told all of it then.
        is_done = news.is_whole and (sent.points == news.until or not news.is_over)
        of_sent = digest(rows_P[: sent.points].tobytes())
        after = Place(
            points=sent.points,
            digest=of_sent,
            mark=sent.mark,
            time_ms=news.time_ms,
            until=sent.points,
            until_digest=of_sent,
            state=state if is_done else "",
        )
        self._put(trial, after)
        return after

    def _put(self, trial: int, place: Place) -> None:
        self._store.put(trial, place)
        self._places[trial] = place

    def _is_void(self, record: Record, place: Place) -> bool:
        """Whether the tracker has, or may have, points that the trial has no more."""
        rows_P = record.points.rows_P
        return any(
            count > len(rows_P) or (count > 0 and known != digest(rows_P[:count].tobytes()))
            for count, known in (
                (place.points, place.digest),
                (place.until, place.until_digest),
            )
        )

    def _news(
        self, record: Record, place: Place, *, until: int, time_ms: int, is_void: bool
    ) -> News:
        folder = self._files.trial(self._experiment.name, record.id)
        return News(
            run=self._run_of(record.study, record.id),
            experiment=self._experiment,
            record=record,
            parent=None if record.parent is None else self._run_of(record.study, record.parent),
            folder=folder,
            is_opened=opened_note(folder, self._name).exists(),
            sent=0 if is_void else place.points,
            until=until,
            mark=place.mark,
            is_void=is_void,
            is_unsure=record.id not in self._sure,
            time_ms=time_ms,
        )


def _state(news: News) -> str:
    """A digest of all that a tracker is told of a trial beside its points."""
    best = news.best
    return digest(repr((sorted(news.facts.items()), best, news.is_opened)).encode())


def digest(content: bytes) -> str:
    """What tells contents apart; empty for nothing."""
    return hashlib.blake2b(content, digest_size=16).hexdigest() if content else ""


def answer_of(tell: Callable[[T], R], news: T) -> R:
    """What a tracker answers; whatever its library raises is an error of the tracker.

    Raises:
        TrackerError: in its words, in one line, without a secret.
    """
    try:
        return tell(news)
    except (InputError, TrackerError):
        raise
    except Exception as error:  # another program's library: whatever it raises costs no training
        raise TrackerError(reason(error)) from error
