"""`etude serve`: the report as a live page while trials train."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, TypeAlias, final

import typer

from ..errors import RunError
from .browser import OpenOption, open_in_browser
from .options import StoreOption

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from ..event import Event
    from ..round.observer import Opening
    from ..serve.server import LiveServer

_Name: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="The experiment that the address opens; whoever is let in sees all of the store.",
        show_default=False,
    ),
]
_Port: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=0, max=65535, help="[default: 8420, else any that is free]", show_default=False
    ),
]
_Host: TypeAlias = Annotated[
    str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
]
_Control: TypeAlias = Annotated[
    bool, typer.Option("--control", help="Let the page stop runs and add trials.")
]
_Beside: TypeAlias = Annotated[
    bool,
    typer.Option("--beside-run", help="End within 15 s once the standard input ends.", hidden=True),
]
_LIBRARIES = ("starlette", "uvicorn", "h11", "anyio")
# A page that was started by a run gives way to it.
_NICE = 5
# What a page beside a run may take to show its end: the last report, the time to load it, and the
# server's own end are 13.5 s.
_GRACE_S = 15.0
# Nothing comes from a process that is over but what it has written.
_LAST_LINES_S = 1.0


def serve(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: _Name = None,
    *,
    store: StoreOption = None,
    port: _Port = None,
    host: _Host = "127.0.0.1",
    control: _Control = False,
    open_: OpenOption = False,
    beside: _Beside = False,
) -> None:
    """Serve the report as a live page while trials train; Ctrl-C ends it, not the run."""
    from .interrupt import signals_as_ctrl_c
    from .options import lasting_location
    from .terminal import say

    refuse_missing()
    from ..serve.server import LiveServer, Place, watch_end

    location = _known_place(name, lasting_location(store))
    server = LiveServer(Place(store=location, name=name, host=host, port=port, control=control))
    for line in _opening_lines(server, host):
        say(line)
    sys.stdout.flush()
    if beside:
        os.nice(_NICE)
        watch_end(server, lambda: sys.stdin.buffer.read())
    if open_:
        _open(server)
    with signals_as_ctrl_c():
        server.serve()


def refuse_missing() -> None:
    """Refuses to serve without what that needs.

    Raises:
        RunError: with the command that installs it.
    """
    try:
        from ..serve import server  # noqa: F401  # whether it loads
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARIES:
            raise
        raise RunError(
            "A live page needs Starlette and uvicorn: `pip install 'etude[serve]'`."
        ) from error


def _known_place(name: str | None, store: str) -> Path:
    """The file of a store.

    Raises:
        StoreError: for one without experiments, and for a name that it does not have.
    """
    from contextlib import closing

    from ..round.result import load
    from ..store import open_store

    with closing(open_store(store, create=False)) as opened:
        load(opened, name)
        return opened.files.store


def _opening_lines(server: LiveServer, host: str) -> Sequence[str]:
    """The address, and what it means to listen for others."""
    from ..serve.access import is_loopback

    lines = [f"Live page: {server.address}"]
    if not is_loopback(host):
        lines.append(
            "Every machine that reaches this one can knock: whoever has the address sees all of "
            "the store, and the network sees both unencrypted. From elsewhere, safer: leave --host "
            "out, and `ssh -L 8420:127.0.0.1:8420 HOST`."
        )
    return lines


def _open(server: LiveServer) -> None:
    from .terminal import say

    if not open_in_browser(server.address):
        say("No browser can be opened here: open the address above.")


@final
class BesideRun:
    """An observer that serves a live page from a process of its own until a command ends.

    As with trackers, whatever becomes of that process, the run goes on.

    Args:
        store: The store's path.
        is_asked: False for an observer that does nothing.
    """

    def __init__(self, store: str, *, is_asked: bool) -> None:
        """Serves nothing yet.

        Raises:
            RunError: where what that needs is missing.
        """
        if is_asked:
            refuse_missing()
        self._store, self._is_asked = store, is_asked
        self._say: Callable[[str], None] = print
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def saying(self, say: Callable[[str], None]) -> BesideRun:
        """The same, saying through the display of a round."""
        self._say = say
        return self

    def begin(self, opening: Opening) -> None:
        """Starts the server with the first round, whose experiment the store has by now."""
        if not self._is_asked or self._process is not None:
            return
        # -P: what is called like a module of ours in the folder of a run is not loaded for it.
        command = [sys.executable, "-P", "-m", "etude", "serve", "--store", self._store]
        self._process = subprocess.Popen(
            [*command, "--beside-run", "--", opening.experiment.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the run; the page shows its end
        )
        assert self._process.stdout is not None, "It has a pipe. This is a bug."
        # Its address is said as soon as it is known, an hour before the first event perhaps.
        self._reader = threading.Thread(
            target=self._pass_on, args=[self._process.stdout], daemon=True, name="etude page says"
        )
        self._reader.start()

    def see(self, events: Sequence[Event]) -> None:
        """The server reads the store itself."""

    def end(self) -> None:
        """The page stays until the command ends: another round may follow."""

    def close(self) -> None:
        """Lets the page show the end, and ends the server."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            sys.stdout.flush()  # the answer, into a pipe too
        with suppress(OSError):
            process.stdin.close() if process.stdin else None
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        if process.poll() is None:
            process.kill()
        process.wait()
        if self._reader is not None:
            self._reader.join(_LAST_LINES_S)

    def _pass_on(self, output: BinaryIO) -> None:
        """Says each line of the server as it comes, until it is over."""
        with output:
            for line in output:
                with suppress(OSError):  # a terminal that is gone
                    self._say(line.decode(errors="replace").rstrip("\r\n"))
