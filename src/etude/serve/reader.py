"""Reader: the one thread that reads the store, however many look on."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, final

from ..errors import EtudeError
from ..round.result import load
from ..store import open_store
from ..store.follow import Follow
from ..text.signs import readable
from .hub import Hub
from .pages import Page, Pages
from .panel_state import PanelState

# Whether anything changed is asked so often: it is a number in memory that all readers share.
LOOK_S: Final = 0.1
# Reading takes at most this share of one processor.
_SHARE: Final = 0.1
# Whether a run goes on is asked so often, and a store that is lost is looked for.
_CHECK_S: Final = 1.0
# No eye reads faster than so often, nor does a browser draw as cheaply.
_GAP_S: Final = 0.2
# Without news the panel gets so often what time it is.
_POST_S: Final = 5.0
# An experiment that nobody looks at and nobody asked for since so long is let go.
_UNASKED_S: Final = 60.0
_STOPPED: Final = b'{"text":"The reader stopped, which is a bug: start `etude serve` again."}'


@final
class _Room:
    """One experiment that somebody looks at; all but `pages` belongs to the reader's thread."""

    def __init__(self, name: str, pages: Pages) -> None:
        self.name, self.pages = name, pages
        self.follow: Follow | None = None
        self.panel: PanelState | None = None
        self.is_running = False
        self.owner: dict[str, Any] | None = None
        self.trouble = ""
        self.asked_s = time.monotonic()
        self.run_checked_s = self.posted_s = self.open_tried_s = float("-inf")
        self.posted_page_s = 0.0
        self.is_new = True

    def open(self, store: Path) -> None:
        """Reads all trials, and what they are of."""
        with closing(open_store(store, create=False)) as opened:
            result = load(opened, self.name)
            panel = PanelState(result.experiment, result.studies)
        follow = Follow(store, self.name)
        try:
            panel.begin(follow.whole())
        except BaseException:
            follow.close()
            raise
        self.follow, self.panel = follow, panel
        self.trouble, self.is_new = "", True

    def close(self) -> None:
        """Lets go of the store."""
        if self.follow is not None:
            self.follow.close()
        self.follow = None


