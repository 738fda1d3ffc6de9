"""Events: all that a runner sends back, in the order in which it happened to each trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, final

from .code import Code
from .text.masking import masked_message
from .text.signs import bounded, storable


def message(text: str) -> str:
    """A message of others as an event carries it: text that can be stored, of a length to be read.

    What looks like a password, a token or a key is masked.
    """
    return bounded(text, told=_told) if text else text


def _told(text: str) -> str:
    return masked_message(storable(text))


def _hold(event: object, *names: str) -> None:
    """Holds these fields of a new event to what a message may be."""
    for name in names:
        object.__setattr__(event, name, message(getattr(event, name)))


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
class Coded:
    """The code that trains a trial from `from_step` on; told again where more was imported."""

    trial_id: int
    from_step: int
    code: Code


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
    contents: str = field(default="", compare=False, repr=False)
    """What is in its folder, to check it by."""


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
    taken: tuple[str, ...] = field(default=(), compare=False)
    """What was read with the whole setting alone, so that its use is not seen."""
    cause: BaseException | None = field(default=None, compare=False, repr=False)
    """The exception itself, as long as the event stays in the process that it was raised in."""
    returned: str = field(default="", compare=False)
    """What the function returned that is not what it may seem, where nobody has said it yet."""

    def __post_init__(self) -> None:
        """Holds what others wrote to what a message may be."""
        _hold(self, "reason", "detail", "error_site", "returned")

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the exception: another process may have no such class."""
        return Ended, (
            self.trial_id,
            self.status,
            self.reason,
            self.detail,
            self.steps,
            self.wall_s,
            self.error_site,
            self.unread,
            self.taken,
            None,
            self.returned,
        )


@final
@dataclass(frozen=True)
class Paused:
    """A trial reached the step that it was to pause at; its last checkpoint stands."""

    trial_id: int
    steps: int
    wall_s: float = 0.0
    unread: tuple[str, ...] | None = field(default=None, compare=False)
    taken: tuple[str, ...] = field(default=(), compare=False)


@final
@dataclass(frozen=True)
class Lost:
    """The worker of a trial died; `detail` says how."""

    trial_id: int
    detail: str
    is_blamed: bool = field(default=True, compare=False)
    """Whether the trial may have had a part in it; one that another took along had none."""

    def __post_init__(self) -> None:
        """Holds what others wrote to what a message may be."""
        _hold(self, "detail")


@final
@dataclass(frozen=True)
class Unrestored:
    """A trial could not go on from its checkpoint, which is never its setting's fault.

    Args:
        detail: The user's traceback where the checkpoint is as it was written, so that it is kept;
            empty where it is torn, so that the trial goes on from the one before, or from step 0.
    """

    trial_id: int
    step: int
    detail: str = ""

    def __post_init__(self) -> None:
        """Holds what others wrote to what a message may be."""
        _hold(self, "detail")


@final
@dataclass(frozen=True)
class Refused:
    """No trial can be trained: an import fails, the metric is misspelt, the disk is full."""

    trial_id: int
    kind: Literal["import", "input", "metric", "disk"]
    detail: str

    def __post_init__(self) -> None:
        """Holds what others wrote to what a message may be."""
        _hold(self, "detail")


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
        own_loop: Whether its loop is not `trial.steps()`: `step_s` has its evaluations then, and is
            0 where no step could be told from the next.
        whole_s: How long a whole trial took; 0 where only a part was tried.
        returned: What the function returned that is not what it may seem, as a sentence.
        data: What it logged of its data, by name (`data/copies`).
        is_function: Whether it is known to be a plain function, which is never put in stacks.
        unrepeated: That it gave other values when it was tried again, as a sentence.
    """

    trial_id: int
    setup_s: float = 0.0
    step_s: float = 0.0
    evaluation_s: float = 0.0
    resumes: bool | None = None
    problem: str = ""
    unread: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    own_loop: bool = False
    whole_s: float = 0.0
    returned: str = ""
    is_function: bool = False
    data: tuple[tuple[str, float], ...] = ()
    unrepeated: str = ""

    def __post_init__(self) -> None:
        """Holds what others wrote to what a message may be."""
        _hold(self, "problem", "returned", "unrepeated")


Event: TypeAlias = (
    Began
    | Coded
    | Logged
    | Saved
    | Ended
    | Paused
    | Lost
    | Unrestored
    | Refused
    | Reopened
    | Rehearsed
)
