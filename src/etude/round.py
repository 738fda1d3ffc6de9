"""One round from start to end: the only file that knows every stage."""

from __future__ import annotations

import dataclasses
import inspect
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import final

from . import baseline, experiment_file, provenance
from .design.checklist import findings as of_design
from .design.studies import studies as designed
from .errors import InputError, RunError
from .event import Ended, Event, Lost, Refused, Rehearsed
from .experiment import Experiment
from .forecast import refuse_changes, refuse_imported, with_lines
from .launch import Entry
from .methods import FROM_CHECKPOINTS
from .observer import Audience, Observer, Opening
from .play import Plan, assignment, pending, play, refusal, started
from .prior import informed
from .record import Records
from .result import Result, load, parent_in
from .runner.base import Runner
from .runner.blame import user_traceback
from .runner.choice import IN_WORKERS, LOOKED_AT, choose
from .runner.inline import Inline
from .runner.load import Train, refuse_while_importing, train_file, train_function
from .runner.processes import Processes
from .search import search_of
from .store import open_store
from .store.base import Store
from .trial import Assignment


def run(
    experiment: Experiment | str | Path,
    train: Train | None = None,
    *,
    store: Store | str | Path | None = "memory",
    runner: Runner | str | None = None,
    workers: int | None = None,
    observers: Sequence[Observer] = (),
) -> Result:
    """Plays one round of an experiment: designs, trains, records. Started again, it goes on.

    Args:
        experiment: An Experiment, or the path of its file.
        train: A function of a Trial; None for the one that the experiment names.
        store: A path, `memory`, or a Store. None for `ETUDE_STORE`, else `etude.db`.
        runner: `inline`, `processes`, `vectorized` (a workload's trials in stacks, or a reason why
            not), `auto` (whichever is measured to be faster), or a Runner. None for `inline` with a
            function, else `auto`.
        workers: Processes; None for one a visible GPU, else one a core.
        observers: Told what happens.

    Raises:
        InputError: for what is wrong with the experiment, the store or the metric.
        TrainError: when the first trials all meet the same exception of the user's code.

    Source: R1, K2, K3.
    """
    refuse_while_importing()
    entry, folder = entered(experiment, train)
    refuse_imported(entry.experiment)
    chosen = _runner(runner, _Source(entry.experiment.train, folder, train), workers)
    held = open_store(store) if store is None or isinstance(store, str | Path) else store
    try:
        with held.own(entry.experiment.name):
            refuse_changes(held, entry.experiment)
            with with_lines(entry.text, entry.source):
                plan = sampled(entry.experiment, held)
            held.begin(entry)
            asked = runner if isinstance(runner, str) else "" if runner or train else "auto"
            about = _About(entry.experiment, plan, observers, asked)
            _perform(about, runner=chosen, store=held)
        result = load(held, entry.experiment.name)
        result.records[:]  # read while the store is open
        return result
    finally:
        chosen.close()
        if held is not store:
            held.close()


def sampled(experiment: Experiment, store: Store | None = None) -> list[Plan]:
    """The studies with their searches. What cannot be sampled is refused here, before the store.

    Args:
        experiment: Of the round.
        store: What earlier rounds found, for a search that learns from it.

    Raises:
        SpaceError, RunError: for a space or a schedule that has no trials.
    """
    plan: list[Plan] = [
        (study, search_of(study)) for study in informed(designed(experiment), experiment, store)
    ]
    for study, search in plan:
        search.moves(study, Records.of([]), 1 if study.prior else study.max_trials)
    return plan


@final
@dataclasses.dataclass(frozen=True)
class _About:
    """What is to be done, who looks on, and the name of the runner that was asked for."""

    experiment: Experiment
    plan: Sequence[Plan]
    observers: Sequence[Observer]
    asked: str


def _perform(about: _About, *, runner: Runner, store: Store) -> None:
    experiment, plan = about.experiment, about.plan
    studies = [study for study, _ in plan]
    there = len(pending(plan, store, experiment.name))
    started(plan, store, experiment.name, free=runner.free - there)
    records = store.records(experiment.name)
    rehearsed = None
    left = pending(plan, store, experiment.name)
    waiting = [assignment(experiment, store, one) for one in left[:LOOKED_AT]]
    if not any(record.ended for record in records):
        rehearsed = rehearse(runner, waiting[0])
        refuse_without_checkpoints(experiment, rehearsed)
    steps = len(left) * experiment.max_steps
    choice = choose(about.asked, runner, waiting, steps=steps, rehearsed=rehearsed)
    opening = Opening(
        experiment=experiment,
        studies=studies,
        records=records,
        slots=runner.slots,
        rehearsed=rehearsed,
        choice=choice.line,
        pace=choice.pace,
        findings=of_design(experiment, studies, parent_in(store.entries(), experiment)),
    )
    audience = Audience(about.observers)
    audience.begin(opening)
    try:
        play(experiment, plan, runner=runner, store=store, see=audience.see)
    finally:
        audience.end()


