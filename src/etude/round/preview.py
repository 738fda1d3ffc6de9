"""The preview of a run, before a step is trained: its trials, what the rules say, its pace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..design.checks import findings as of_design
from ..design.studies import studies as designed
from ..experiment import Experiment
from ..experiment.entry import Entry
from ..finding import Finding
from ..move import Start
from ..record import Record, Records
from ..store import location, open_store
from ..store.base import Store, reservation_of
from ..study import Study
from .identity import refuse_another_file
from .launch_code import code_before
from .opening import plan_of, refuse_changes, refuse_imported
from .prior import with_prior_trials
from .result import parent_in


def planned_trials(
    experiment: Experiment, store: str | Path | None = None, *, source: str = ""
) -> list[tuple[Study, list[Record]]]:
    """The studies with the trials that a run has or would have, under their ids in the store.

    A study has the trials of earlier rounds that its search begins with; what that would choose by
    them is not asked, so its new trials are those of a search that knows of none.

    Args:
        experiment: The experiment.
        store: Where it is or would be run.
        source: Its file, which is refused where the store knows another one under its name.

    Source: R12, R13, Q3, X1.
    """
    refuse_imported(experiment)
    plan = plan_of(experiment)
    with _existing_store(store) as existing:
        records = _records(experiment, existing)
        if existing is not None and source:
            refuse_another_file(existing, Entry(experiment=experiment, text="", source=source))
        informed = with_prior_trials(plan, existing, experiment) if existing else plan
    for study, search in plan:
        own_records = Records.of(records).of_study(study.name)
        moves = search.moves(study, own_records, study.max_trials)
        starts = [move for move in moves if isinstance(move, Start)]
        index = own_records.count()
        records += reservation_of(study, starts, {}, first_id=len(records), first_index=index).new
    return [(study, [one for one in records if one.study == study.name]) for study, _ in informed]


def design_findings(
    experiment: Experiment, store: str | Path | None = None, folder: Path | None = None
) -> list[Finding]:
    """The findings of the rules on this design; its parent is read from the store, where it has it.

    Args:
        experiment: The experiment.
        store: Where it is or would be run.
        folder: Where the path of its training file begins; None where nobody may read that.

    Source: S2, S3, S10, T4, R3, R6, R7, R8, R9, R10, R13, R15, R16, Q11.
    """
    with _existing_store(store) as existing:
        parent = parent_in(existing.entries() if existing else (), experiment)
    code = code_before(folder, experiment.train) if folder else ()
    return of_design(experiment, designed(experiment), parent, code)


def timing_trials(experiment: Experiment, store: str | Path | None = None) -> list[Record]:
    """The ended trials that tell its pace: its own, else those of the round before.

    Source: R15.
    """
    with _existing_store(store) as existing:
        if existing is None:
            return []
        known = {entry.experiment.name for entry in existing.entries()}
        for name in (experiment.name, experiment.parent):
            if name in known and (ended := list(existing.records(name).ended())):
                return ended
    return []


@contextmanager
def _existing_store(store: str | Path | None) -> Iterator[Store | None]:
    """The store, open for reading; None where there is none yet."""
    place = location(store)
    if place == "memory" or not Path(place).is_file():
        yield None
        return
    with closing(open_store(place, create=False)) as existing:
        yield existing


def _records(experiment: Experiment, store: Store | None) -> list[Record]:
    if store is None:
        return []
    refuse_changes(store, experiment)
    is_known = experiment.name in [entry.experiment.name for entry in store.entries()]
    return list(store.records(experiment.name)) if is_known else []
