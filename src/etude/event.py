"""Events: all that a runner sends back, in the order in which it happened to each trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final


@final
@dataclass(frozen=True)
class Began:
    """A trial trains from `from_step` on; whatever was known of later steps is void."""

    trial_id: int
    from_step: int
    study: str = field(default="", compare=False)
    """Whose it is, for observers: of a search that adapts they know no trial beforehand."""


@final
@dataclass(frozen=True)
class Logged:
    """Values of a trial: rows of step, metric and raw value."""

    trial_id: int
    rows: tuple[tuple[int, str, float], ...]


@final
@dataclass(frozen=True)
class Saved:
    """A checkpoint stands on disk, with the metric reported beside it (None without)."""

    trial_id: int
    step: int
    value: float | None


@final
@dataclass(frozen=True)
class Ended:
    """A trial is over: completed, infeasible with a reason, or stopped with a reason."""

    trial_id: int
    status: Literal["completed", "infeasible", "stopped"]
    reason: str = ""
    detail: str = ""
    steps: int = 0
    wall_s: float = 0.0
    error_site: str = ""
    """Where the user's code raised, `ValueError at train.py:12`: equal for the same exception."""
    unread: tuple[str, ...] | None = field(default=None, compare=False)
    """What nobody read of the setting from step 0 on; None where that is not known."""


@final
@dataclass(frozen=True)
class Paused:
    """A trial reached the step that it was to pause at; its last checkpoint stands."""

    trial_id: int
    steps: int
    wall_s: float = 0.0
    unread: tuple[str, ...] | None = field(default=None, compare=False)


@final
@dataclass(frozen=True)
class Lost:
    """The worker of a trial died; `detail` says how."""

    trial_id: int
    detail: str


@final
@dataclass(frozen=True)
class Refused:
    """No trial can be trained: an import fails, the metric is misspelt, the disk is full."""

    trial_id: int
    kind: Literal["import", "input", "metric", "disk"]
    detail: str


@final
@dataclass(frozen=True)
class Reopened:
    """An ended trial is pending again: what ended it was not the setting's fault."""

    trial_id: int


@final
@dataclass(frozen=True)
class Rehearsed:
    """Two steps of a trial were tried, in seconds; `problem` says what went wrong, if any.

    Args:
        resumes: Whether the loop saves checkpoints and asks for them; None where no report came, so
            that nobody can tell.
        unread: Hyperparameters of the trial that nobody read: whatever their value, it is the same.
        metrics: The names of what it logged and reported.
    """

    trial_id: int
    setup_s: float = 0.0
    step_s: float = 0.0
    evaluation_s: float = 0.0
    resumes: bool | None = None
    problem: str = ""
    unread: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


Event: TypeAlias = Began | Logged | Saved | Ended | Paused | Lost | Refused | Reopened | Rehearsed
