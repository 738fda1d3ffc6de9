"""Trial: the handle that a user's training loop holds.

A checkpoint is written here, aside and then renamed. Which checkpoints are held until then is said
in `train/checkpointing.py`, which stay on disk in `store/checkpoints.py`, and which one a trial
goes on from in `round/resume.py`.
"""

from __future__ import annotations

import math
import operator
import os
import shutil
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, final

from .assignment import Assignment, Channel
from .divergence import divergence
from .errors import Halted, Leave, Misreport, RunError, Suspended
from .study import evaluation_steps


@final
class NotedSetting(dict[str, Any]):
    """A setting that notes which entries were read; to list the names reads nothing.

    >>> setting = NotedSetting(width=8, rate=0.1)
    >>> setting["width"], list(setting), sorted(setting.unread)
    (8, ['width', 'rate'], ['rate'])
    """

    def __init__(self, *given: Mapping[str, Any], **named: Any) -> None:
        """Takes what a dict takes."""
        super().__init__(*given, **named)
        self.read: set[str] = set()

    @property
    def unread(self) -> set[str]:
        """The entries whose values nobody asked for."""
        return set(super().keys()) - self.read

    def read_all(self) -> None:
        """Takes all for read: the setting goes where nobody sees what is asked of it."""
        self.read |= set(super().keys())

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        # Without it `dict(setting)` and `**setting` would copy the values past `__getitem__`.
        return super().__iter__()

    def get(self, name: str, default: Any = None, /) -> Any:
        """As a dict's."""
        self.read.add(name)
        return super().get(name, default)

    def items(self) -> Any:
        """As a dict's, and all are read."""
        self.read_all()
        return super().items()

    def values(self) -> Any:
        """As a dict's, and all are read."""
        return dict(self.items()).values()

    def copy(self) -> dict[str, Any]:
        """A plain dict, and all are read."""
        return dict(self.items())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()


