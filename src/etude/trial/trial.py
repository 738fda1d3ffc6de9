"""Trial: the handle that a user's training loop holds.

How a checkpoint is written is said in `disk/checkpoint.py`, which are held until then in
`train/checkpointing.py`, which stay on disk in `store/checkpoints.py`, and which one a trial goes
on from in `round/resume.py`.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, final

from ..assignment import Assignment, Channel
from ..disk.checkpoint import write_checkpoint
from ..disk.folder import is_whole
from ..disk.rights import make_folder
from ..divergence import divergence
from ..errors import Halted, Leave, Misreport, Misused, RunError, Suspended, Torn
from ..experiment.tracked_run import arguments
from ..experiment.validation.configurations import SPLIT_SEED
from ..playbook.metrics import is_loss, name_mistake
from ..setting import watched
from ..study import evaluation_steps
from ..text.signs import storable
from . import mistakes
from .steps import Steps, step_message

# Heuristic: what took longer than this so far is not tried for one more step.
QUICK_S = 5.0


def _never() -> str:
    return ""


@final
class Trial:
    """One trial, as a training loop sees it: `trial["learning_rate"]` reads a hyperparameter.

    It is a mapping of them besides, `dict(trial)` or `build(**trial)`.

    Attributes:
        id: Unique in the experiment.
        assignment: What it is made of; nothing counts as asked for by a look at it.
        restores: Whether the loop has asked for a checkpoint to go on from.
        left: Why the loop had to be left; None while it may go on. Kept, so that a loop that
            swallows it meets it again at its next call, and never counts as completed.
        noted: The setting, which notes what is read of it: for loops of ours.
        last_report: The last report of the metric: its step and its value; NaN for one before a
            restore.
        passed_step: In a rehearsal, the last step beyond those that are tried; -1 without one.
        seed: Of this trial, for initialization, data order and dropout.
        final_step: The last one to do.
        asks_length: Whether the loop has asked for its length, its steps or its evaluations: one
            that does not trains as long whatever it is told.
        metric: The experiment's.
        maximize: Whether more of it is better.
        keep_checkpoints: How many of the best checkpoints are worth writing (K1).
        evaluate_training: How many training examples loops of ours evaluate beside validation.
        is_checked: Whether the checkpoint that it is handed is known to be as it was written.
    """

    def __init__(
        self,
        assignment: Assignment,
        channel: Channel,
        halted: Callable[[], str] = _never,
        *,
        now_s: Callable[[], float],
    ) -> None:
        """Is made by a runner; `halted` gives the reason once it is to stop.

        `now_s` is the time that its limit is counted by, without that in which a run was stopped.
        """
        self.id = assignment.id
        self.noted, self._reads_split = watched(assignment.setting), assignment.split_seed is None
        self._setting = self.noted if assignment.rehearsal else dict(assignment.setting)
        self.seed = assignment.seed
        self.final_step = assignment.max_steps - 1
        self.metric, self.maximize = assignment.metric, assignment.maximize
        self._objective = assignment.objective
        self.keep_checkpoints = assignment.keep_checkpoints
        self.evaluate_training = assignment.evaluate_training
        self.is_checked = bool(assignment.resume_contents)
        self.assignment = assignment
        self._channel, self._halted = channel, halted
        steps = evaluation_steps(assignment.max_steps, assignment.evaluations)
        self._in_turn, self._evaluation_steps = steps, frozenset(steps)
        self._first_losses = dict(assignment.first_losses)
        self._names: dict[object, str] = {}  # of metrics: as they were given, and as plain text
        self._from_step, self._last_step, self._given = 0, -1, 0
        self._begun_at: float | None = None
        self._looped = self._reported = self.restores = self.asks_length = False
        self.last_report: tuple[int, float] | None = None
        self.passed_step = -1
        self.left: Leave | None = None
        limit = assignment.max_wall_s
        self._now_s, self._deadline = now_s, None if limit is None else now_s() + limit

    def __getitem__(self, name: str) -> Any:
        """The value of a hyperparameter; KeyError names the known ones."""
        self.noted.get(name)
        try:
            return dict.__getitem__(self._setting, name)
        except KeyError:
            known = ", ".join(f"`{given}`" for given in self.noted)
            raise KeyError(
                f"This trial has no hyperparameter `{name}`; its experiment gives {known}."
            ) from None

    def __contains__(self, name: object) -> bool:
        """Whether the hyperparameter exists in this trial's study (R11)."""
        return name in self.noted

    if not TYPE_CHECKING:  # else no checker of types would know an attribute that is missing

        def __getattr__(self, name: str) -> NoReturn:
            """Says what there is in place of an attribute that is missing."""
            # Copies and pickles ask half a trial too, which has no setting yet.
            raise AttributeError(mistakes.attribute_message(name, vars(self).get("noted", ())))

    @property
    def setting(self) -> dict[str, Any]:
        """All hyperparameters by name, a plain dict: who takes it whole may read any of them."""
        if self._setting is not self.noted:
            self.noted.read_all()
        return self._setting

    def __iter__(self) -> Iterator[str]:
        """The names of the hyperparameters; none is read by that."""
        return iter(self.noted)

    def keys(self) -> Iterable[str]:
        """The names of the hyperparameters, for `dict(trial)` and `build(**trial)`."""
        return list(self.noted)

    @property
    def split_seed(self) -> int | None:
        """Of the split of the data to train on; None where the split is the loop's own. Source: A1.

        `etude compare --splits` gives one, and refuses a loop that never asks for it.
        """
        self._reads_split = True
        return self.assignment.split_seed

    @property
    def max_steps(self) -> int:
        """Updates to do; the full length, whatever a schedule stops early."""
        self.asks_length = True
        return self.final_step + 1

    @property
    def evaluation_steps(self) -> list[int]:
        """The regular ones (E2), the last step among them."""
        self.asks_length = True
        return self._in_turn

    @property
    def folder(self) -> Path:
        """A folder of this trial's own, made when first asked for."""
        make_folder(self.assignment.folder)
        return self.assignment.folder

    def tracker(self, name: str) -> dict[str, Any]:
        """Arguments that open its run in `wandb`, `mlflow` or `tensorboard`, to log more there.

        `wandb.init(**trial.tracker("wandb"))`, `mlflow.start_run(**...)`, `SummaryWriter(**...)`.
        What the trial records is shown by the tracker anyway (`etude track`).

        Raises:
            RunError: for another name.
        """
        given = self.assignment
        return arguments(given.tracked, name, given.folder, rehearsal=self.is_rehearsal)

    def restore(self, load: Callable[[Path], object]) -> bool:
        """Calls `load` with the folder of the last checkpoint, if any; returns whether it did.

        To be called before `steps()`. A checkpoint that is not as it was written is not handed
        over: the trial begins anew, from the one before or from step 0. Source: K2.
        """
        if self._begun:  # refused at once, and not first when there is something to restore
            self._misuse("`restore` comes before the first `steps`, `log` or `report`. Move it up.")
        self.restores = True
        step = self.assignment.resume_step
        if step is None:
            return False
        folder = self.assignment.checkpoints / str(step)
        if not is_whole(folder, self.assignment.resume_contents):
            self._leave(Torn(step))
        load(folder)
        self._from_step = step + 1
        self.last_report = step, math.nan
        self._reported = True  # checkpoints come with reports, and the last one may leave no steps
        return True

    def steps(self) -> Steps:
        """The steps left to do, `max_steps` in all: the body of the loop does one update each.

        Their `len` is how many are left, so that `tqdm(trial.steps())` shows a total.

        Raises:
            RunError: when called again; the steps of all epochs are one loop.
        """
        if self._looped:
            self._misuse(
                "`steps` gives the steps of the whole trial, so it may be called once, and was "
                "called again. Write one loop over it, and count epochs inside."
            )
        self._looped = self.asks_length = True
        return Steps(self._walk(), lambda: self.final_step + 1 - self._from_step - self._given)

    def _walk(self) -> Iterator[int]:
        self._begin()
        for step in range(self._from_step, self.final_step + 1):
            self._leave_if_late()
            self._given += 1
            yield step
            self._last_step = max(self._last_step, step)
            self._channel.marked("stepped", step)

    def evaluates(self, step: int) -> bool:
        """Whether this step is one of the regular evaluations (E2)."""
        self.asks_length = True
        due = step in self._evaluation_steps
        if due:
            self._channel.marked("evaluating", step)
        return due

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Records values at a step: training loss, gradient norm.

        A non-finite loss ends the trial as infeasible, as does one far above where it started.

        Raises:
            RunError: for a step that is no whole number from 0 to `max_steps - 1`.
            TypeError: for values that are no numbers by name.
        """
        mistakes.refuse_values("log", values, self.metric, self._mistyped)
        if (plain := self._step(step)) is not None:
            self._record(plain, values)

    def report(
        self,
        step: int,
        values: Mapping[str, float],
        *,
        checkpoint: Callable[[Path], object] | None = None,
    ) -> None:
        """Records an evaluation, the experiment's metric among its values.

        Values of the training alone, as `train/loss`, are taken too, as `log` takes them.
        `checkpoint` is called with an empty folder to save into. It is renamed into place when
        complete, so a crash leaves no half of one.

        Raises:
            RunError: for a step that is no whole number from 0 to `max_steps - 1`.
            TypeError: for values that are no numbers by name.
        """
        metric = self.metric
        mistakes.refuse_values("report", values, metric, self._mistyped)
        if metric in values:
            self._reported = True
        elif not self._reported:
            mistakes.refuse_nested(values, metric, self._mistyped)
            if why := mistakes.misreport(sorted(map(self._name, values)), metric, step):
                self._leave(Misreport(why))
        plain = self._step(step)
        if plain is None:
            return
        value = self._record(plain, values).get(metric)
        self.last_report = self.last_report if value is None else (plain, value)
        if checkpoint is not None:
            self.save(plain, checkpoint, value=value)

    def save(
        self, step: int, checkpoint: Callable[[Path], object], *, value: float | None = None
    ) -> None:
        """Writes a checkpoint of a step whose values are recorded, `value` the metric there.

        `report` does it in one go; this is for a loop that holds its best states and writes later.
        """
        plain = self._step(step)
        if plain is None:
            return
        place = self.assignment.checkpoints / str(plain)
        lasting, attempt = self.assignment.lasting, self.assignment.attempt
        contents = write_checkpoint(place, checkpoint, lasting=lasting, attempt=attempt)
        self._channel.saved(plain, None if value is None else float(value), contents)
        self._pause_if_due(plain)

    @property
    def is_rehearsal(self) -> bool:
        """Whether it only tries a few steps, and nothing is kept."""
        return self.assignment.rehearsal

    @property
    def is_whole(self) -> bool:
        """Whether it trains as long as it ever will: as no rehearsal, or in spite of being one."""
        whole_steps = self.assignment.whole_steps or math.inf
        is_short = self.is_rehearsal and self.final_step + 1 < whole_steps
        return not (is_short and self.asks_length)

    @property
    def whole_steps(self) -> int:
        """Updates of the trial itself, of which a rehearsal tries the first."""
        self.asks_length = True
        return max(self.assignment.whole_steps, self.assignment.max_steps)

    @property
    def resuming(self) -> int | None:
        """The step of the checkpoint that it was handed and has not yet trained on from."""
        return self.assignment.resume_step if self.restores and not self._begun else None

    @property
    def reported(self) -> bool:
        """Whether the experiment's metric has been reported."""
        return self._reported

    @property
    def has_logged_metric(self) -> bool:
        """Whether the experiment's metric has been logged or reported."""
        return self.metric in self._names.values()

    @property
    def unread(self) -> tuple[str, ...] | None:
        """The hyperparameters that nobody read from step 0 on; None where that is not known."""
        split = () if self._reads_split else (SPLIT_SEED,)
        earlier = self.assignment.unread if self._from_step else (*self.noted, *split)
        now = self.noted.unread.union(split)
        return None if earlier is None else tuple(sorted(now & set(earlier)))

    @property
    def taken(self) -> tuple[str, ...]:
        """What was read since step 0 with the whole setting alone, so that its use is not seen."""
        if self.unread is None:
            return ()
        before = set(self.assignment.taken if self._from_step else ())
        open_before = before | set(self.assignment.unread or ()) if self._from_step else None
        taken, open_now = self.noted.taken, self.noted.taken | self.noted.unread
        own = open_now if open_before is None else open_now & open_before
        return tuple(sorted(own & (taken | before)))

    @property
    def updates(self) -> int:
        """Updates done, those before a restore included."""
        return max(self._last_step + 1, self._from_step)

    @property
    def _begun(self) -> bool:
        return self._begun_at is not None

    def _begin(self) -> None:
        if not self._begun:
            self._begun_at = time.monotonic()
            self._channel.marked("began", self._from_step)
            if self._from_step:  # killed after its last checkpoint, before it could pause there
                self._pause_if_due(self._from_step - 1)

    def _step(self, step: int) -> int | None:
        """The step as a plain int, whatever library counted it; None where it is not tried."""
        if self.left is not None:
            raise self.left
        try:
            plain = -1 if isinstance(step, bool) else operator.index(step)
        except TypeError:
            plain = -1
        if 0 <= plain <= self.final_step:
            return plain
        whole_steps = self.assignment.whole_steps or math.inf
        if self.assignment.rehearsal and self.final_step < plain < whole_steps:
            self._pass(plain)
            return None
        known_steps = max(self.assignment.whole_steps, self.final_step + 1)
        return self._misuse(step_message(step, plain, known_steps))

    def _pass(self, step: int) -> None:
        """Ends a rehearsal that its loop does not end: a loop of its own has a length of its own.

        One step beyond is let pass where that is quick: a loop that ends there counts from 1.
        """
        self._begin()
        self.passed_step = max(self.passed_step, step)
        self._channel.marked("passed", step)
        is_quick = time.monotonic() - (self._begun_at or 0.0) < QUICK_S
        if step > self.final_step + 1 or not is_quick:
            self._leave(Halted("rehearsal"))

    def _misuse(self, message: str) -> NoReturn:
        """Raises what cannot be where it was called; a loop that swallows it meets it again."""
        error = RunError(message)
        self.left = self.left or Misused(error)
        raise error

    def _mistyped(self, message: str) -> NoReturn:
        """Raises that a value is of a wrong type: where one is tried, before the hours are spent.

        Later it may be the setting's, and ends its trial alone.
        """
        if self.is_rehearsal:
            self._misuse(message)
        raise TypeError(message)

    def _leave(self, why: Leave) -> None:
        self.left = self.left or why
        raise self.left

    def _leave_if_late(self) -> None:
        if self.left is not None:
            raise self.left
        if reason := self._halted():
            self._leave(Halted(reason))
        if self._deadline is not None and self._now_s() > self._deadline:
            self._leave(Halted("time_limit"))

    @property
    def until_step(self) -> int | None:
        """Updates after which its next checkpoint is its last for now: a schedule decides."""
        return self.assignment.until_step

    def _pause_if_due(self, step: int) -> None:
        if self.until_step is not None and self.until_step <= step + 1 <= self.final_step:
            self._leave(Suspended())

    def _record(self, step: int, values: Mapping[str, float]) -> dict[str, float]:
        """Records the values, and returns them as plain numbers."""
        self._begin()
        if self.left is not None:
            raise self.left
        plain = mistakes.numbers(step, values, self._name, self._mistyped)
        self._last_step = max(self._last_step, step)
        self._channel.logged(step, plain)
        for name, value in plain.items():
            if name == self.metric or is_loss(name):
                self._judge(name, value, step)
        if step < self.final_step:  # at its last step it is whole, whoever wanted it stopped
            self._leave_if_late()
        return plain

    def _name(self, given: object) -> str:
        """The name of a metric as plain text, whatever kind of text a library made it."""
        known = self._names.get(given)
        if known is None:
            if why := name_mistake(given):
                self._misuse(why)
            known = self._names[given] = storable(str.__str__(given))
        return known

    def _judge(self, name: str, value: float, step: int) -> None:
        first, above = self._first_losses.get(name, value), self.assignment.diverged_above
        why = divergence(name, value, first, step=step, objective=self._objective, threshold=above)
        if why is not None:
            self._leave(why)
        self._first_losses.setdefault(name, value)


TrainFunction: TypeAlias = Callable[[Trial], Any]
