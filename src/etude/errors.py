"""Every exception of Etude. This tree is its documentation.

EtudeError
├── InputError           what the user handed in is wrong (exit 2)
│   ├── SpaceError       a domain or a space that cannot be
│   ├── ExperimentError  an experiment with mistakes, all of them at once
│   ├── StoreError       a store that cannot be opened, read or written
│   │   ├── OwnedError   another process runs this experiment
│   │   └── DamagedError a cell of it is not what it was
│   ├── ImportFileError  another tool's file that cannot be read
│   ├── RunError         a run, a report or a next round that cannot begin
│   └── WorkloadError    a workload that cannot be trained, whatever the setting
└── TrainError           the user's training code stopped the run (exit 3)

What leaves a trial's loop (BaseException: a user's `except Exception` must not swallow it):

Leave
├── Infeasible           the setting's fault: the trial is kept as data
├── Halted               stopped from outside: a time limit, a schedule
├── Suspended            paused with a checkpoint: a schedule says whether it goes on
├── Torn                 its checkpoint is torn: the machine's fault, it goes on from another one
├── Misused              a call that cannot be, whose RunError the loop swallowed: the run stops
└── Misreport            the report lacks the experiment's metric: the run stops
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake of an experiment: where it stands, the rule, what was found, the way out."""

    where: str
    message: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """The mistake as one line, led by file and line where they are known."""
        known = [self.file] if self.file else []
        known += [str(self.line) if known else f"line {self.line}"] if self.line else []
        place = f"{':'.join(known)}: " if known else ""
        return f"{place}{self.where}: {self.message}" if self.where else f"{place}{self.message}"


class EtudeError(Exception):
    """Whatever Etude raises on purpose."""


class InputError(EtudeError):
    """What the user handed in is wrong."""


class ImportFileError(InputError):
    """Another tool's file that cannot be read as what it is said to be."""


class SpaceError(InputError):
    """A domain or a space that cannot be."""


class ExperimentError(InputError):
    """An experiment with mistakes: all of them at once, in `.mistakes`."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        """Keeps the mistakes; the message is one line for each."""
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class StoreError(InputError):
    """A store that cannot be opened, read or written."""


class OwnedError(StoreError):
    """Another process runs this experiment; `.process`, `.host` and `.started` say which."""

    def __init__(self, message: str, *, process: int, started: str, host: str = "") -> None:
        """Keeps the owner's process id, host and start beside the message."""
        super().__init__(message)
        self.process = process
        self.started = started
        self.host = host


class DamagedError(StoreError):
    """A cell of the store is not what it was: `.cell` is its table and column.

    `.experiment` and `.trial_id` say whose it is; empty and None where it is nobody's.
    """

    def __init__(
        self, message: str, *, cell: tuple[str, str], experiment: str, trial_id: int | None
    ) -> None:
        """Keeps where the cell stands beside the message."""
        super().__init__(message)
        self.cell = cell
        self.experiment = experiment
        self.trial_id = trial_id


class RunError(InputError):
    """A run, a report or a next round that cannot begin."""


class WorkloadError(InputError):
    """A workload that cannot be trained, whatever the setting."""


class TrainError(EtudeError):
    """The user's training code stopped the run; `.trial_ids` met it, `.user_traceback` shows it.

    `.summary` is the message without that traceback, which the message ends with.
    """

    def __init__(
        self, message: str, *, user_traceback: str, trial_ids: tuple[int, ...] = ()
    ) -> None:
        """Keeps the user's own traceback, without Etude's frames."""
        super().__init__("\n\n".join(filter(None, (message, user_traceback))))
        self.summary = message
        self.user_traceback = user_traceback
        self.trial_ids = trial_ids


class Leave(BaseException):
    """Leaves a user's training loop."""


class Infeasible(Leave):
    """The setting cannot be trained; `.reason` is `nan` or `diverged`."""

    def __init__(self, reason: str, message: str) -> None:
        """Keeps the reason beside the message."""
        super().__init__(message)
        self.reason = reason


class Halted(Leave):
    """Stopped from outside; `.reason` is `time_limit`, `schedule` or `rehearsal`."""

    def __init__(self, reason: str) -> None:
        """Keeps the reason."""
        super().__init__(reason)
        self.reason = reason


class Suspended(Leave):
    """Paused with a checkpoint, at the step that a schedule asked for."""


class Torn(Leave):
    """The checkpoint to go on from is no longer what was written; `.step` says which."""

    def __init__(self, step: int) -> None:
        """Keeps the step."""
        super().__init__(f"the checkpoint of step {step} is torn")
        self.step = step


class Misused(Leave):
    """A call to the trial that cannot be; `.error` says why, and was raised where it was called."""

    def __init__(self, error: RunError) -> None:
        """Keeps the error: a loop may have swallowed it."""
        super().__init__(str(error))
        self.error = error


class Misreport(Leave):
    """A report without the experiment's metric."""
