"""Server: serves the live page of a store until it is interrupted, or the run beside it is over."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, final

import uvicorn

from ..errors import RunError
from ..store.checkpoints import Files
from .access import Access, is_loopback, new_token, stored_key
from .app import App
from .control import Control
from .hub import Hub
from .reader import Reader, as_json

# A known place, so that a page finds a server that was started anew.
PORT: Final = 8420
# What those who look on may wait for at the end of a run: its page, and the time to load it.
_LAST_PAGE_S, _LOADED_S = 10.0, 1.5


@final
@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a live page is served, and of what.

    Args:
        store: The store's path.
        name: The experiment; None for all of the store.
        host: What it listens on.
        port: 0 for any that is free; None for `PORT`, and any other where that is taken.
        control: Whether a page may stop runs and add trials.
    """

    store: Path
    name: str | None
    host: str = "127.0.0.1"
    port: int | None = None
    control: bool = False


@final
class LiveServer:
    """A server that listens already, so that its address is known.

    Raises:
        RunError: for a host or a port that it cannot have.
    """

    def __init__(self, place: Place) -> None:
        """Listens, and makes a token."""
        self._socket = _listening(place.host, place.port)
        self._host, self._port = place.host, int(self._socket.getsockname()[1])
        self._token = new_token()
        self._hub = Hub()
        self._reader = Reader(place.store, self._hub)
        app = App(
            place.store,
            place.name,
            reader=self._reader,
            hub=self._hub,
            control=Control(place.store) if place.control else None,
        )
        access = Access(
            app.starlette,
            host=place.host,
            port=self._port,
            token=self._token,
            key=stored_key(Files(place.store).live_key),
        )
        config = uvicorn.Config(
            access,
            log_config=None,
            access_log=False,  # addresses have the token
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            loop="asyncio",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config, self._hub.close)

    @property
    def address(self) -> str:
        """What a browser is given: once, for the token is exchanged for a cookie."""
        name = self._host
        if not is_loopback(name) and name in ("0.0.0.0", "::"):
            name = socket.gethostname()
        shown = f"[{name}]" if ":" in name else name
        return f"http://{shown}:{self._port}/?open={self._token}"

    def serve(self) -> None:
        """Serves until `stop`, Ctrl-C or SIGTERM, which is raised again."""
        asyncio.run(self._serve())

    def stop(self) -> None:
        """Ends it at once, from any thread."""
        self._hub.close()
        self._server.should_exit = True

    def finish(self) -> None:
        """Lets those that look on see the end of the run beside it, and ends."""
        self._reader.wait_for_last_page(_LAST_PAGE_S)
        if self._hub.all_readers:
            time.sleep(_LOADED_S)
        text = "The run is over. `etude serve` opens this page again."
        self._hub.close(as_json({"text": text}))
        self._server.should_exit = True

    async def _serve(self) -> None:
        self._hub.open(asyncio.get_running_loop())
        self._reader.start()
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._reader.close()
            self._socket.close()


@final
class _Server(uvicorn.Server):
    """One whose open streams end as soon as it is interrupted."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_exit = on_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ends the streams, then the server."""
        self._on_exit()
        super().handle_exit(sig, frame)


def watch_end(server: LiveServer, wait: Callable[[], object]) -> None:
    """Ends the server once `wait` returns, as when the run beside it is over."""

    def ending() -> None:
        wait()
        server.finish()

    threading.Thread(target=ending, daemon=True, name="etude live end").start()


def _listening(host: str, port: int | None) -> socket.socket:
    if not host.strip():  # which sockets take for every address
        raise RunError(
            "--host needs an address: 127.0.0.1 is this machine alone, 0.0.0.0 lets others in."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, PORT if port is None else port), family=family)
    except (OSError, OverflowError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        if taken and port is None:
            return _listening(host, 0)
        if taken:
            raise RunError(
                f"Port {port} is taken, by another live page perhaps. Name another with --port, "
                "or leave it out for any that is free."
            ) from error
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise RunError(
            f"Nothing can listen on `{host}` port {port or PORT} ({why}). "
            "Leave --host out for this machine alone."
        ) from error
