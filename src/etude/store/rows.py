"""Rows of the database, to records and back. Points are packed, one chunk a trial and append."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from sqlite3 import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..code import Code, Stretch
from ..event import Began, Coded, Event, Logged
from ..experiment import toml
from ..experiment.entry import EarlierRound, Entry, Launch
from ..record import NO_POINTS, POINT, Checkpoint, Points, Record
from . import code_rows
from .base import record_after

ADD_LAUNCH = (
    "insert into launch(experiment_id, command, folder, process, started, commit_id, uncommitted, "
    "versions, accepts_code, code) values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
ADD_TRIAL = (
    "insert into trial(experiment_id, id, study, position, setting, seed, status, reason, detail, "
    "steps, wall_s, losses, unread, taken, name, parent_id, from_step, until_step) "
    "values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
KEEP_PRIOR = "update experiment set prior = coalesce(prior, ?) where id = ?"
RESUME = "update trial set status = 'pending', until_step = ? where experiment_id = ? and id = ?"
_TRIAL = (
    "id, study, position, setting, seed, status, reason, detail, steps, wall_s, losses, unread, "
    "taken, name, parent_id, from_step, until_step"
)


def entry(db: Connection, key: int, text: str, source: str) -> Entry:
    """The experiment of this row with its launches."""
    ended = dict(
        db.execute(
            "select launch_id, count(*) from trial where experiment_id = ? "
            "and status in ('completed', 'stopped', 'infeasible') group by launch_id",
            (key,),
        ).fetchall()
    )
    launches = [
        _launch(row, ended)
        for row in db.execute(
            "select id, command, folder, process, started, commit_id, uncommitted, versions, "
            "accepts_code, code from launch where experiment_id = ? order by id",
            (key,),
        )
    ]
    name, place, prior = db.execute(
        "select name, place, prior from experiment where id = ?", (key,)
    ).fetchone()
    return Entry(
        experiment=toml.loads(text, file=source, name=name),
        text=text,
        source=source,
        launches=tuple(launches),
        prior=None if prior is None else _prior(json.loads(prior)),
        place=place,
    )


def _launch(row: tuple[Any, ...], ended: Mapping[int, int]) -> Launch:
    row_id, command, folder, process, started, commit, uncommitted, versions, accepts, code = row
    return Launch(
        command=command,
        folder=folder,
        process=process,
        started=started,
        commit=commit,
        uncommitted=uncommitted,
        versions=json.loads(versions),
        ended=ended.get(row_id, 0),
        accepts_code=bool(accepts),
        code=json.loads(code),
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


def trial_row(key: int, record: Record) -> tuple[Any, ...]:
    """The columns of a trial."""
    return (
        key,
        record.id,
        record.study,
        record.index,
        json.dumps(dict(record.setting)),
        record.seed,
        *_status_columns(record),
        record.name,
        record.parent,
        record.from_step,
        record.until_step,
    )


def next_places(db: Connection, key: int, study: str) -> tuple[int, int]:
    """The next id of an experiment and the next place in a study, by the last trials of each.

    Both are dense, and from the end few rows are read: a count would read all of them.
    """
    (last_id,) = db.execute("select max(id) from trial where experiment_id = ?", (key,)).fetchone()
    last = db.execute(
        "select position from trial where experiment_id = ? and study = ? order by id desc limit 1",
        (key, study),
    ).fetchone()
    return (0 if last_id is None else last_id + 1), (0 if last is None else last[0] + 1)


def by_trial(events: Sequence[Event]) -> Mapping[int, list[Event]]:
    """Events by trial, their order within each kept."""
    grouped: dict[int, list[Event]] = {}
    for event in events:
        grouped.setdefault(event.trial_id, []).append(event)
    return grouped


def apply(db: Connection, key: int, trial_id: int, events: Sequence[Event]) -> Record:
    """Writes one trial's events; the record as it stands after them, without points."""
    updated = record(db, key, trial_id)
    codes = _codes(db, events)
    rows: list[tuple[int, int, float]] = []
    for event in events:
        if isinstance(event, Logged):
            rows += [(step, codes[metric], value) for step, metric, value in event.rows]
            continue
        if isinstance(event, Began):
            rows = [row for row in rows if row[0] < event.from_step]
            _truncate(db, key, trial_id, event.from_step)
        if isinstance(event, Began | Coded):
            code_rows.add(db, key, trial_id, event)
        updated = record_after(updated, event)
    if rows:
        _add_chunk(db, key, trial_id, np.array(rows, POINT))
    db.execute(
        "update trial set status = ?, reason = ?, detail = ?, steps = ?, wall_s = ?, losses = ?, "
        "unread = ?, taken = ?, "
        "launch_id = (select max(id) from launch where experiment_id = ?) "
        "where experiment_id = ? and id = ?",
        (*_status_columns(updated), key, key, trial_id),
    )
    return updated


def keep_checkpoints(
    db: Connection, key: int, trial_id: int, checkpoints: Sequence[Checkpoint]
) -> None:
    """Writes down that a trial has exactly these checkpoints."""
    db.execute("delete from checkpoint where experiment_id = ? and trial_id = ?", (key, trial_id))
    db.executemany(
        "insert into checkpoint(experiment_id, trial_id, step, value, contents) "
        "values(?, ?, ?, ?, ?)",
        [(key, trial_id, one.step, one.value, one.contents) for one in checkpoints],
    )


