"""Ask and tell: a round whose loop is somebody else's."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from ..assignment import Assignment
from ..errors import Leave, RunError, Torn
from ..event import Ended, Event, Refused, Unrestored
from ..experiment import Experiment
from ..record import Record
from ..runner import imported
from ..runner.attempt import EventChannel, parted
from ..runner.running_clock import RUNNING
from ..store.base import Store
from ..trial import Trial
from .guard import refusal
from .loop import pending, started
from .opening import Agreed, entry_of, open_round
from .result import Result, load
from .resume import assignment
from .searches import Searches


def ask(
    experiment: Experiment | str | Path,
    *,
    store: Store | str | Path | None = "memory",
    agreed: Collection[Agreed] = (),
) -> AskTell:
    """A round that hands out trials and takes their results, whoever trains them.

    Every search and schedule works so, and every store: asked again after a crash, the round goes
    on, and hands out again the trials whose results were not told.

    Args:
        experiment: An Experiment, or the path of its file.
        store: A path, `memory`, or a Store. None for `ETUDE_STORE`, else `etude.db`.
        agreed: As `etude.run` takes it.

    Raises:
        InputError: for what is wrong with the experiment or the store.

    >>> from etude import Experiment, Real
    >>> space = {"x": Real(0.0, 1.0)}
    >>> experiment = Experiment(metric="loss", max_steps=1, trials=3, nuisance=space)
    >>> with ask(experiment) as asking:
    ...     while trial := asking.next():
    ...         asking.tell(trial, (trial["x"] - 0.3) ** 2)
    ...     print(asking.result().records.count("completed"))
    3
    """
    return AskTell(experiment, store, agreed)


@final
class AskTell:
    """A round that was opened by `ask`; a context manager, which lets go of the store."""

    def __init__(
        self,
        experiment: Experiment | str | Path,
        store: Store | str | Path | None,
        agreed: Collection[Agreed] = (),
    ) -> None:
        """Opens the store and writes the experiment down."""
        entry, folder = entry_of(experiment, accepts_code="changed_code" in agreed)
        imported.begin(folder, everything=True)
        self._open, self._closed = ExitStack(), False
        opening = open_round(entry, store, agreed=agreed, folder=folder)
        this_round = self._open.enter_context(opening)
        self._experiment, self._store = this_round.experiment, this_round.store
        self._plan = this_round.plan
        self._searches = Searches(self._plan, self._store, self._experiment.name)
        self._waiting: deque[Record] | None = None
        self._out: dict[int, AskedTrial] = {}
        self._stopped: set[int] = set()

    def next(self) -> AskedTrial | None:
        """The next trial to train; None where nothing is left, or all waits for what is out.

        Called again before anything is told, it gives another trial: so as many train at once as
        you like.
        """
        self._refuse_closed()
        self._ask_for_stops()
        waiting = self._list_waiting()
        if not waiting:
            waiting.extend(self._searches.started(1))
        if not waiting:
            return None
        given = assignment(self._experiment, self._store, waiting.popleft())
        try:
            trial = AskedTrial(given, self._deliver, partial(self._stop_reason, given.id))
        except Torn as torn:
            self._deliver([Unrestored(given.id, torn.step)])
            waiting.appendleft(self._store.records(self._experiment.name)[given.id])
            return self.next()
        self._out[trial.id] = trial
        return trial

    def tell(self, trial: AskedTrial, value: float | None = None, *, failed: str = "") -> None:
        """Ends a trial: with its final value, with what it reported, or as failed.

        A trial that a schedule pauses or stopped is told of as well, without a value. A value that
        is not finite makes it infeasible, as does `failed`, the reason for people: neither is
        dropped.

        Raises:
            RunError: for a trial that is not out, or for nothing to tell.
        """
        self._refuse_closed()
        if trial not in self._out.values():
            raise RunError(
                f"Trial {getattr(trial, 'id', trial)} is not out: it was told of before, or `next` "
                "of this round did not give it. Tell of each trial that it gave, once."
            )
        if value is not None:
            trial.report(trial.max_steps - 1, {self._experiment.metric: value})
        trial.end(failed)
        del self._out[trial.id]
        self._stopped.discard(trial.id)

    def result(self) -> Result:
        """The result as it stands."""
        return load(self._store, self._experiment.name)

    def close(self) -> None:
        """Lets go of the store; what is out and not told of is handed out again another time."""
        self._closed = True
        self._open.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes."""
        self.close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise RunError(
                f"This round of `{self._experiment.name}` is closed. `etude.ask` with the same "
                "store opens it again, and hands out what nobody told of."
            )

    def _deliver(self, events: Sequence[Event]) -> None:
        self._refuse_closed()
        self._store.append(self._experiment.name, events)
        for event in events:
            if isinstance(event, Refused):
                raise refusal(event)
        if self._searches.see(events):
            self._ask_for_stops()

    def _stop_reason(self, trial_id: int) -> str:
        return "schedule" if trial_id in self._stopped else ""

    def _ask_for_stops(self) -> None:
        self._stopped.update(self._searches.stopped(self._waiting or deque(), _unobserved))

    def _list_waiting(self) -> deque[Record]:
        """The trials that nobody was given yet, read from the store the first time."""
        if self._waiting is None:
            name = self._experiment.name
            started(self._plan, self._store, name)
            self._waiting = deque(pending(self._plan, self._store, name))
        return self._waiting


