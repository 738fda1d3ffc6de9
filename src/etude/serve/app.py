"""App: the addresses of the live page. Who comes here has passed `access.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, final
from urllib.parse import quote

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from ..errors import EtudeError
from ..round.result import run_last
from ..store import open_store
from ..text.signs import line, readable
from .control import Control
from .hub import Hub
from .pages import Page
from .panel import asset, plain_page, shell, with_attribute
from .reader import Reader

_CACHED: Final[Mapping[str, str]] = {"Cache-Control": "private, max-age=86400, immutable"}


@final
class App:
    """The pages, streams and scripts of one store.

    Args:
        store: Its path.
        name: The experiment that the first address leads to; None for whichever there is, or a list
            where there are several.
        reader: What reads the store.
        hub: What it posts to.
        control: What a page may do beside looking; None for nothing.
    """

    def __init__(
        self,
        store: Path,
        name: str | None,
        *,
        reader: Reader,
        hub: Hub,
        control: Control | None = None,
    ) -> None:
        """Serves nothing before it is asked."""
        self._store, self._name = store, name
        self._reader, self._hub, self._control = reader, hub, control
        routes = [
            Route("/", self._first),
            Route("/all", self._all),
            Route("/of/{name:path}", self._page),
            Route("/events/{name:path}", self._events),
            Route("/live.js", _script("live.js", "text/javascript")),
            Route("/live.css", _script("live.css", "text/css")),
            Route("/vega/{digest}.js", self._library),
        ]
        if control is not None:
            routes.append(Route("/control/{action}/{name:path}", control.answer, methods=["POST"]))
        self.starlette = Starlette(routes=routes, exception_handlers={EtudeError: _trouble})

    async def _first(self, request: Request) -> Response:
        del request
        names = self._names()
        name = self._name if self._name is not None else names[0] if len(names) == 1 else None
        if name is not None:
            return RedirectResponse(_address(name), status_code=303)
        return HTMLResponse(plain_page("Experiments", _list(names)))

    async def _all(self, request: Request) -> Response:
        del request
        return HTMLResponse(plain_page("Experiments", _list(self._names())))

    async def _page(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not self._is_known(name):
            return _no_experiment()
        page = self._reader.watch(name).page
        body = shell(line(name)).encode() if page is None else page.html
        if page is not None:
            body = with_attribute(body, "made", str(page.made_s))
        if self._control is not None:
            body = with_attribute(body, "control", self._control.word)
        headers = {"Content-Security-Policy": _policy(page)}
        return HTMLResponse(body, headers=headers)

    async def _events(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not self._is_known(name):
            return _no_experiment()
        self._reader.watch(name)
        headers = {"X-Accel-Buffering": "no"}
        stream = self._hub.topic(name).listen()
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def _library(self, request: Request) -> Response:
        content = self._reader.library(request.path_params["digest"])
        if content is None:
            return Response(status_code=404)
        return Response(content, media_type="text/javascript", headers=_CACHED)

    def _is_known(self, name: str) -> bool:
        """Whether there is such an experiment; one that is looked at already may be lost."""
        return self._reader.watches(name) or name in self._names()

    def _names(self) -> list[str]:
        """The experiments of the store, the one run last first."""
        with closing(open_store(self._store, create=False)) as opened:
            entries = opened.entries()
        names = [entry.experiment.name for entry in entries]
        if not entries:
            return []
        last = run_last(entries).experiment.name
        return [last, *(name for name in reversed(names) if name != last)]


def _address(name: str) -> str:
    return f"/of/{quote(name, safe='')}"


def _list(names: Sequence[str]) -> Markup:
    item = Markup('<li><a href="{}">{}</a></li>')
    items = Markup("").join(item.format(_address(name), line(name)) for name in names)
    return Markup('<ul class="experiments">{}</ul>').format(items)


def _no_experiment() -> Response:
    text = Markup('<p>The store has no such experiment. <a href="/">All of them</a></p>')
    return HTMLResponse(plain_page("No such experiment", text), status_code=404)


async def _trouble(request: Request, error: Exception) -> Response:
    """A store that cannot be read, in the words of its error."""
    del request
    text = Markup("<p>{}</p>").format(readable(str(error)))
    return HTMLResponse(plain_page("The store cannot be read", text), status_code=503)


def _policy(page: Page | None) -> str:
    """What may run in a page: its own scripts, by what is in them; nothing that stands in a name.

    Vega makes functions of its charts' expressions, which is what `unsafe-eval` lets it do.
    """
    hashes = " ".join(page.hashes) if page is not None else ""
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {hashes}; connect-src 'self'; "
        "style-src 'self' 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _script(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    content = asset(name)

    async def answer(request: Request) -> Response:
        del request
        return Response(content, media_type=media_type)

    return answer
