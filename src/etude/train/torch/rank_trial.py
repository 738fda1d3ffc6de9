"""A trial on several ranks: the first reports and saves, the others follow its settings and stops.

A stop reaches the first rank alone, and a loop that it left at once would leave the others waiting
for it. So all ranks agree before each step whether there is another: a stop is met there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple, final

from torch import distributed as dist

from ...errors import Halted, Leave, RunError
from ...experiment.tracked_run import TrackedRun, arguments
from ...setting import quietly
from ...trial import Trial
from . import hosts

_OVER = -1
_LEAVE = -2


class Header(NamedTuple):
    """What every rank knows of a trial."""

    id: int
    seed: int
    setting: dict[str, Any]
    max_steps: int
    whole_steps: int
    until_step: int | None
    evaluation_steps: frozenset[int]
    metric: str
    folder: Path
    split_seed: int | None
    is_rehearsal: bool
    tracked: TrackedRun | None


@final
class RankTrial:
    """A trial as each of several ranks sees it: read, stepped through and reported on as a Trial.

    All ranks go through `steps()` and call `restore`; whatever is logged, reported or saved is the
    first rank's, and nothing on the others. On one process it is the trial.

    Attributes:
        id: Of the trial.
        seed: Of the trial, the same on all ranks: `etude.train.hosts.seeds` makes a rank's of it.
        max_steps: Updates to do.
        whole_steps: Updates of the trial itself, of which a rehearsal tries the first.
        until_step: Updates after which its next checkpoint is its last for now.
        metric: The experiment's.
        folder: Of the trial, on the first rank's host.
        is_rehearsal: Whether it only tries a few steps, and nothing is kept.
        left: What the trial was left with on this rank; kept until all ranks can leave with it.

    Source: B4.
    """

    def __init__(self, trial: Trial | None, header: Header) -> None:
        """Is made by `shared`; only the first rank has the trial."""
        self._trial = trial
        self._header = header
        self.id, self.seed = header.id, header.seed
        self.max_steps, self.metric = header.max_steps, header.metric
        self.whole_steps, self.until_step = header.whole_steps, header.until_step
        self.folder, self.is_rehearsal = header.folder, header.is_rehearsal
        self.left: Leave | None = None

    def __getitem__(self, name: str) -> Any:
        """The value of a hyperparameter; KeyError names the known ones."""
        if self._trial is not None:
            return self._trial[name]
        if name in self._header.setting:
            return self._header.setting[name]
        known = ", ".join(f"`{given}`" for given in self._header.setting)
        raise KeyError(f"This trial has no hyperparameter `{name}`; its experiment gives {known}.")

    def __contains__(self, name: object) -> bool:
        """Whether the hyperparameter exists in this trial's study (R11)."""
        return name in (self._trial or self._header.setting)

    def __iter__(self) -> Iterator[str]:
        """The names of the hyperparameters."""
        return iter(self.keys())

    def keys(self) -> Iterable[str]:
        """The names of the hyperparameters, for `dict(trial)` and `build(**trial)`."""
        return list(self._header.setting) if self._trial is None else self._trial.keys()

    @property
    def setting(self) -> dict[str, Any]:
        """All hyperparameters by name, a plain dict."""
        return dict(self._header.setting) if self._trial is None else self._trial.setting

    @property
    def split_seed(self) -> int | None:
        """Of the split of the data; None where the split is the loop's own. Source: A1."""
        return self._header.split_seed if self._trial is None else self._trial.split_seed

    @property
    def evaluation_steps(self) -> list[int]:
        """The regular ones (E2), the last step among them."""
        return sorted(self._header.evaluation_steps)

    def tracker(self, name: str) -> dict[str, Any]:
        """Arguments that open the trial's run in a tracker; on others than the first rank, none.

        What these open is as in a rehearsal, and shows nothing of the trial.

        Raises:
            RunError: for another name.
        """
        if self._trial is not None:
            return self._trial.tracker(name)
        return arguments(self._header.tracked, name, self.folder, rehearsal=True)

    @property
    def is_first(self) -> bool:
        """Whether this rank is the one that reports and saves."""
        return self._trial is not None

    def restore(self, load: Callable[[Path], object]) -> bool:
        """Has every rank load the last checkpoint, if there is one; returns whether they did.

        Its folder is to be on a disk that all hosts see; where it is not, load it on the first rank
        alone and call `hosts.copy_first`.

        Raises:
            RunError: on all ranks, where one does not see the folder.
        """
        folders: list[Path] = []
        error = self._left_by(lambda trial: trial.restore(folders.append))
        folder = _of_first(folders[0] if folders else None)
        if error is not None or folder is None:
            return False
        blind = hosts.ranks() - int(hosts.sum_over_ranks(folder.is_dir()))
        if blind:
            raise RunError(
                f"{blind} of {hosts.ranks()} ranks do not see the checkpoint `{folder}`. Put the "
                "store on a disk that all hosts see, or load on the first rank and `copy_first`."
            )
        load(folder)
        return True

    def steps(self) -> Iterator[int]:
        """The steps left to do, the same on all ranks; all of them leave where the trial is left.

        Raises:
            Leave: what the first rank was left with; on the others `Halted`.
        """
        own = None if self._trial is None else iter(self._trial.steps())
        while True:
            step, error = _OVER, self.left
            if own is not None and error is None:
                try:
                    step = next(own, _OVER)
                except Leave as left:
                    error = left
            step = _of_first(step if error is None else _LEAVE)
            if step == _LEAVE:
                raise error or Halted("the first rank left")
            if step == _OVER:
                return
            yield step

    def evaluates(self, step: int) -> bool:
        """Whether this step is one of the regular evaluations (E2), on all ranks alike."""
        if self._trial is not None:
            return self._trial.evaluates(step)
        return step in self._header.evaluation_steps

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Records values at a step, of the first rank; `hosts.mean_over_ranks` makes them all's."""
        self._left_by(lambda trial: trial.log(step, values))

    def report(
        self,
        step: int,
        values: Mapping[str, float],
        *,
        checkpoint: Callable[[Path], object] | None = None,
    ) -> None:
        """Records an evaluation of the first rank, which alone saves a checkpoint."""
        self._left_by(lambda trial: trial.report(step, values, checkpoint=checkpoint))

    def save(
        self, step: int, checkpoint: Callable[[Path], object], *, value: float | None = None
    ) -> None:
        """Writes a checkpoint of a step whose values are recorded, by the first rank."""
        self._left_by(lambda trial: trial.save(step, checkpoint, value=value))

    def _left_by(self, call: Callable[[Trial], object]) -> Leave | None:
        """What the trial was left with by a call, kept until all ranks can leave with it."""
        if self._trial is None or self.left is not None:
            return self.left
        try:
            call(self._trial)
        except Leave as error:
            self.left = error
        return self.left