def quietly(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a setting that counts as no reading."""
    assert isinstance(setting, dict), "A setting is a dict. This is a bug."
    return {name: dict.__getitem__(setting, name) for name in setting}


def _never() -> str:
    return ""


@final
class Trial:
    """One trial, as a training loop sees it: `trial["learning_rate"]` reads a hyperparameter.

    Attributes:
        id: Unique in the experiment.
        restores: Whether the loop has asked for a checkpoint to go on from.
        left: Why the loop had to be left; None while it may go on. Kept, so that a loop that
            swallows it meets it again at its next call, and never counts as completed.
        noted: The setting, which notes what is read of it: for loops of ours.
        seed: Of this trial, for initialization, data order and dropout.
        max_steps: Updates to do; the full length, whatever a schedule stops early.
        evaluation_steps: The regular ones (E2), the last step among them.
        metric: The experiment's.
        maximize: Whether more of it is better.
        keep_checkpoints: How many of the best checkpoints are worth writing (K1).
    """

    def __init__(
        self, assignment: Assignment, channel: Channel, halted: Callable[[], str] = _never
    ) -> None:
        """Is made by a runner; `halted` gives the reason once it is to stop."""
        self.id = assignment.id
        self.noted = NotedSetting(assignment.setting)
        self._setting = self.noted if assignment.rehearsal else dict(assignment.setting)
        _live.add(self)
        self.seed = assignment.seed
        self.max_steps = assignment.max_steps
        self.metric = assignment.metric
        self.maximize = assignment.maximize
        self._objective = assignment.objective
        self.keep_checkpoints = assignment.keep_checkpoints
        self._assignment = assignment
        self._channel = channel
        self._halted = halted
        self.evaluation_steps = evaluation_steps(assignment.max_steps, assignment.evaluations)
        self._evaluation_steps = frozenset(self.evaluation_steps)
        self._first_losses = dict(assignment.first_losses)
        self._from_step = 0
        self._last_step = -1
        self._begun = False
        self._looped = False
        self._reported = False
        self.restores = False
        self.left: Leave | None = None
        limit = assignment.max_wall_s
        self._deadline = math.inf if limit is None else time.monotonic() + limit

    def __getitem__(self, name: str) -> Any:
        """The value of a hyperparameter; KeyError names the known ones."""
        self.noted.read.add(name)
        try:
            return self._setting[name]
        except KeyError:
            known = ", ".join(f"`{given}`" for given in self._setting)
            raise KeyError(
                f"This trial has no hyperparameter `{name}`; its experiment gives {known}."
            ) from None

    def __contains__(self, name: object) -> bool:
        """Whether the hyperparameter exists in this trial's study (R11)."""
        self.noted.read.add(str(name))
        return name in self._setting

    @property
    def setting(self) -> dict[str, Any]:
        """All hyperparameters by name, a plain dict: who takes it whole may read any of them."""
        if self._setting is not self.noted:
            self.noted.read_all()
        return self._setting

    @property
    def folder(self) -> Path:
        """A folder of this trial's own, made when first asked for."""
        self._assignment.folder.mkdir(parents=True, exist_ok=True)
        return self._assignment.folder

    def restore(self, load: Callable[[Path], object]) -> bool:
        """Calls `load` with the folder of the last checkpoint, if any; returns whether it did.

        To be called before `steps()`. Source: K2.
        """
        if self._begun:  # refused at once, and not first when there is something to restore
            raise RunError(
                "`restore` comes before the first `steps`, `log` or `report`. Move it up."
            )
        self.restores = True
        step = self._assignment.resume_step
        if step is None:
            return False
        load(self._assignment.checkpoints / str(step))
        self._from_step = step + 1
        self._reported = True  # checkpoints come with reports, and the last one may leave no steps
        return True

    def steps(self) -> Iterator[int]:
        """The steps left to do, `max_steps` in all: the body of the loop does one update each.

        Raises:
            RunError: when called again; the steps of all epochs are one loop.
        """
        if self._looped:
            raise RunError(
                "`steps` gives the steps of the whole trial, so it may be called once, and was "
                "called again. Write one loop over it, and count epochs inside."
            )
        self._looped = True
        self._begin()
        for step in range(self._from_step, self.max_steps):
            self._leave_if_late()
            yield step
            self._last_step = max(self._last_step, step)
            self._channel.marked("stepped", step)

    def evaluates(self, step: int) -> bool:
        """Whether this step is one of the regular evaluations (E2)."""
        due = step in self._evaluation_steps
        if due:
            self._channel.marked("evaluating", step)
        return due

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Records values at a step: training loss, gradient norm.

        A non-finite loss ends the trial as infeasible, as does one far above where it started.

        Raises:
            RunError: for a step that is no whole number from 0 to `max_steps - 1`.
        """
        self._record(self._step(step), values)

    def report(
        self,
        step: int,
        values: Mapping[str, float],
        *,
        checkpoint: Callable[[Path], object] | None = None,
    ) -> None:
        """Records an evaluation, the experiment's metric among its values.

        `checkpoint` is called with an empty folder to save into. It is renamed into place when
        complete, so a crash leaves no half of one.

        Raises:
            RunError: for a step that is no whole number from 0 to `max_steps - 1`.
        """
        step, metric = self._step(step), self.metric
        if not self._reported and metric not in values:
            self._leave(Misreport(_misreport_message(metric, sorted(values), step)))
        self._reported = True
        self._record(step, values)
        if checkpoint is not None:
            self.save(step, checkpoint, value=values.get(metric))

    def save(
        self, step: int, checkpoint: Callable[[Path], object], *, value: float | None = None
    ) -> None:
        """Writes a checkpoint of a step whose values are recorded, `value` the metric there.

        `report` does it in one go; this is for a loop that holds its best states and writes later.
        """
        self._write(self._step(step), checkpoint)
        self._channel.saved(step, None if value is None else float(value))
        self._pause_if_due(step)

    @property
    def reported(self) -> bool:
        """Whether the experiment's metric has been reported."""
        return self._reported

    @property
    def unread(self) -> tuple[str, ...] | None:
        """The hyperparameters that nobody read from step 0 on; None where that is not known."""
        earlier = self._assignment.unread if self._from_step else tuple(self.noted)
        return None if earlier is None else tuple(sorted(self.noted.unread & set(earlier)))

    @property
    def updates(self) -> int:
        """Updates done, those before a restore included."""
        return max(self._last_step + 1, self._from_step)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._channel.marked("began", self._from_step)
            if self._from_step:  # killed after its last checkpoint, before it could pause there
                self._pause_if_due(self._from_step - 1)

    def _step(self, step: int) -> int:
        """The step as a plain int, whatever library counted it."""
        try:
            plain = operator.index(step)
        except TypeError:
            plain = -1
        if 0 <= plain < self.max_steps:
            return plain
        raise RunError(
            f"Steps are whole numbers from 0 to max_steps - 1 = {self.max_steps - 1} (T4: one "
            f"length for all trials), got {step!r}. Pass the step that `trial.steps()` gave."
        )

    def _leave(self, why: Leave) -> None:
        self.left = self.left or why
        raise self.left

    def _leave_if_late(self) -> None:
        if self.left is not None:
            raise self.left
        if reason := self._halted():
            self._leave(Halted(reason))
        if time.monotonic() > self._deadline:
            self._leave(Halted("time_limit"))

    def pauses(self, step: int) -> bool:
        """Whether a checkpoint of this step is to be its last for now: a schedule decides."""
        until = self._assignment.until_step
        return until is not None and until <= step + 1 < self.max_steps

    def _pause_if_due(self, step: int) -> None:
        if self.pauses(step):
            self._leave(Suspended())

    def _record(self, step: int, values: Mapping[str, float]) -> None:
        self._begin()
        if self.left is not None:
            raise self.left
        plain = {name: float(value) for name, value in values.items()}
        self._last_step = max(self._last_step, step)
        self._channel.logged(step, plain)
        for name, value in plain.items():
            if name.endswith("loss") or name == self.metric:
                self._judge(name, value, step)
        if step < self.max_steps - 1:  # at its last step it is whole, whoever wanted it stopped
            self._leave_if_late()

    def _judge(self, name: str, value: float, step: int) -> None:
        why = divergence(
            name,
            value,
            self._first_losses.get(name, value),
            step=step,
            objective=self._objective,
            threshold=self._assignment.diverged_above,
        )
        if why is not None:
            self._leave(why)
        self._first_losses.setdefault(name, value)

    def _write(self, step: int, checkpoint: Callable[[Path], object]) -> None:
        final_place = self._assignment.checkpoints / str(step)
        aside = final_place.with_name(f"{step}.partial")
        old = final_place.with_name(f"{step}.old")
        for leftover in (aside, old):
            shutil.rmtree(leftover, ignore_errors=True)
        aside.mkdir(parents=True)
        checkpoint(aside)
        if final_place.exists():
            final_place.rename(old)
        os.replace(aside, final_place)
        shutil.rmtree(old, ignore_errors=True)


def _misreport_message(metric: str, seen: list[str], step: int) -> str:
    near = get_close_matches(metric, seen, n=1, cutoff=0.5)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    reported = ", ".join(f"`{name}`" for name in seen) or "nothing"
    return (
        f"The experiment's metric is `{metric}`, but the first report (step {step}) has "
        f"{reported}. {hint}Report `{metric}`, or change `metric` in [experiment]."
    )


TrainFunction: TypeAlias = Callable[[Trial], Any]

# What a forked process reads, a loader's worker for one, is not seen here: all counts as read.
_live: weakref.WeakSet[Trial] = weakref.WeakSet()


def _read_by_a_fork() -> None:
    for trial in list(_live):
        trial.noted.read_all()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_read_by_a_fork)
