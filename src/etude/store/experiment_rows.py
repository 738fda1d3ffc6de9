"""Rows of experiments and of their launches, to entries and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from ..errors import ExperimentError, StoreError
from ..experiment import Experiment, toml
from ..experiment.entry import EarlierRound, Entry, Launch
from . import cells
from .cells import EXPERIMENT, LAUNCH, CellError, Place

ADD_LAUNCH = (
    "insert into launch(experiment_id, command, folder, process, started, commit_id, uncommitted, "
    "versions, accepts_code, code) values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
KEEP_PRIOR = "update experiment set prior = coalesce(prior, ?) where id = ?"


def entries(db: Connection) -> list[Entry]:
    """All experiments with their launches, oldest first."""
    refuse_orphans(db)
    rows = db.execute(f"select {EXPERIMENT.listed} from experiment order by id").fetchall()
    return [_entry(db, row) for row in rows]


def _entry(db: Connection, row: tuple[Any, ...]) -> Entry:
    key, name, text, source, place, prior = row
    here = Place("experiment", key)
    EXPERIMENT.check(row, here)
    ended = dict(
        db.execute(
            "select launch_id, count(*) from trial where experiment_id = ? "
            "and status in ('completed', 'stopped', 'infeasible') group by launch_id",
            (key,),
        ).fetchall()
    )
    launches = [
        _launch(row, ended, Place("launch", key))
        for row in db.execute(
            f"select {LAUNCH.listed} from launch where experiment_id = ? order by id", (key,)
        )
    ]
    return Entry(
        experiment=_experiment(text, name, here),
        text=text,
        source=source,
        launches=tuple(launches),
        prior=None if prior is None else _prior(cells.rounds(prior, here)),
        place=place,
    )


def experiment_of(db: Connection, key: int) -> Experiment:
    """The experiment of a key."""
    (row,) = db.execute(f"select {EXPERIMENT.listed} from experiment where id = ?", (key,))
    place = Place("experiment", key)
    EXPERIMENT.check(row, place)
    return _experiment(row[2], row[1], place)


@lru_cache(maxsize=256)
def _read(text: str, name: str) -> Experiment:
    """The experiment of a text, read once however often a store is asked."""
    return toml.loads(text, name=name)


def _experiment(text: str, name: str, place: Place) -> Experiment:
    """The experiment of a text that was right when it was written down, under this name."""
    try:
        experiment = _read(text, name)
    except ExperimentError as error:
        rule = f"an experiment ({error.mistakes[0].message})"
        raise CellError(place, "text", rule, text) from None
    if experiment.name != name:
        raise CellError(place, "name", f"the name in its text, {experiment.name!r}", name)
    return experiment


def _launch(row: tuple[Any, ...], ended: Mapping[int, int], place: Place) -> Launch:
    LAUNCH.check(row, place)
    row_id, command, folder, process, started, commit, uncommitted, versions, accepts, code = row
    return Launch(
        command=command,
        folder=folder,
        process=process,
        started=started,
        commit=commit,
        uncommitted=uncommitted,
        versions=cells.texts(versions, place, "versions"),
        ended=ended.get(row_id, 0),
        accepts_code=bool(accepts),
        code=cells.texts(code, place, "code"),
    )


def prior_text(entry: Entry) -> str | None:
    """What an experiment knows of earlier rounds, as its column has it."""
    if entry.prior is None:
        return None
    return json.dumps({name: [one.trials, one.ids] for name, one in entry.prior.items()})


def _prior(rounds: Mapping[str, tuple[int, list[int]]]) -> dict[str, EarlierRound]:
    return {name: EarlierRound(trials=n, ids=tuple(ids)) for name, (n, ids) in rounds.items()}


def launch_row(key: int, launch: Launch) -> tuple[Any, ...]:
    """The columns of a launch."""
    return (
        key,
        launch.command,
        launch.folder,
        launch.process,
        launch.started,
        launch.commit,
        launch.uncommitted,
        json.dumps(dict(launch.versions)),
        int(launch.accepts_code),
        json.dumps(dict(launch.code)),
    )


def refuse_namesake(db: Connection, name: str, path: Path) -> None:
    """Refuses a name that differs in case alone, where that is one folder and one lock.

    Raises:
        StoreError: with the name that is taken.
    """
    known = {one for (one,) in db.execute("select name from experiment")}
    twins = [one for one in known if one != name and str(one).casefold() == name.casefold()]
    other_case = path.with_name(path.name.swapcase())
    if twins and other_case.exists() and other_case.samefile(path):
        raise StoreError(
            f"The store has an experiment `{twins[0]}`, and the file system takes `{name}` for the "
            "same name. Give the experiment a name of its own."
        )


def refuse_orphans(db: Connection) -> None:
    """Refuses rows of experiments that are not there: a reader would pass over them in silence."""
    for table in ("trial", "chunk", "checkpoint", "stretch"):
        # From one experiment to the next along the index, whatever the number of rows.
        stray = db.execute(
            f"with recursive own(key) as (select min(experiment_id) from {table} union all "
            f"select (select min(experiment_id) from {table} where experiment_id > key) "
            "from own where key is not null) "
            "select key from own where key is not null and key not in (select id from experiment)"
        ).fetchone()
        if stray is not None:
            raise CellError(Place(table), "experiment_id", "an experiment of the store", stray[0])
