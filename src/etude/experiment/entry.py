"""Launch and Entry: what was run, by which command, with which code; what K3 asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from .experiment import Experiment
from .tracked_run import token_of

# Under this name a launch has the version of Etude's own loop, where that trains a workload.
OWN_LOOP = "etude.train"


@final
@dataclass(frozen=True, kw_only=True)
class Launch:
    """One time that an experiment was started.

    Args:
        command: As typed, quoted for a shell.
        folder: Where it was typed.
        process: The process id.
        started: UTC, ISO 8601.
        commit: Of the repository around the experiment; empty without one.
        uncommitted: Its uncommitted changes as a diff, new code in it, and the names of other new
            files; empty where there are none.
        versions: Of Etude and what its results depend on; of its loop (`OWN_LOOP`) where that is
            what trains.
        ended: How many of the ended trials ended under it; counted by the store.
        accepts_code: Whether its author accepted that trials are of several versions of the code.
        code: The hash of each file of the user's that it began with, by its path; empty where that
            is not known.

    Source: K3.
    """

    command: str
    folder: str
    process: int
    started: str
    commit: str = ""
    uncommitted: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    ended: int = 0
    accepts_code: bool = False
    code: Mapping[str, str] = field(default_factory=dict)


@final
@dataclass(frozen=True, kw_only=True)
class EarlierRound:
    """What a later round knows of an earlier one, however that one goes on.

    Args:
        trials: How many the earlier one was to have a study.
        ids: Of its trials whose results count.

    Source: X1.
    """

    trials: int
    ids: tuple[int, ...]


@final
@dataclass(frozen=True, kw_only=True)
class Entry:
    """An experiment as a store keeps it.

    Args:
        text: The experiment file as it was written, comments and all.
        source: Where that file stands; empty for an experiment from Python.
        launches: Oldest first.
        place: Where that file stands, seen from the store's folder; None where that is not known.
        prior: The earlier rounds that its search begins with, by name, as they stood at its first
            launch; None where that was not written down.
    """

    experiment: Experiment
    text: str
    source: str = ""
    launches: tuple[Launch, ...] = ()
    place: str | None = field(default=None, compare=False)
    prior: Mapping[str, EarlierRound] | None = None

    @property
    def origin(self) -> Launch | None:
        """The launch that values come from: the last that ended a trial, else the first.

        A finished experiment started again trains nothing, so its command and code explain nothing.

        Source: K3.
        """
        first = self.launches[0] if self.launches else None
        return next((launch for launch in reversed(self.launches) if launch.ended), first)

    @property
    def token(self) -> str:
        """What tells it from experiments of its name in other stores: how it began."""
        if not self.launches:
            return token_of(self.experiment.name, self.text, 0, "")
        first = self.launches[0]
        return token_of(self.experiment.name, first.started, first.process, first.folder)

    @property
    def has_own_loop(self) -> bool:
        """Whether the launch that values come from trained in Etude's own loop.

        Source: K3, T10.
        """
        return self.origin is not None and OWN_LOOP in self.origin.versions