def named_checkpoints(db: Connection, name: str) -> dict[int, list[int]]:
    """The steps of the checkpoints of an experiment that are written down, by trial."""
    steps: dict[int, list[int]] = {}
    for trial_id, step in db.execute(
        "select trial_id, step from checkpoint join experiment on experiment.id = experiment_id "
        "where name = ?",
        (name,),
    ):
        steps.setdefault(trial_id, []).append(step)
    return steps


def records(db: Connection, key: int, codes: dict[str, Code]) -> list[Record]:
    """All records of an experiment, by id, each with a view into one array of all points.

    `codes` holds what was read of the user's code before.
    """
    db.execute("begin")  # one moment for all tables, while a run goes on writing
    try:
        names = tuple(name for (name,) in db.execute("select name from metric order by id"))
        checkpoints = dict(_checkpoints(db, key))
        points = dict(_points(db, key))
        stretches = code_rows.stretches(db, key, codes)
        trials = db.execute(
            f"select {_TRIAL} from trial where experiment_id = ? order by id", (key,)
        ).fetchall()
    finally:
        db.execute("commit")
    nothing = np.empty(0, POINT)
    return [
        _from_row(
            row,
            checkpoints.get(row[0], ()),
            Points(points.get(row[0], nothing), names),
            stretches.get(row[0], ()),
        )
        for row in trials
    ]


def _status_columns(record: Record) -> tuple[Any, ...]:
    return (
        record.status,
        record.reason,
        record.detail,
        record.steps,
        record.wall_s,
        record.losses,
        None if record.unread is None else json.dumps(record.unread),
        json.dumps(record.taken),
    )


def _from_row(
    row: tuple[Any, ...],
    checkpoints: tuple[Checkpoint, ...],
    points: Points = NO_POINTS,
    stretches: tuple[Stretch, ...] = (),
) -> Record:
    trial_id, study, index, setting, seed, *rest = row
    status, reason, detail, steps, wall_s, losses, unread, taken, name, *lineage = rest
    parent, from_step, until_step = lineage
    return Record(
        id=trial_id,
        study=study,
        index=index,
        setting=json.loads(setting),
        seed=seed,
        status=status,
        reason=reason,
        detail=detail,
        steps=steps,
        wall_s=wall_s,
        losses=losses,
        parent=parent,
        from_step=from_step,
        until_step=until_step,
        unread=None if unread is None else tuple(json.loads(unread)),
        taken=tuple(json.loads(taken)) if taken else (),
        name=name,
        checkpoints=checkpoints,
        points=points,
        stretches=stretches,
    )


def record(db: Connection, key: int, trial_id: int) -> Record:
    """One trial as it stands, without points."""
    row = db.execute(
        f"select {_TRIAL} from trial where experiment_id = ? and id = ?", (key, trial_id)
    ).fetchone()
    columns = db.execute(
        "select step, value, contents from checkpoint "
        "where experiment_id = ? and trial_id = ? order by step",
        (key, trial_id),
    )
    checkpoints = tuple(Checkpoint(*one) for one in columns)
    return _from_row(row, checkpoints)


def _checkpoints(db: Connection, key: int) -> Iterator[tuple[int, tuple[Checkpoint, ...]]]:
    cursor = db.execute(
        "select trial_id, step, value, contents from checkpoint where experiment_id = ? "
        "order by trial_id, step",
        (key,),
    )
    for trial_id, rows in groupby(cursor, key=lambda row: int(row[0])):
        yield trial_id, tuple(Checkpoint(*one) for _, *one in rows)


def _points(db: Connection, key: int) -> Iterator[tuple[int, NDArray[np.void]]]:
    cursor = db.execute(
        "select trial_id, points from chunk where experiment_id = ? order by trial_id, id", (key,)
    )
    packed, ends = bytearray(), []
    for trial_id, rows in groupby(cursor, key=lambda row: int(row[0])):
        for _, chunk in rows:
            packed += chunk
        ends.append((trial_id, len(packed) // POINT.itemsize))
    points_P = np.frombuffer(packed, POINT)
    begin = 0
    for trial_id, end in ends:
        yield trial_id, points_P[begin:end]
        begin = end


def _codes(db: Connection, events: Sequence[Event]) -> dict[str, int]:
    """The position of each metric's name in the table of names, added when new."""
    logged = (event for event in events if isinstance(event, Logged))
    new = dict.fromkeys(metric for event in logged for _, metric, _ in event.rows)
    known = {name: code - 1 for code, name in db.execute("select id, name from metric")}
    for name in new:
        if name not in known:
            added = db.execute("insert into metric(name) values(?)", (name,)).lastrowid
            known[name] = int(added or 1) - 1
    return known


def _add_chunk(db: Connection, key: int, trial_id: int, points_P: NDArray[np.void]) -> None:
    db.execute(
        "insert into chunk(experiment_id, trial_id, points) values(?, ?, ?)",
        (key, trial_id, points_P.tobytes()),
    )


def _truncate(db: Connection, key: int, trial_id: int, from_step: int) -> None:
    """Forgets points at `from_step` and after: they come again."""
    of_trial = "where experiment_id = ? and trial_id = ?"
    chunks = db.execute(
        f"select points from chunk {of_trial} order by id", (key, trial_id)
    ).fetchall()
    if not chunks:
        return
    points_P = np.frombuffer(b"".join(chunk for (chunk,) in chunks), POINT)
    db.execute(f"delete from chunk {of_trial}", (key, trial_id))
    earlier_P = points_P[points_P["step"] < from_step]
    if len(earlier_P):
        _add_chunk(db, key, trial_id, earlier_P)
