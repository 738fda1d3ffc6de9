"""One round from start to end: the only file that knows every stage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ..design.checks import findings as of_design
from ..experiment import Experiment
from ..experiment.entry import Entry
from ..runner.base import Runner
from ..runner.processes import Processes
from ..runner.selection import LOOKED_AT, select_runner
from ..runner.user_code import refuse_while_importing
from ..store import open_or_borrow
from ..store.base import Store
from ..trial import TrainFunction
from .changed_code import changed_code
from .interrupt import main_thread_interrupt
from .loop import pending, play, started
from .notebook import cell_observers
from .observer import Observer, Observers, Opening
from .opening import Agreed, OpenRound, entry_of, open_round
from .ranks import together
from .rehearsal import refuse_without_checkpoints, rehearse
from .result import Result, load, parent_in, read_whole
from .resume import assignment, lost_checkpoints
from .retry import reopen
from .searches import Searches
from .source import Source, runner_of


def run(  # noqa: PLR0913  # what a person may say of a run
    experiment: Experiment | str | Path,
    train: TrainFunction | None = None,
    *,
    store: Store | str | Path | None = "memory",
    runner: Runner | str | None = None,
    workers: int | None = None,
    observers: Sequence[Observer] = (),
    agreed: Collection[Agreed] = (),
    folder: Path | None = None,
) -> Result:
    """Plays one round of an experiment: designs, trains, records. Started again, it goes on.

    Args:
        experiment: An Experiment, or the path of its file.
        train: A function of a Trial, or a workload; None for the one that the experiment names.
        store: A path, `memory`, or a Store. None for `ETUDE_STORE`, else `etude.db`.
        runner: `inline`, `processes`, `vectorized` (a workload's trials in stacks, or a reason why
            not), `auto` (whichever is measured to be faster), `ray` or the `host:port` of a Ray
            cluster, or a Runner. None for `inline` with a function, else `auto`.
        workers: Processes; None for one a visible GPU, else one a core.
        observers: Told what happens.
        agreed: `same_file`: this is the file that the store knows by its name, moved or renamed.
            `changed_code`: that some trials were trained by another version of the code is known
            and accepted. `retry_errors`: what an error of the code or the machine ended is trained
            again.
        folder: Where the paths of an Experiment begin; None for the working folder. Those of a file
            begin at its own.

    Raises:
        InputError: for what is wrong with the experiment, the store or the metric.
        TrainError: when the first trials all meet the same exception of the user's code.

    Source: R1, K2, K3.
    """
    refuse_while_importing()
    entry, folder = entry_of(
        experiment, train, accepts_code="changed_code" in agreed, folder=folder
    )
    source = Source(entry.experiment.train, folder, train)
    chosen_runner = runner_of(runner, source, workers, entry.experiment.resources, store=store)
    runner_name = runner if isinstance(runner, str) else "" if runner or train else "auto"
    with (
        together(source, runner) as first_rank,
        open_or_borrow(store) as opened_store,
        closing(first_rank or chosen_runner) as playing,
    ):
        with (
            main_thread_interrupt() as interrupt,
            open_round(
                entry,
                opened_store,
                agreed=agreed,
                folder=folder,
                train=train or entry.experiment.train,
                on_loss=interrupt,
            ) as this_round,
        ):
            this_round = _with_code(this_round, entry, train, folder, agreed)
            name = "" if first_rank else runner_name
            _perform(this_round, playing, runner_name=name, observers=observers)
        result = load(opened_store, entry.experiment.name)
        read_whole(result)
        return result


def _with_code(
    this_round: OpenRound,
    entry: Entry,
    train: TrainFunction | None,
    folder: Path,
    agreed: Collection[Agreed],
) -> OpenRound:
    """The same round, with what is known of its code; what an error ended is pending if agreed."""
    if "retry_errors" in agreed:
        reopen(this_round.store, entry.experiment.name)
    records = this_round.store.records(entry.experiment.name)
    changed = changed_code(records, folder, train or entry.experiment.train)
    accepts_code = entry.launches[-1].accepts_code
    return replace(this_round, changed_code=changed, accepts_code=accepts_code)


def _perform(
    this_round: OpenRound, runner: Runner, *, runner_name: str, observers: Sequence[Observer]
) -> None:
    """Plays an open round; `runner_name` is empty where a Runner or a function was given."""
    experiment, plan, store = this_round.experiment, this_round.plan, this_round.store
    studies = [study for study, _ in plan]
    interrupted = len(pending(plan, store, experiment.name))
    started(plan, store, experiment.name)
    Searches(plan, store, experiment.name).started(runner.free - interrupted)
    records = store.records(experiment.name)
    waiting = pending(plan, store, experiment.name)
    first = [assignment(experiment, store, record) for record in waiting[:LOOKED_AT]]
    rehearsed = None
    if waiting and not any(record.ended for record in records):
        rehearsed = rehearse(runner, first[0], store.files.rehearsal(experiment.name))
        refuse_without_checkpoints(experiment, rehearsed)
    steps = len(waiting) * experiment.max_steps
    choice = select_runner(runner_name, runner, first, steps=steps, rehearsed=rehearsed)
    opening = Opening(
        experiment=experiment,
        studies=studies,
        records=records,
        slots=runner.slots,
        why=runner.why if isinstance(runner, Processes) else "",
        rehearsed=rehearsed,
        choice=choice.line,
        is_stacked=choice.is_stacked,
        pace=choice.pace,
        changed_code=this_round.changed_code,
        accepts_code=this_round.accepts_code,
        new_name=this_round.new_name if this_round.changed_code else "",
        lost_checkpoints=lost_checkpoints(store, experiment.name, waiting),
        findings=of_design(experiment, studies, parent_in(store.entries(), experiment)),
    )
    every_observer = Observers([*observers, *cell_observers()])
    every_observer.begin(opening)
    try:
        play(experiment, plan, runner=runner, store=store, see=every_observer.see)
    finally:
        every_observer.end()
