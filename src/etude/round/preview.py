"""What a run would be, before a step is trained: its trials, what the rules say, its pace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..design.checks import findings as of_design
from ..design.studies import studies as designed
from ..errors import ExperimentError, RunError
from ..experiment import Experiment, changes
from ..experiment.methods import SEARCHES
from ..experiment.toml.read import placed
from ..finding import Finding
from ..move import Start
from ..record import Record, Records
from ..search import search_of
from ..store import location, open_store
from ..store.base import Store, reserved
from ..study import Study
from .loop import Plan
from .result import parent_in


def planned(
    experiment: Experiment, store: str | Path | None = None
) -> list[tuple[Study, list[Record]]]:
    """The studies with the trials that a run has or would have, under their ids in the store.

    Source: R12, R13, Q3.
    """
    refuse_imported(experiment)
    plan: list[Plan] = [(study, search_of(study)) for study in designed(experiment)]
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


def refuse_changes(store: Store, new: Experiment) -> None:
    """Refuses an experiment that is in the store under this name, but with other results.

    Raises:
        RunError: naming what changed.

    Source: R12.
    """
    known = [one for one in store.entries() if one.experiment.name == new.name]
    changed = [key for one in known for key in changes(one.experiment, new)]
    if not changed:
        return
    old = known[0].experiment
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
        f'experiments do not mix: give it a new name, for example "{new.name}-2".'
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
        raise placed(error, text, file) from None


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