def rehearse(runner: Runner, first: Assignment) -> Rehearsed:
    """Two steps and one evaluation of a trial, timed and forgotten, before the hours are spent.

    Raises:
        RunError, TrainError, StoreError: for what would keep every trial from being trained.
    """
    events: list[Event] = []
    with tempfile.TemporaryDirectory(prefix="etude-") as folder:
        trial = dataclasses.replace(
            first,
            rehearsal=True,
            max_steps=min(2, first.max_steps),
            evaluations=1,
            resume_step=None,
            until_step=None,
            folder=Path(folder),
            checkpoints=Path(folder) / "checkpoints",
        )
        runner.submit([trial])
        while not events and runner.wait(events.extend):
            pass
    (event,) = events
    if isinstance(event, Refused):
        raise refusal(event)
    if isinstance(event, Lost):
        return Rehearsed(first.id, problem=f"The worker died: {event.detail}.")
    if isinstance(event, Ended):  # killed for not coming back in time
        return Rehearsed(first.id, problem=event.detail)
    assert isinstance(event, Rehearsed), f"A rehearsal sent {event}. This is a bug."
    return event


def refuse_without_checkpoints(experiment: Experiment, rehearsed: Rehearsed) -> None:
    """Refuses a schedule that goes on from checkpoints where the loop has none.

    Raises:
        RunError: with the two calls that are missing.

    Source: W4, K2.
    """
    if experiment.schedule in FROM_CHECKPOINTS and rehearsed.resumes is False:
        raise RunError(
            f"The schedule `{experiment.schedule}` goes on from checkpoints, and the train "
            "function writes none, or does not ask for them. Pass `checkpoint=` to `trial.report` "
            "and call `trial.restore` before the loop; or write schedule = "
            '"asha", which can do without.'
        )


@final
@dataclasses.dataclass(frozen=True)
class _Source:
    """Where the train function comes from: a reference relative to a folder, or itself."""

    reference: str | None
    folder: Path
    function: Train | None

    def load(self) -> Train:
        """The function in this process.

        Raises:
            TrainError: when its module raises while it is imported.
        """
        if self.function is not None:
            return self.function
        try:
            return train_function(self._named(), self.folder)
        except (InputError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise refusal(Refused(-1, "import", user_traceback(error))) from error

    def named(self) -> tuple[str, Path]:
        """File and function for another process to import."""
        if self.function is None:
            train_file(self._named(), self.folder)
            return self._named(), self.folder
        file, name = _source_file(self.function), getattr(self.function, "__qualname__", "it")
        if not Path(file).is_file() or not name.isidentifier():
            raise RunError(
                f"The runner `processes` imports the train function, but `{name}` is not at the "
                'top level of a file. Move it there, or use runner="inline".'
            )
        return f"{Path(file).name}:{name}", Path(file).parent

    def _named(self) -> str:
        if self.reference is None:
            raise RunError(
                "There is nothing to train with. Pass a function to `run`, or write "
                '`train = "train.py:train"` in [experiment].'
            )
        return self.reference


def _runner(runner: Runner | str | None, source: _Source, workers: int | None) -> Runner:
    if runner is not None and not isinstance(runner, str):
        return runner
    name = runner or ("inline" if source.function else "auto")
    if name == "inline" and (workers or 1) > 1:
        raise RunError(
            f"The runner `inline` trains one trial at a time, but workers={workers}. "
            'Leave `workers` out, or pass runner="processes".'
        )
    if name == "inline":
        return Inline(source.load)
    if name in IN_WORKERS:
        reference, folder = source.named()
        return Processes(reference, folder, workers=workers)
    known = ", ".join(f"`{each}`" for each in ("inline", *IN_WORKERS))
    raise RunError(f"There is no runner `{name}`. Known: {known}.")


def entered(experiment: Experiment | str | Path, train: Train | None = None) -> tuple[Entry, Path]:
    """An experiment as a store keeps it, with this launch; the folder that its paths begin at.

    Source: K3.
    """
    if isinstance(experiment, Experiment):
        source = _source_file(train)
        folder = Path(source).parent if source else Path.cwd()
        text = experiment_file.dumps(experiment)
        entry = Entry(experiment=experiment, text=text)
    else:
        path = Path(experiment)
        folder = path.absolute().parent
        read, text = baseline.opened(path)
        entry = Entry(experiment=read, text=text, source=str(path.absolute()))
    return dataclasses.replace(entry, launches=(provenance.launch(folder),)), folder


def _source_file(train: Train | None) -> str:
    """The file of a function; empty for what has none, such as a partial."""
    try:
        return (inspect.getsourcefile(train) if train else None) or ""
    except TypeError:
        return ""
