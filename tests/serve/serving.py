"""A live page at hand: its store, its server, and a browser made of the standard library."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.store.sample import begun

from etude.event import Event
from etude.experiment import Experiment
from etude.serve.pages import Page, Pages
from etude.serve.server import LiveServer, Place
from etude.store.sqlite import SQLite

# What hangs fails by this; nothing waits for it to pass.
LIMIT_S = 30.0


@dataclass
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    text: str


class Served:
    """The experiment `rates` in a store that is served; no page is made, which takes seconds."""

    def __init__(
        self, folder: Path, *, control: bool = False, experiment: Experiment | None = None
    ) -> None:
        self.folder, self.control = folder, control
        self.path = folder / "etude.db"
        self.store = SQLite(self.path)
        begun(self.store, experiment)
        self.cookie = ""
        self.port: int | None = 0

    def start(self) -> None:
        """Serves, on the port of before where there was one."""
        place = Place(store=self.path, name="rates", port=self.port, control=self.control)
        self.server = LiveServer(place)
        self.port = int(self.server.address.split(":")[2].split("/")[0])
        self.token = self.server.address.partition("?open=")[2]
        self.thread = threading.Thread(target=self.server.serve, daemon=True)
        self.thread.start()
        self.cookie = self.cookie or self._exchanged()

    def stop(self) -> None:
        """Ends the server, not the store."""
        self.server.stop()
        self.thread.join(LIMIT_S)
        assert not self.thread.is_alive()

    def close(self) -> None:
        self.stop()
        self.store.close()

    def happens(self, *events: Event) -> None:
        self.store.append("rates", events)

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """An answer to who has the cookie, unless the headers say otherwise; empty ones go."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        sent = {"Cookie": self.cookie, **{key.replace("_", "-"): headers[key] for key in headers}}
        try:
            connection.request(
                method, path, headers={key: value for key, value in sent.items() if value}
            )
            answer = connection.getresponse()
            known = {key.lower(): value for key, value in answer.getheaders()}
            return Answer(answer.status, known, answer.read().decode())
        finally:
            connection.close()

    def stream(self) -> Stream:
        return Stream(self)

    def _exchanged(self) -> str:
        answer = self.get(f"/?open={self.token}")
        return answer.headers["set-cookie"].partition(";")[0]


class Stream:
    """The events of the experiment, as a browser reads them."""

    def __init__(self, served: Served) -> None:
        self._connection = HTTPConnection("127.0.0.1", served.port, timeout=LIMIT_S)
        self._connection.request("GET", "/events/rates", headers={"Cookie": served.cookie})
        self.answer = self._connection.getresponse()
        self.texts: list[str] = []

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def events(self) -> Iterator[tuple[str, Any]]:
        """What comes, until the server ends it."""
        kind = ""
        while line := self.answer.readline().decode():
            self.texts.append(line)
            if line.startswith("event: "):
                kind = line.removeprefix("event: ").strip()
            if line.startswith("data: "):
                yield kind, json.loads(line.removeprefix("data: "))

    def until(self, is_right: Callable[[Any], Any]) -> Any:
        """The first state that is right; fails where none comes in time."""
        end_s = time.monotonic() + LIMIT_S
        for kind, said in self.events():
            if kind == "state" and is_right(said):
                return said
            assert time.monotonic() < end_s, said
        raise AssertionError("The stream ended.")


def no_page(self: Pages, ended: int) -> bool:
    """In the place of `Pages.consider`: nothing is made."""
    del self, ended
    return False


def made_page(html: str, **given: Any) -> Page:
    """A page as a process of the server would have made it."""
    plain: dict[str, Any] = {"ended": 0, "hashes": [], "findings": [], "made_s": 1.0}
    return Page(html=html.encode(), **{**plain, **given})