# Set where the others were let go: the end of a round does it, and a script may `finish` after.
_LET_GO = Event()


def shared(trial: Trial | RankTrial | None) -> RankTrial:
    """A trial that the first rank was handed, on all ranks; the others pass None, and wait for it.

    What is shared already comes back as it is, so a train function may begin with it on any rank.

    Raises:
        RunError: where a rank passes what only another may.

    Source: B4.
    """
    if isinstance(trial, RankTrial):
        return trial
    if (trial is not None) != (hosts.rank() == 0):
        has = "None" if trial is None else "a trial"
        raise RunError(
            f"The first rank shares its trial and the others pass None, got {has} on rank "
            f"{hosts.rank()}. Train there by `etude.train.torch.ranks.follow`."
        )
    _LET_GO.clear()
    header = _of_first(None if trial is None else _header(trial))
    if header is None:
        raise RunError("The first rank has no trial left. Call `follow`, which ends with it.")
    return RankTrial(trial, header)


def next_trial() -> RankTrial | None:
    """The next trial that the first rank shares, on one that follows; None when it has no more."""
    header = _of_first(None)
    return None if header is None else RankTrial(None, header)


def no_more_trials() -> None:
    """On the first rank: lets the others go that wait for a trial; those that left hear nothing."""
    if not _LET_GO.is_set():
        _LET_GO.set()
        _of_first(None)


def _header(trial: Trial) -> Header:
    return Header(
        trial.id,
        trial.seed,
        quietly(trial.noted),
        trial.max_steps,
        trial.whole_steps,
        trial.until_step,
        frozenset(trial.evaluation_steps),
        trial.metric,
        trial.folder,
        trial.assignment.split_seed,
        trial.is_rehearsal,
        trial.assignment.tracked,
    )


def _of_first(value: Any) -> Any:
    """What the first rank says, on all of them."""
    if hosts.ranks() == 1:
        return value
    message = [value]
    dist.broadcast_object_list(message, src=0)
    return message[0]