@final
class AskedTrial:
    """A trial that is out: its setting, where it begins, where it pauses.

    Attributes:
        id: Unique in the experiment.
        setting: All hyperparameters, by name; `trial["learning_rate"]` reads one.
        seed: For initialization and data order.
        max_steps: Updates of a whole trial, whatever a schedule stops early.
        from_step: The first step to do: above 0 after a pause, an interruption or a fork.
        checkpoint: The folder to go on from; None to begin anew.
    """

    def __init__(
        self,
        given: Assignment,
        deliver: Callable[[Sequence[Event]], None],
        stop_reason: Callable[[], str],
    ) -> None:
        """Is made by `AskTell.next`."""
        self._events = EventChannel(given.id, deliver, study=given.study, every_s=0.0)
        self._trial = Trial(given, self._events, stop_reason, now_s=RUNNING.now_s)
        self._begin_s = time.monotonic()
        self.id, self.setting, self.seed = given.id, dict(given.setting), given.seed
        self.max_steps = given.max_steps
        self.checkpoint: Path | None = None
        self._trial.restore(self._take)
        self.from_step = self._trial.updates

    def __getitem__(self, name: str) -> Any:
        """The value of a hyperparameter; KeyError names the known ones."""
        return self._trial[name]

    def report(
        self,
        step: int,
        values: Mapping[str, float],
        *,
        checkpoint: Callable[[Path], object] | None = None,
    ) -> bool:
        """Records an evaluation; False where the trial is to go no further, and `tell` is next.

        Args:
            step: The step that was done last, from 0.
            values: The experiment's metric among them.
            checkpoint: Is called with an empty folder to save into.

        Raises:
            RunError: for values without names, and for a step that is none.
        """
        _refuse_nameless(values, self._trial.metric)
        try:
            self._trial.report(step, values, checkpoint=checkpoint)
        except Leave:
            return False  # kept by the trial, for `tell`
        return True

    def end(self, failed: str) -> None:
        """Is called by `AskTell.tell`."""
        trial = self._trial
        if failed and trial.left is None:
            ended: Any = Ended(trial.id, "infeasible", "error", failed, trial.updates)
        elif trial.left is not None:
            ended = parted(trial, trial.left)
        elif trial.reported:
            ended = Ended(trial.id, "completed", steps=trial.updates)
        else:
            raise RunError(
                f"Nothing is known of trial {trial.id}: tell its value, report before, or say why "
                "it failed: `tell(trial, failed=...)`."
            )
        self._events.end(ended, time.monotonic() - self._begin_s)

    def _take(self, folder: Path) -> None:
        self.checkpoint = folder


def _refuse_nameless(values: object, metric: str) -> None:
    if not isinstance(values, Mapping):
        raise RunError(
            "`report` takes a step, then values by name, and found "
            f'{values!r} for the values. Write `trial.report(step, {{"{metric}": value}})`.'
        )


def _unobserved(events: Sequence[Event]) -> None:
    """No observer is told: whoever asks sees everything."""
