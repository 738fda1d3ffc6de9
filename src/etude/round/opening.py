"""The opening of a round: its experiment is read, held, refused or written down, and planned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias, final

from ..design.studies import studies
from ..disk.file import sweep_asides
from ..errors import ExperimentError, RunError
from ..experiment import Experiment, baseline, changes, toml
from ..experiment.entry import Entry
from ..experiment.methods import SEARCHES
from ..experiment.toml.read import error_with_lines
from ..move import Stop
from ..record import Records, is_code_failure
from ..runner.workload_source import names_workload
from ..search import search_of
from ..store import open_or_borrow
from ..store.base import Store, unheard
from ..store.tracked import Tracked
from ..text.signs import storable
from ..train.workload import is_workload
from ..trial import TrainFunction
from . import provenance
from .changed_code import ChangedFile
from .identity import free_name, refuse_another_file
from .launch_code import code_at_start
from .prior import earlier_rounds, with_prior_trials
from .searches import Plan
from .source import source_file, train_place

# What a person agrees to beforehand: that this is the file that the store knows by its name, moved
# or renamed; that its trials are of several versions of the code.
Agreed: TypeAlias = Literal["same_file", "changed_code", "retry_errors"]


@final
@dataclass(frozen=True, kw_only=True)
class OpenRound:
    """A round whose experiment is written down, in a store that this process holds.

    Args:
        plan: The studies with their searches, the trials of earlier rounds among what they know.
        changed_code: The user's files that changed since trials ended.
        accepts_code: Whether that is known and accepted.
    """

    experiment: Experiment
    plan: Sequence[Plan]
    store: Store
    changed_code: Sequence[ChangedFile] = ()
    accepts_code: bool = False

    @property
    def new_name(self) -> str:
        """A name that the experiment could have instead, free in the store."""
        return free_name(self.store, self.experiment.name)


@contextmanager
def open_round(
    entry: Entry,
    store: Store | str | Path | None,
    *,
    agreed: Collection[Agreed] = (),
    folder: Path | None = None,
    train: TrainFunction | str | None = None,
    on_loss: Callable[[], object] = unheard,
) -> Iterator[OpenRound]:
    """Holds an experiment for this process, and writes it down where nothing speaks against it.

    Where nothing is left to train and nothing new is said, there is no launch to write down.

    Args:
        entry: The experiment, with this launch.
        store: A Store, or a path of one that is closed at the end.
        agreed: As `same_file`: its file is the one that the store knows, moved or renamed.
        folder: The experiment's, for the code that the launch begins with; None: nobody notes it.
        train: The function that trains it, or its reference.
        on_loss: Is called, in another thread, where the store is lost meanwhile.

    Raises:
        StoreError: where the store cannot be opened or is lost meanwhile, or another process holds
            the experiment.
        RunError, SpaceError: for an experiment that the store has with other results or from
            another file, or that has no trials. None leaves a trace in the store.
    """
    experiment = entry.experiment
    with open_or_borrow(store) as opened_store, opened_store.own(experiment.name, on_loss):
        opened_store.files.refuse_file_for_folder(experiment.name)
        refuse_changes(opened_store, experiment)
        if "same_file" not in agreed:
            refuse_another_file(opened_store, entry)
        with with_lines(entry.text, entry.source):
            plan = plan_of(experiment)
            refuse_unsampled(plan)
        if any(search.adapts for _, search in plan):
            entry = replace(entry, prior=earlier_rounds(opened_store, experiment))
        if folder is not None:
            sweep_asides(folder)
            entry = _with_code(entry, opened_store, folder, train)
        if agreed or not _is_finished(entry, opened_store, plan):
            opened_store.begin(entry)
        plan = with_prior_trials(plan, opened_store, experiment)
        tracked = Tracked(opened_store, experiment.name)
        yield OpenRound(experiment=experiment, plan=plan, store=tracked)


def entry_of(
    experiment: Experiment | str | Path,
    train: TrainFunction | None = None,
    *,
    accepts_code: bool = False,
    folder: Path | None = None,
) -> tuple[Entry, Path]:
    """An experiment as a store keeps it, with this launch; the folder that its paths begin at.

    Args:
        experiment: The experiment, or the path of its file.
        train: The function that trains it, where it was given.
        accepts_code: Whether it is accepted that its trials are of several versions of the code.
        folder: Where the paths of an Experiment begin; None for the working folder, or that of the
            function.

    Raises:
        ExperimentError: for what is wrong with its file.
        RunError: where another tool trained its trials.

    Source: K3.
    """
    if isinstance(experiment, Experiment):
        source = source_file(train)
        folder = folder or (Path(source).parent if source else Path.cwd())
        entry = Entry(experiment=experiment, text=toml.dumps(experiment))
    else:
        path = Path(experiment)
        folder = path.absolute().parent
        read, text = baseline.read_with_baseline(path)
        entry = Entry(experiment=read, text=text, source=storable(str(path.absolute())))
    reference = entry.experiment.train
    own_loop = names_workload(reference, folder) if train is None else is_workload(train)
    program = train_place(reference, folder) if train is None else Path(source_file(train))
    launch = provenance.launch(folder, program=program, own_loop=own_loop)
    entry = replace(entry, launches=(replace(launch, accepts_code=accepts_code),))
    refuse_imported(entry.experiment)
    return entry, folder


def plan_of(experiment: Experiment) -> list[Plan]:
    """The studies of an experiment, each with its search."""
    return [(study, search_of(study)) for study in studies(experiment)]


def refuse_unsampled(plan: Sequence[Plan]) -> None:
    """Refuses what cannot be sampled before a store knows of it.

    Raises:
        SpaceError, RunError: for a space or a schedule that has no trials.
    """
    for study, search in plan:
        search.moves(study, Records.of([]), study.max_trials)


def refuse_changes(store: Store, new: Experiment) -> None:
    """Refuses an experiment that is in the store under this name, but with other results.

    Raises:
        RunError: naming what changed.

    Source: R12.
    """
    experiments = (entry.experiment for entry in store.entries())
    old = next((one for one in experiments if one.name == new.name), None)
    changed = changes(old, new) if old else []
    if not old or not changed or _may_change(store, old, changed):
        return
    if changed == ["trials"] and new.trials > old.trials:
        raise RunError(
            f"Experiment `{new.name}` is a population of {old.trials} in this store, and a "
            f"population cannot grow, found trials = {new.trials}. Give the experiment a new name."
        )
    if changed == ["trials"]:
        raise RunError(
            f"Experiment `{new.name}` has {old.trials} trials a study in this store; their number "
            f"can only grow, found trials = {new.trials}. Give the experiment a new name."
        )
    listed = ", ".join(f"`{key}`" for key in changed)
    raise RunError(
        f"Experiment `{new.name}` is in this store already, with another {listed}. Results of two "
        f'experiments do not mix: give it a new name, for example "{free_name(store, new.name)}".'
        f"{_way_to_keep(store, new.name)}"
    )


def _may_change(store: Store, experiment: Experiment, keys: Sequence[str]) -> bool:
    """Whether nothing is known yet that these keys bear on: no trial has begun, nor is planned so.

    Without a schedule, settings and seeds of trials that wait are the same for any length.
    """
    if experiment.schedule is not None or not {"max_steps", "evaluations"}.issuperset(keys):
        return False
    return not any(
        record.ended or record.steps or record.losses or len(record.points.rows_P)
        for record in store.records(experiment.name)
    )


def _way_to_keep(store: Store, name: str) -> str:
    """How trials are kept beside some that the code ended, as after a value that it knows not."""
    if not any(map(is_code_failure, store.records(name))):
        return ""
    return (
        " To keep the trials that ended well, leave the file as it was, mend the code, and train "
        "again what failed: --retry-errors."
    )


def refuse_imported(experiment: Experiment) -> None:
    """Refuses an experiment whose trials another tool trained.

    Raises:
        RunError: with the way to a round that can be run.
    """
    if SEARCHES[experiment.search].trained_elsewhere:
        raise RunError(
            f"The trials of `{experiment.name}` were trained by another tool, so nothing can be "
            f"trained from here. `etude next {experiment.name}` writes the next round, which can "
            'be; or write `search = "quasi_random"` and a new name.'
        )


def _with_code(
    entry: Entry, store: Store, folder: Path, train: TrainFunction | str | None
) -> Entry:
    """The entry, with the code that its launch begins with."""
    name = entry.experiment.name
    is_known = any(one.experiment.name == name for one in store.entries())
    code = code_at_start(store.records(name) if is_known else (), folder, train)
    return replace(entry, launches=tuple(replace(one, code=code) for one in entry.launches))


def _is_finished(entry: Entry, store: Store, plan: Sequence[Plan]) -> bool:
    """Whether a store has this very file, no trial of it waits, and no search wants another."""
    name = entry.experiment.name
    known = next((one for one in store.entries() if one.experiment.name == name), None)
    if known is None or (known.text, known.source) != (entry.text, entry.source):
        return False
    stored = store.records(name)
    if not stored.count() or any(stored.count(one) for one in ("pending", "running", "paused")):
        return False
    records = Tracked(store, name).records(name)  # which has the trials of a study at hand
    return not any(
        not isinstance(move, Stop)
        for study, search in with_prior_trials(plan, store, entry.experiment)
        for move in search.moves(study, records.of_study(study.name), 1)
    )


@contextmanager
def with_lines(text: str, file: str) -> Iterator[None]:
    """Tells the lines of mistakes that show only when studies are made of an experiment's file.

    Raises:
        ExperimentError: what was raised inside, with its lines where there is a file.
    """
    try:
        yield
    except ExperimentError as error:
        if not file or any(mistake.file for mistake in error.mistakes):
            raise
        raise error_with_lines(error, text, file) from None
