"""What a run would be, before a step is trained: its trials, what the rules say, its pace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..design.checks import findings as of_design
from ..design.studies import studies as designed
from ..experiment import Experiment
from ..finding import Finding
from ..move import Start
from ..record import Record, Records
from ..store import location, open_store
from ..store.base import Store, reserved
from ..study import Study
from .opening import plan_of, refuse_changes, refuse_imported
from .result import parent_in


def planned(
    experiment: Experiment, store: str | Path | None = None
) -> list[tuple[Study, list[Record]]]:
    """The studies with the trials that a run has or would have, under their ids in the store.

    Source: R12, R13, Q3.
    """
    refuse_imported(experiment)
    plan = plan_of(experiment)
    with _known(store) as held:
        records = _recorded(experiment, held)
    for study, search in plan:
        there = Records.of(records).of_study(study.name)
        moves = search.moves(study, there, study.max_trials)
        starts = [move for move in moves if isinstance(move, Start)]
        found = reserved(study, starts, {}, first_id=len(records), first_index=there.count())
        records += found.new
    return [(study, [one for one in records if one.study == study.name]) for study, _ in plan]


def design_findings(experiment: Experiment, store: str | Path | None = None) -> list[Finding]:
    """What the rules say of this design; its parent is the store's, where it is there.

    Source: S3, S10, T4, R3, R6, R7, R9, R13, R15, Q11.
    """
    with _known(store) as held:
        parent = parent_in(held.entries() if held else (), experiment)
    return of_design(experiment, designed(experiment), parent)


def timing_trials(experiment: Experiment, store: str | Path | None = None) -> list[Record]:
    """The ended trials that tell its pace: its own, else those of the round before.

    Source: R15.
    """
    with _known(store) as held:
        known = {entry.experiment.name for entry in held.entries()} if held else set()
        names = [one for one in (experiment.name, experiment.parent) if one in known]
        ended = [list(held.records(name).ended()) for name in names if held and name]
    return next((each for each in ended if each), [])


@contextmanager
def _known(store: str | Path | None) -> Iterator[Store | None]:
    """The store, open for reading; None where there is none yet."""
    place = location(store)
    if place == "memory" or not Path(place).is_file():
        yield None
        return
    with closing(open_store(place, create=False)) as held:
        yield held


def _recorded(experiment: Experiment, held: Store | None) -> list[Record]:
    if held is None:
        return []
    refuse_changes(held, experiment)
    known = experiment.name in [entry.experiment.name for entry in held.entries()]
    return list(held.records(experiment.name)) if known else []
