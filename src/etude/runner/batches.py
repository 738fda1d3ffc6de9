"""Batches of events: reports are held for less than half a second, whatever happens meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import final

from ..event import Began, Coded, Event, Logged

# A report is stored within half a second: held for so long, and the rest is for the commit.
HOLD_S = 0.4
# Between two readings of reports that come in a stream.
WAKE_S = 0.001
_TICK_S = 0.1


def is_urgent(events: Sequence[Event]) -> bool:
    """Whether something waits for one of these: an end, a checkpoint, a loss."""
    return any(not isinstance(event, Began | Coded | Logged) for event in events)


def merged(events: Sequence[Event]) -> list[Event]:
    """The same events, with the reports of a trial between two others of its events in one."""
    batch: list[Event] = []
    places: dict[int, int] = {}
    rows: dict[int, list[tuple[int, str, float]]] = {}
    for event in events:
        if not isinstance(event, Logged):
            places.pop(event.trial_id, None)
            batch.append(event)
        elif (place := places.get(event.trial_id)) is None:
            places[event.trial_id] = len(batch)
            rows[len(batch)] = list(event.rows)
            batch.append(event)
        else:
            rows[place] += event.rows
    for place, gathered in rows.items():
        batch[place] = Logged(batch[place].trial_id, tuple(gathered))
    return batch


@final
class Ticker:
    """A thread that calls what is watched several times a second, while user's code is busy."""

    def __init__(self) -> None:
        """Starts no thread before there is something to watch."""
        self._lock = threading.Lock()
        self._call: Callable[[], object] | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, call: Callable[[], object]) -> Iterator[None]:
        """Calls it while the block runs, never after."""
        self._call = call
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="etude ticker")
            self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._call = None

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(_TICK_S):
            # What it raises it has kept for the thread that trains.
            with self._lock, suppress(BaseException):
                if self._call is not None:
                    self._call()


def is_old(since_s: float) -> bool:
    """Whether a report that may be as old as this has to go now."""
    return time.monotonic() - since_s >= HOLD_S - _TICK_S
