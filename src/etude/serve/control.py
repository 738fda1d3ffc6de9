"""Control: what a page may do beside looking, where the server was started with `--control`.

It does nothing by ways of its own: a run is stopped by the signal that Ctrl-C sends, and trials are
added in the experiment's file, which the next `etude run` extends as any file that asks for more.
"""

from __future__ import annotations

import hmac
import os
import shlex
import signal
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, final

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..disk.file import write_whole
from ..errors import EtudeError, RunError
from ..experiment import Experiment, changes
from ..experiment.baseline import read_with_baseline
from ..experiment.change import Change, applied
from ..experiment.methods import SEARCHES, schedule_method
from ..experiment.toml.edit import Edit, edited
from ..experiment.toml.read import text_in
from ..round.result import load
from ..store import open_store
from ..store.follow import Follow
from ..wording import quantity
from .access import new_token

# What a script of this page sends, and a form of another site cannot.
HEADER: Final = "x-etude-control"
_MOST_TRIALS: Final = 100_000


@final
class Control:
    """Stops runs and adds trials, for pages that this server made.

    Args:
        store: The store's path.

    Attributes:
        word: Of this server's pages.
    """

    def __init__(self, store: Path) -> None:
        """Makes the word that pages of this server know."""
        self._store, self.word = store, new_token()

    async def answer(self, request: Request) -> Response:
        """Does what is asked, and says what was done or why not."""
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode(), self.word.encode()):
            return JSONResponse({"text": "This page is of an earlier server: reload it."}, 403)
        name, action = request.path_params["name"], request.path_params["action"]
        count = request.query_params.get("trials", "")
        try:
            if action == "stop":
                text = await anyio.to_thread.run_sync(stop, self._store, name)
            elif action == "add" and count.isdecimal() and len(count) < 7:
                text = await anyio.to_thread.run_sync(add_trials, self._store, name, int(count))
            else:
                return JSONResponse({"text": "There is no such action."}, 404)
        except EtudeError as error:
            return JSONResponse({"text": str(error)}, 409)
        return JSONResponse({"text": text})


def stop(store: Path, name: str, kill: Callable[[int, int], None] = os.kill) -> str:
    """Ends a run as Ctrl-C does: what was finished is kept, and the same command goes on.

    Raises:
        RunError: where nobody runs it, or not on this machine.
        StoreError: where the store has no such experiment.
    """
    with closing(Follow(store, name)) as follow:
        owner = follow.owner() if follow.is_running() else None
    if owner is None or owner.process <= 1:
        raise RunError(f"Nobody runs `{name}` now.")
    if owner.host not in ("", os.uname().nodename):
        raise RunError(f"It is run on {owner.host}. Stop it there: `kill -INT {owner.process}`.")
    try:
        kill(owner.process, _interruption(owner.process))
    except OSError as error:
        raise RunError(
            f"Process {owner.process} cannot be stopped ({error.strerror}). It is another user's, "
            "or has just ended."
        ) from error
    return f"Process {owner.process} was asked to stop, as by Ctrl-C. What was finished is kept."


def _interruption(process: int) -> signal.Signals:
    """What interrupts a process: SIGTERM where a shell has it ignore Ctrl-C, in the background."""
    with suppress(OSError, ValueError):
        text = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
        ignored = int(text.partition("SigIgn:")[2].split(maxsplit=1)[0], 16)
        if ignored >> (signal.SIGINT - 1) & 1:
            return signal.SIGTERM
    return signal.SIGINT


def add_trials(store: Path, name: str, count: int) -> str:
    """Asks for so many more trials a study in the experiment's file, and says how they are run.

    Raises:
        RunError: where the file is not as the store knows it, or cannot grow.
        ExperimentError: for a file with mistakes.
    """
    with closing(open_store(store, create=False)) as opened:
        entry = load(opened, name).entry
    with closing(Follow(store, name)) as follow:
        when = "Once this run is over, train them" if follow.is_running() else "Train them"
    known, path = entry.experiment, Path(entry.source)
    _refuse_fixed(known, entry.source)
    text = text_in(path)
    current, _ = read_with_baseline(path)
    trials = current.trials + count
    if count < 1 or trials > _MOST_TRIALS:
        raise RunError(f"Add at least 1 trial, and at most {_MOST_TRIALS:,} in all.")
    change = Change(("experiment", "trials"), "", trials)
    others = changes(known, applied(current, [change]))
    if current.name != name or others:
        what = ", ".join(f"`{key}`" for key in others) or "name"
        raise RunError(
            f"`{path}` is no longer what was run: it has another {what}. Edit it by hand."
        )
    try:
        write_whole(path, edited(text, [Edit(change)]))
    except OSError as error:
        raise RunError(f"`{path}` cannot be written ({error.strerror}).") from error
    command = f"etude run {shlex.quote(str(path))} --store {shlex.quote(str(store))}"
    return f"The file asks for {quantity(trials, 'trial')} a study now. {when}: {command}"


def _refuse_fixed(experiment: Experiment, source: str) -> None:
    """Refuses an experiment whose trials cannot become more."""
    if not source:
        raise RunError("This experiment has no file: give it more `trials` and run it again.")
    if schedule_method(experiment.schedule).population:
        raise RunError("A population cannot grow. Give the experiment a new name.")
    if experiment.configurations or SEARCHES[experiment.search].trained_elsewhere:
        raise RunError("Its trials are listed: add to the list by hand.")
