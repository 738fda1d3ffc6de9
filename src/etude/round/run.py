"""One round from start to end: the only file that knows every stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import final

from ..design.checks import findings as of_design
from ..design.studies import studies as designed
from ..experiment import Experiment, baseline, toml
from ..experiment.entry import Entry
from ..record import Records
from ..runner.base import Runner
from ..runner.selection import LOOKED_AT, select_runner
from ..runner.user_code import refuse_while_importing
from ..search import search_of
from ..store import open_store
from ..store.base import Store
from ..trial import TrainFunction
from . import provenance
from .loop import Plan, pending, play, started
from .observer import Observer, Observers, Opening
from .preview import refuse_changes, refuse_imported, with_lines
from .prior import with_prior_trials
from .rehearsal import refuse_without_checkpoints, rehearse
from .result import Result, load, parent_in
from .resume import assignment
from .source import Source, runner_of, source_file


def run(
    experiment: Experiment | str | Path,
    train: TrainFunction | None = None,
    *,
    store: Store | str | Path | None = "memory",
    runner: Runner | str | None = None,
    workers: int | None = None,
    observers: Sequence[Observer] = (),
) -> Result:
    """Plays one round of an experiment: designs, trains, records. Started again, it goes on.

    Args:
        experiment: An Experiment, or the path of its file.
        train: A function of a Trial, or a workload; None for the one that the experiment names.
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
    chosen = runner_of(runner, Source(entry.experiment.train, folder, train), workers)
    held = open_store(store) if store is None or isinstance(store, str | Path) else store
    try:
        with held.own(entry.experiment.name):
            refuse_changes(held, entry.experiment)
            with with_lines(entry.text, entry.source):
                plan = sampled(entry.experiment)
            held.begin(entry)
            plan = with_prior_trials(plan, held, entry.experiment)
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


def sampled(experiment: Experiment) -> list[Plan]:
    """The studies with their searches. What cannot be sampled is refused here, before the store.

    Raises:
        SpaceError, RunError: for a space or a schedule that has no trials.
    """
    plan: list[Plan] = [(study, search_of(study)) for study in designed(experiment)]
    for study, search in plan:
        search.moves(study, Records.of([]), study.max_trials)
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
    choice = select_runner(about.asked, runner, waiting, steps=steps, rehearsed=rehearsed)
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
    audience = Observers(about.observers)
    audience.begin(opening)
    try:
        play(experiment, plan, runner=runner, store=store, see=audience.see)
    finally:
        audience.end()


def entered(
    experiment: Experiment | str | Path, train: TrainFunction | None = None
) -> tuple[Entry, Path]:
    """An experiment as a store keeps it, with this launch; the folder that its paths begin at.

    Source: K3.
    """
    if isinstance(experiment, Experiment):
        source = source_file(train)
        folder = Path(source).parent if source else Path.cwd()
        text = toml.dumps(experiment)
        entry = Entry(experiment=experiment, text=text)
    else:
        path = Path(experiment)
        folder = path.absolute().parent
        read, text = baseline.opened(path)
        entry = Entry(experiment=read, text=text, source=str(path.absolute()))
    return dataclasses.replace(entry, launches=(provenance.launch(folder),)), folder
