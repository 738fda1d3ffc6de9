"""Hub: what was said last about each experiment, and the browsers that wait for more.

A browser that is slow, or was away, gets what holds now, never what it missed: nothing is queued.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final, final

# A laptop that slept notices by this that nobody is there any more.
BEAT_S: Final = 10.0
_BEAT: Final = b"event: beat\ndata: {}\n\n"
# Asked of a browser: so many milliseconds to the next try.
_RETRY: Final = b"retry: 1000\n\n"


@final
class Topic:
    """The newest text of each kind of news about one experiment."""

    def __init__(self) -> None:
        """Has no news."""
        self._newest: dict[str, tuple[int, bytes]] = {}
        self._waiting: set[asyncio.Event] = set()
        self._number = 0
        self.readers = 0

    def post(self, kind: str, content: bytes) -> None:
        """Puts news in the place of older ones of this kind; in the thread of the loop."""
        self._number += 1
        head = f"id: {self._number}\nevent: {kind}\ndata: ".encode()
        self._newest[kind] = (self._number, head + content + b"\n\n")
        for waiter in self._waiting:
            waiter.set()

    async def listen(self) -> AsyncIterator[bytes]:
        """All that holds, then whatever changes, until the hub is closed."""
        waiter, seen = asyncio.Event(), 0
        self._waiting.add(waiter)
        self.readers += 1
        try:
            yield _RETRY
            while not self._is_over(seen):
                waiter.clear()
                news = sorted(newest for newest in self._newest.values() if newest[0] > seen)
                for number, content in news:
                    seen = number
                    yield content
                if not news and not await _is_woken(waiter):
                    yield _BEAT
        finally:
            self._waiting.discard(waiter)
            self.readers -= 1

    def _is_over(self, seen: int) -> bool:
        """Whether the end was sent to a browser that has seen so much."""
        return "end" in self._newest and self._newest["end"][0] <= seen


async def _is_woken(waiter: asyncio.Event) -> bool:
    """Waits for news, and not for long; whether there are any."""
    with suppress(TimeoutError):
        await asyncio.wait_for(waiter.wait(), BEAT_S)
    return waiter.is_set()


@final
class Hub:
    """The topics of a server, by experiment. Others than its loop's thread call `post` only."""

    def __init__(self) -> None:
        """Belongs to no loop yet."""
        self._topics: dict[str, Topic] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: bytes | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to serve in this loop."""
        self._loop = loop

    def topic(self, name: str) -> Topic:
        """The news of an experiment; in the thread of the loop."""
        if name not in self._topics:
            self._topics[name] = Topic()
            if self._end is not None:
                self._topics[name].post("end", self._end)
        return self._topics[name]

    def readers(self, name: str) -> int:
        """How many look on."""
        topic = self._topics.get(name)
        return 0 if topic is None else topic.readers

    @property
    def all_readers(self) -> int:
        """How many look on at anything."""
        return sum(topic.readers for topic in list(self._topics.values()))

    def post(self, name: str, kind: str, content: bytes) -> None:
        """Sends news, from any thread; none once the loop is over."""
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver, name, kind, content)

    def _deliver(self, name: str, kind: str, content: bytes) -> None:
        self.topic(name).post(kind, content)

    def close(self, content: bytes = b"{}") -> None:
        """Ends all streams, and those that are opened later, with this; in any thread."""
        self._end = content
        for name in list(self._topics):
            self.post(name, "end", content)
