"""Training: follows a Trainer through one trial, from its checkpoint to its end."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, final

from torch.utils.data import DataLoader, IterableDataset
from transformers import EarlyStoppingCallback, Trainer, TrainerControl, TrainerState
from transformers.trainer_utils import TrainOutput, has_length

from ...errors import Leave, RunError
from ...train.torch import hosts
from ...train.torch.rank_trial import RankTrial
from .groups import Groups, groups_of, set_changed
from .random_states import RandomStates, load_states, save_states

_EVALUATED, _TRAINED = "eval_", "train_"
# What a Trainer adds to the values of an evaluation.
_TIMES = ("_runtime", "_samples_per_second", "_steps_per_second", "_model_preparation_time")
# Says in which epoch a Trainer goes on, and after how many of its batches; nothing public does.
_BEGIN = "_init_training_state"
_LOGGED = {"loss": "train/loss", "grad_norm": "grad_norm"}


@final
class Training:
    """One training of a Trainer as a trial: its moments are those of the trial's loop.

    All ranks have one, and agree wherever the trial may be left.
    """

    def __init__(self, trial: RankTrial, trainer: Trainer) -> None:
        """Begins nothing yet."""
        self._trial = trial
        self._trainer = trainer
        self._args = trainer.args
        self._folder = Path(str(trainer.args.output_dir))
        self._steps: Iterator[int] = iter(())
        self._done = 0
        self._left: Leave | None = None
        self._values: dict[str, float] = {}
        self._evaluated = 0
        self._evaluated_step = -1
        self._is_due = False
        self._goes_on = False
        self._passes = -1
        self._stepped_in_epoch = True
        self._made: Groups = []
        self._saved: dict[str, Any] | None = None
        self._states = RandomStates(in_workers=self._args.dataloader_num_workers > 0)

    def train(self, train: Callable[..., TrainOutput]) -> TrainOutput:
        """Trains to the end, or to where the trial is left, from its checkpoint if there is one.

        Raises:
            Leave: once the Trainer has ended, where the trial was left.
            RunError: for a Trainer that no trial can train with.
        """
        self._refuse()
        folders: list[Path] = []
        self._trial.restore(folders.append)
        folder = folders[0] if folders else None
        self._steps = self._trial.steps()
        done = int(folder.name) + 1 if folder else 0
        until = self._trial.until_step or self._trial.max_steps
        if done >= min(until, self._trial.max_steps):
            self._advance()
            self._end()
            return TrainOutput(done, 0.0, {})
        self._goes_on = folder is not None
        if folder is not None:
            self._saved = load_states(folder, hosts.rank())
        if self._saved is not None:
            self._states.go_on(self._saved)
        with self._watching():
            output = train(resume_from_checkpoint=None if folder is None else str(folder))
        self._end()
        return output

    def begin(self, control: TrainerControl, optimizer: Any, schedule: Any) -> None:
        """Everything is loaded, and the first step comes next."""
        if self._saved is not None:
            set_changed(optimizer, schedule, self._made, self._saved["groups"])
        self._go_on(control)

    def begin_epoch(self, state: TrainerState, loader: Any) -> None:
        """An epoch begins, or is gone on with."""
        self._stepped_in_epoch = False
        skipped, self._goes_on = self._passed_over(state, loader) if self._goes_on else 0, False
        self._passes += 1
        self._states.begin_epoch(skipped)

    def end_step(self, state: TrainerState, control: TrainerControl) -> None:
        """A step is done: it is evaluated and saved, or the next one comes."""
        self._stepped_in_epoch = True
        self._done = state.global_step
        step = state.global_step - 1
        self._is_due = self._left is None and self._trial.evaluates(step)
        if self._is_due:
            control.should_log = control.should_evaluate = control.should_save = True
        elif self._left is None:
            self._go_on(control)

    def log(self, state: TrainerState, control: TrainerControl, logs: Mapping[str, Any]) -> None:
        """Something is logged: of a training step its loss and the norm of its gradient."""
        values = {_LOGGED[name]: float(logs[name]) for name in logs if name in _LOGGED}
        if self._left is None and values:
            self._trial.log(state.global_step - 1, values)
            self._leave_if_left(control)

    def evaluate(
        self, state: TrainerState, control: TrainerControl, metrics: Mapping[str, Any]
    ) -> None:
        """One data set is evaluated; the last of them ends the evaluation."""
        values = {
            f"valid/{name.removeprefix(_EVALUATED)}": float(value)
            for name, value in metrics.items()
            if name.startswith(_EVALUATED) and not name.endswith(_TIMES)
        }
        step = state.global_step - 1
        # Before the first step of this process nothing was trained that is not evaluated already.
        if self._left is not None or not self._done:
            return
        if not values:  # of other data, as of the training set
            self._of_training(step, control, metrics)
            return
        if not control.should_save:  # by another callback
            self._trial.log(step, values)
            self._leave_if_left(control)
            return
        if step != self._evaluated_step:
            self._values, self._evaluated, self._evaluated_step = {}, 0, step
        self._values |= values
        self._evaluated += 1
        data = self._trainer.eval_dataset
        if self._evaluated >= (len(data) if isinstance(data, dict) else 1):
            self._trial.report(step, self._values)
            self._leave_if_left(control)

    def _of_training(self, step: int, control: TrainerControl, metrics: Mapping[str, Any]) -> None:
        """The training set is evaluated beside: its loss is none of a step's, and goes untold."""
        values = {
            f"train/{name.removeprefix(_TRAINED)}": float(value)
            for name, value in metrics.items()
            if name.startswith(_TRAINED) and not name.endswith(_TIMES) and name != "train_loss"
        }
        if values:
            self._trial.log(step, values)
            self._leave_if_left(control)

    def save(self, state: TrainerState, control: TrainerControl) -> None:
        """A checkpoint is written: it becomes the trial's."""
        written = self._folder / f"checkpoint-{state.global_step}"
        if self._left is not None:
            return
        place = {"passes": self._passes, "taken": self._states.taken}
        states = {**self._states.states(), "groups": self._made, **place}
        save_states(states, written, hosts.rank())
        hosts.sum_over_ranks(0.0)  # all have written
        step = state.global_step - 1
        value = self._values.get(self._trial.metric) if step == self._evaluated_step else None
        self._trial.save(step, partial(_move, written), value=value)
        self._leave_if_left(control)
        if self._is_due:  # else another callback asked for it, and the trial went on before
            self._is_due = False
            self._go_on(control)

    def _go_on(self, control: TrainerControl) -> None:
        """Asks for the next step, on all ranks alike."""
        if self._left is None:
            self._advance()
        if self._left is not None:
            _stop(control)

    def _leave_if_left(self, control: TrainerControl) -> None:
        # All ranks ask at once; `steps` says why.
        if hosts.sum_over_ranks(self._trial.left is not None):
            self._advance()
            _stop(control)

    def _advance(self) -> None:
        try:
            next(self._steps, None)
        except Leave as why:
            self._left = why

    def _end(self) -> None:
        """What is left of the Trainer's folder goes; what the trial was left with is raised.

        Raises:
            Leave: that.
            RunError: for an epoch without a step.
        """
        if hosts.rank() == 0:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._left is not None:
            raise self._left
        if not self._stepped_in_epoch:  # the Trainer ends there
            raise RunError(
                f"An epoch of the Trainer had no step, {self._done} of {self._trial.max_steps} "
                "done: its `train_dataset` gave no batch. Give it at least one, and leave "
                "`dataloader_drop_last` out where it has less."
            )

    def _refuse(self) -> None:
        if self._trainer.eval_dataset is None:
            raise RunError(
                f"The Trainer has no `eval_dataset`, so that `{self._trial.metric}` is never "
                "evaluated. Pass `eval_dataset=` to the Trainer."
            )
        if any(
            isinstance(one, EarlyStoppingCallback)
            for one in self._trainer.callback_handler.callbacks
        ):
            raise RunError(
                "The Trainer has an `EarlyStoppingCallback`, but the trial decides when it is "
                'evaluated and stopped. Leave it out: a schedule stops trials, `name = "asha"` in '
                "[schedule] for one."
            )
        if self._trial.max_steps < self._trial.whole_steps and self._is_persistent():
            sys.stderr.write(
                "A training with `dataloader_persistent_workers` that goes on from a checkpoint "
                "draws other random numbers in its workers than an uninterrupted one. Leave it "
                "out where both must be equal.\n"
            )

        if self._trial.max_steps < self._trial.whole_steps and self._draws_alone():
            sys.stderr.write(
                "A training on an `IterableDataset` that draws random numbers itself and goes on "
                "from a checkpoint draws others than an uninterrupted one. Pass "
                "`dataloader_num_workers=1` where both must be equal.\n"
            )

    def _passed_over(self, state: TrainerState, loader: Any) -> int:
        """Batches of an epoch that the Trainer skips when it goes on."""
        if (place := self._place_in_stream) is not None:
            return place[1]
        accumulated = self._args.gradient_accumulation_steps
        steps = self._trial.max_steps
        if has_length(loader):
            steps = max(math.ceil(len(loader) / accumulated), 1)
        return state.global_step % steps * accumulated

    @property
    def _place_in_stream(self) -> tuple[int, int] | None:
        """The passes over a stream without a length, and the batches of the last, at a checkpoint.

        A Trainer takes all steps to be one pass. None for other data.
        """
        is_known = self._saved is not None and "taken" in self._saved
        if not is_known or not hasattr(self._trainer, _BEGIN):
            return None
        if not self._is_stream or has_length(self._trainer.train_dataset):
            return None
        assert self._saved is not None
        return self._saved["passes"], self._saved["taken"]

    def _draws_alone(self) -> bool:
        return self._is_stream and self._args.dataloader_num_workers == 0

    @property
    def _is_stream(self) -> bool:
        return isinstance(self._trainer.train_dataset, IterableDataset)

    def _is_persistent(self) -> bool:
        return self._args.dataloader_persistent_workers and self._args.dataloader_num_workers > 0

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Sees the Trainer make its loader and optimizer, and take batches."""
        trainer = self._trainer
        replaced: dict[str, Callable[..., Any]] = {
            "get_train_dataloader": partial(self._loader, trainer.get_train_dataloader),
            "get_batch_samples": partial(self._batches, trainer.get_batch_samples),
            "create_scheduler": partial(self._schedule, trainer.create_scheduler),
        }
        # Before transformers 5.3 nothing says it, and a stream goes on as the Trainer has it.
        if (begin := getattr(trainer, _BEGIN, None)) is not None:
            replaced[_BEGIN] = partial(self._begun, begin)
        vars(trainer).update(replaced)
        try:
            yield
        finally:
            for name in replaced:
                vars(trainer).pop(name, None)

    def _begun(self, begin: Callable[..., tuple[int, int]], *given: Any, **named: Any) -> Any:
        place = begin(*given, **named)
        if self._place_in_stream is not None:
            place = self._place_in_stream
            self._passes = place[0] - 1
        return place

    def _loader(self, make: Callable[[], DataLoader[Any]]) -> DataLoader[Any]:
        made = make()
        base = getattr(made, "base_dataloader", made)
        if base.batch_sampler is not None:
            # The loader allows no other sampler once it is made; `skip_first_batches` asks it.
            vars(base)["batch_sampler"] = self._states.watched(base.batch_sampler)
        return made

    def _batches(
        self, take: Callable[..., Any], iterator: Iterator[Any], *given: Any, **named: Any
    ) -> Any:
        # A stream's loader skips batches that it made, and leaves nothing to do here.
        for _ in range(0 if self._is_stream else self._states.trained_before()):
            next(iterator)
        taken = take(iterator, *given, **named)
        self._states.end_of_skipping()
        self._states.take(len(taken[0]))
        return taken

    def _schedule(self, make: Callable[..., Any], *given: Any, **named: Any) -> Any:
        made = make(*given, **named)
        assert self._trainer.optimizer is not None, "A schedule has no optimizer. This is a bug."
        self._made = groups_of(self._trainer.optimizer)
        return made


def _stop(control: TrainerControl) -> None:
    control.should_training_stop = True
    control.should_evaluate = control.should_save = False


def _move(written: Path, folder: Path) -> None:
    """Moves a checkpoint without the Trainer's own random states, which ours replace."""
    for file in sorted(written.iterdir()):
        if file.name.startswith("rng_state"):
            file.unlink()
        else:
            file.rename(folder / file.name)
    written.rmdir()
