"""Followers: the processes that show a run in trackers while it goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import final

from ..event import Event
from ..round.observer import Opening, ShowsInTrackers
from ..trackers import AFTER_S, refuse_missing

# What a follower takes beyond its own limit to say that it is over.
_GRACE_S = 10.0


@final
class Followers(ShowsInTrackers):
    """An observer that starts one follower a tracker, and gives each a while at the end.

    A follower is a process of its own session, whose input ends with this process however that
    ends. It holds nothing of the run: whatever becomes of it, the run goes on.

    Args:
        kinds: The trackers that the command names; those of `[track]` come with the experiment.
        store: The store's path.
        option: How the store is named in commands to type.
        say: Prints a line.
    """

    def __init__(
        self, kinds: Sequence[str], store: str, option: str, say: Callable[[str], None]
    ) -> None:
        """Starts nothing yet.

        Raises:
            RunError: for a tracker that is none, or whose library is missing.
        """
        for kind in kinds:
            refuse_missing(kind)
        self._kinds, self._store, self._option, self._say = tuple(kinds), store, option, say
        self._name = ""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, opening: Opening) -> None:
        """Starts a follower for each tracker."""
        self._name = opening.experiment.name
        for kind in dict.fromkeys((*self._kinds, *opening.experiment.track)):
            # -P: what is called like a module of ours in the folder of a run is not loaded for it.
            command = [sys.executable, "-P", "-m", "etude", "track", "--store", self._store]
            process = subprocess.Popen(
                [*command, "--beside-run", "--", kind, self._name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the run, which ends it in its time
            )
            assert process.stdout is not None, "It has a pipe. This is a bug."
            os.set_blocking(process.stdout.fileno(), False)  # as os has it
            self._processes[kind] = process

    def see(self, events: Sequence[Event]) -> None:
        """Passes on what followers say."""
        del events
        for process in self._processes.values():
            self._pass_on(process)

    def end(self) -> None:
        """Tells followers that the run is over, and says which of them did not finish."""
        for process in self._processes.values():
            with suppress(OSError):
                process.stdin.close() if process.stdin else None
        for kind, process in self._processes.items():
            with suppress(subprocess.TimeoutExpired):
                process.wait(AFTER_S + _GRACE_S)
            if process.poll() is None:
                process.kill()
            process.wait()
            self._pass_on(process)
            if process.stdout is not None:
                process.stdout.close()
            if process.returncode:
                command = f"etude track {kind} {self._name}{self._option}"
                self._say(f"Not all of it is in {kind} yet. To send the rest later: {command}")
        self._processes.clear()

    def _pass_on(self, process: subprocess.Popen[bytes]) -> None:
        text = (process.stdout.read() if process.stdout else None) or b""
        for line in text.decode(errors="replace").splitlines():
            self._say(line)
