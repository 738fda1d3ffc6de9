"""Random states of a Trainer: what a checkpoint needs to go on in the middle of an epoch.

A Trainer skips the batches of an epoch that it has trained on, fetches the next, and restores the
random state first then, so that what is drawn for that batch, or in a loader's workers, is drawn
from another state than before (transformers #46628, as of 5.24). So a checkpoint of ours holds
three states: at the beginning of the epoch, which the order of the data and the seeds of workers
come from; before the batch that was fetched ahead; and at the checkpoint itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias, final

import numpy as np
import torch

from ...runner.process_state import generator_states, set_generator_states

State: TypeAlias = dict[str, Any]


def random_state() -> State:
    """The state of every generator that training may draw from, as it can be written."""
    return {
        name: tuple(_plain(part) for part in state) if isinstance(state, tuple) else state
        for name, state in generator_states().items()
    }


def _plain(part: Any) -> Any:
    return part.tolist() if isinstance(part, np.ndarray) else part


@final
class RandomStates:
    """Follows the random states of a Trainer's epochs, and restores those of a checkpoint.

    Args:
        in_workers: Whether batches are made in workers of the loader. What these draw they draw
            again: they make the batches of the epoch that were trained on once more.
    """

    def __init__(self, *, in_workers: bool) -> None:
        """Begins without a checkpoint."""
        self._in_workers = in_workers
        self._epoch: State = {}
        self._ahead: State = {}
        self._saved: dict[str, State] = {}
        self._skipped = 0
        self._taken = 0
        self._ahead_index = -1

    def go_on(self, saved: dict[str, Any]) -> None:
        """Takes the states of a checkpoint."""
        self._saved = {name: saved[name] for name in ("epoch", "ahead", "now")}

    def states(self) -> dict[str, Any]:
        """What a checkpoint is to hold, made now."""
        now = random_state()
        is_ahead = self._ahead_index >= self._taken
        return {
            "epoch": self._epoch,
            "ahead": self._ahead if is_ahead else now,
            "now": now,
        }

    def begin_epoch(self, skipped: int) -> None:
        """Before the loader of an epoch is asked for its first batch.

        Args:
            skipped: Batches that the Trainer passes over. It counts them in steps of now: a fork
                with another batch size passes over others than its parent trained on.
        """
        self._skipped = skipped
        if self._saved:
            set_generator_states(self._saved["epoch" if self._skipped else "now"])
            self._saved = self._saved if self._skipped else {}
        self._epoch = random_state()
        self._taken, self._ahead_index = self._skipped, -1

    @property
    def taken(self) -> int:
        """Batches of the epoch that were trained on, those before a checkpoint among them."""
        return self._taken

    def take(self, batches: int) -> None:
        """So many batches more are trained on."""
        self._taken += batches

    def watched(self, batches: Any) -> WatchedBatches:
        """The batches of a loader's sampler, which say when one is fetched."""
        return WatchedBatches(batches, self)

    def trained_before(self) -> int:
        """How many batches the loader gives again, for nobody to train on."""
        return self._skipped if self._saved and self._in_workers else 0

    def before_batch(self, index: int) -> None:
        """Before a batch of the epoch is fetched, in this process or by a worker."""
        if self._in_workers:
            return
        if self._saved and index == self._skipped:
            set_generator_states(self._saved["ahead"])
        elif self._saved and index == self._skipped + 1:
            self.end_of_skipping()
        if not self._saved or index >= self._skipped:
            self._ahead, self._ahead_index = random_state(), index

    def end_of_skipping(self) -> None:
        """Once the batch that had been fetched ahead is there: from here on as uninterrupted."""
        if self._saved:
            set_generator_states(self._saved["now"])
            self._saved, self._skipped = {}, 0


@final
class WatchedBatches:
    """A batch sampler in the place of another, whose random states are followed."""

    def __init__(self, batches: Any, states: RandomStates) -> None:
        """Takes the sampler's place."""
        self._batches = batches
        self._states = states

    def __iter__(self) -> Iterator[Any]:
        """Its batches; those that are to be made again are led by as many for `skip_first_batches`.

        It drops as many as were trained on, without a look at them.
        """
        yield from [[]] * self._states.trained_before()
        for index, batch in enumerate(self._batches):
            self._states.before_batch(index)
            yield batch

    def __len__(self) -> int:
        """As many as the sampler has."""
        return len(self._batches)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the sampler's: its own sampler, its size, `set_epoch`."""
        if name == "_batches":  # not there yet: it is being unpickled
            raise AttributeError(name)
        return getattr(self._batches, name)


def save_states(states: dict[str, Any], folder: Path, rank: int) -> None:
    """Writes states beside a checkpoint of the Trainer's, in the place of the Trainer's own."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(states, folder / _name(rank))


def load_states(folder: Path, rank: int) -> dict[str, Any] | None:
    """The states of a checkpoint; None where it has none, for another number of ranks wrote it."""
    path = folder / _name(rank)
    return torch.load(path, weights_only=True) if path.is_file() else None


def _name(rank: int) -> str:
    return f"random_states_{rank}.pt"