@final
class Reader:
    """Reads the experiments that somebody looks at, and posts what changed.

    Args:
        store: The store's path.
        hub: Where it is posted.
    """

    def __init__(self, store: Path, hub: Hub) -> None:
        """Reads nothing yet."""
        self._store, self._hub = store, hub
        self._page_lock = threading.Lock()
        self._lock = threading.Lock()
        self._rooms: dict[str, _Room] = {}
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="etude live")

    def start(self) -> None:
        """Begins to read."""
        self._thread.start()

    def watch(self, name: str) -> Pages:
        """Reads an experiment from now on; its pages."""
        with self._lock:
            if name not in self._rooms:
                pages = Pages(self._store, name, self._page_lock, self._wake.set)
                self._rooms[name] = _Room(name, pages)
            room = self._rooms[name]
            room.asked_s = time.monotonic()
        self._wake.set()
        return room.pages

    def watches(self, name: str) -> bool:
        """Whether an experiment is read already."""
        return name in self._rooms

    def library(self, digest: str) -> bytes | None:
        """The script of charts with this digest; None where no page has it."""
        for room in list(self._rooms.values()):
            if digest in room.pages.libraries:
                return room.pages.libraries[digest]
        return None

    def close(self) -> None:
        """Ends the thread, and what it makes."""
        self._is_closed = True
        self._wake.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        for room in self._rooms.values():
            room.pages.close()

    def wait_for_last_page(self, limit_s: float) -> None:
        """Lets those that look on see the end: waits for its page, at most so many seconds."""
        end_s = time.monotonic() + limit_s
        for room in list(self._rooms.values()):
            room.pages.next_s = 0.0  # there is no later one
            while self._hub.readers(room.name) and self._is_behind(room):
                self._wake.set()
                if not self._thread.is_alive() or time.monotonic() > end_s:
                    return
                time.sleep(LOOK_S)

    def _is_behind(self, room: _Room) -> bool:
        page, ended = room.pages.page, room.panel.ended if room.panel else 0
        return room.is_running or page is None or page.ended != ended

    def _run(self) -> None:
        try:
            self._look_until_closed()
        finally:
            for room in self._rooms.values():
                room.close()
            if not self._is_closed:  # else pages would stand still while the beats go on
                self._hub.close(_STOPPED)

    def _look_until_closed(self) -> None:
        while not self._is_closed:
            with self._lock:
                rooms = list(self._rooms.values())
            begin_s = time.thread_time()
            is_opening = any(room.follow is None for room in rooms)
            for room in rooms:
                self._look(room)
            self._let_go()
            spent_s = time.thread_time() - begin_s
            self._wake.wait(LOOK_S if is_opening else max(LOOK_S, spent_s / _SHARE))
            self._wake.clear()

    def _let_go(self) -> None:
        """Closes what nobody looks at any more."""
        with self._lock:
            unasked = [room for room in self._rooms.values() if self._is_unasked(room)]
            for room in unasked:
                del self._rooms[room.name]
        for room in unasked:
            room.close()
            room.pages.close()

    def _is_unasked(self, room: _Room) -> bool:
        is_used = self._hub.readers(room.name) or room.pages.is_busy
        return not is_used and time.monotonic() - room.asked_s > _UNASKED_S

    def _look(self, room: _Room) -> None:
        now_s = time.monotonic()
        try:
            if room.follow is None:
                if now_s - room.open_tried_s < _CHECK_S:
                    return
                room.open_tried_s = now_s
                room.open(self._store)
            is_changed = self._read(room, now_s)
        except (EtudeError, OSError) as error:
            room.close()
            is_changed = room.trouble != str(error)
            room.trouble = str(error)
        if room.panel is not None and self._hub.readers(room.name):
            is_changed |= room.pages.consider(room.panel.ended)
        self._post(room, now_s, is_changed=is_changed)

    def _read(self, room: _Room, now_s: float) -> bool:
        """Takes what the store has; whether anything is new."""
        assert room.follow is not None and room.panel is not None, "It is open. This is a bug."
        is_changed, room.is_new = room.is_new, False
        clock_s = time.time()
        for record in room.follow.changed():
            room.panel.take(record, clock_s)
            is_changed = True
        if now_s - room.run_checked_s >= _CHECK_S:
            room.run_checked_s = now_s
            is_running, owner = room.follow.is_running(), room.follow.owner()
            is_changed |= is_running != room.is_running
            room.is_running = is_running
            room.owner = asdict(owner) if owner is not None else None
        return is_changed

    def _post(self, room: _Room, now_s: float, *, is_changed: bool) -> None:
        """Posts what the panel shows, where it is new or was long ago."""
        page = room.pages.page
        is_paged = page is not None and page.made_s != room.posted_page_s
        if not (is_changed or is_paged or now_s - room.posted_s >= _POST_S):
            return
        if now_s - room.posted_s < _GAP_S:
            room.is_new = True  # with the next look
            return
        room.posted_s = now_s
        if is_paged and page is not None:
            room.posted_page_s = page.made_s
            self._hub.post(room.name, "findings", as_json(list(page.findings)))
        self._hub.post(room.name, "state", as_json(self._state(room, page)))

    def _state(self, room: _Room, page: Page | None) -> dict[str, Any]:
        panel, clock_s = room.panel, time.time()
        shown = {} if panel is None else panel.message(clock_s, is_running=room.is_running)
        return {
            "at": clock_s,
            **shown,
            "owner": room.owner,
            "trouble": readable(room.trouble),
            "page": {
                "ended": 0 if page is None else page.ended,
                "made": 0.0 if page is None else page.made_s,
                "busy": room.pages.is_busy,
                "next": clock_s + max(0.0, room.pages.next_s - time.monotonic()),
                "trouble": readable(room.pages.trouble),
            },
        }


def as_json(content: object) -> bytes:
    """JSON on one line, in ASCII: what stands in a name cannot end an event or hide in it."""
    return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
