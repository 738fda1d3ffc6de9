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
from ..record import NO_POINTS, POINT, STATUSES, Checkpoint, Points, Record
from . import cells, code_rows
from .base import record_after
from .cells import CHECKPOINT, CHUNK, METRIC, TRIAL, CellError, Place
from .experiment_rows import experiment_of
from .misfits import refuse_misfits

ADD_TRIAL = (
    "insert into trial(experiment_id, id, study, position, setting, seed, status, reason, detail, "
    "steps, wall_s, losses, unread, taken, name, parent_id, from_step, until_step) "
    "values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
RESUME = "update trial set status = 'pending', until_step = ? where experiment_id = ? and id = ?"


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
        names = metric_names(db)
        checkpoints = dict(_checkpoints(db, key))
        points = dict(_points(db, key, len(names)))
        stretches = dict(code_rows.stretches(db, key, codes))
        trials = db.execute(
            f"select {TRIAL.listed} from trial where experiment_id = ? order by id", (key,)
        ).fetchall()
    finally:
        db.execute("commit")
    nothing = np.empty(0, POINT)
    found = []
    for position, row in enumerate(trials):
        _check_trial(row, key, position)
        found.append(
            _from_row(
                row,
                Place("trial", key, position),
                checkpoints.pop(position, ()),
                Points(points.pop(position, nothing), names),
                stretches.pop(position, ()),
            )
        )
    refuse_misfits(found, experiment_of(db, key), key)
    for table, left in (("checkpoint", checkpoints), ("chunk", points), ("stretch", stretches)):
        for trial_id in left:
            place = Place(table, key, trial_id)
            raise CellError(place, "trial_id", "a trial of the experiment", trial_id)
    return found


def _check_trial(row: tuple[Any, ...], key: int, position: int) -> None:
    place = Place("trial", key, position)
    TRIAL.check(row, place)
    cells.check_trial(row, place, position=position)


def counts(db: Connection, key: int) -> dict[str, int]:
    """How many trials of an experiment stand how."""
    by_status = dict(
        db.execute(
            "select status, count(*) from trial where experiment_id = ? group by status", (key,)
        ).fetchall()
    )
    for status in by_status.keys() - set(STATUSES):
        (trial_id,) = db.execute(
            "select id from trial where experiment_id = ? and status is ?", (key, status)
        ).fetchone()
        raise CellError(Place("trial", key, trial_id), "status", "how a trial stands", status)
    return by_status


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
    place: Place,
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
        setting=cells.setting(setting, place),
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
        unread=cells.names(unread, place, "unread"),
        taken=cells.names(taken, place, "taken") or (),
        name=name,
        checkpoints=checkpoints,
        points=points,
        stretches=stretches,
    )


def record(db: Connection, key: int, trial_id: int) -> Record:
    """One trial as it stands, without points."""
    row = db.execute(
        f"select {TRIAL.listed} from trial where experiment_id = ? and id = ?", (key, trial_id)
    ).fetchone()
    _check_trial(row, key, trial_id)
    pairs = db.execute(
        f"select {CHECKPOINT.listed} from checkpoint where experiment_id = ? and trial_id = ? "
        "order by step",
        (key, trial_id),
    )
    checkpoints = tuple(_checkpoint(pair, key) for pair in pairs)
    return _from_row(row, Place("trial", key, trial_id), checkpoints)


def metric_names(db: Connection) -> tuple[str, ...]:
    """The names of metrics; one stands at the place that points know it by."""
    rows = db.execute(f"select {METRIC.listed} from metric order by id").fetchall()
    for number, row in enumerate(rows, start=1):
        METRIC.check(row, Place("metric"))
        if row[0] != number:
            raise CellError(Place("metric"), "id", f"{number}, as points know it", row[0])
    return tuple(name for _, name in rows)


def _checkpoints(db: Connection, key: int) -> Iterator[tuple[int, tuple[Checkpoint, ...]]]:
    cursor = db.execute(
        f"select {CHECKPOINT.listed} from checkpoint where experiment_id = ? "
        "order by trial_id, step",
        (key,),
    )
    for trial_id, rows in groupby(cursor, key=lambda row: row[0]):
        yield trial_id, tuple(_checkpoint(row, key) for row in rows)


def _checkpoint(row: tuple[Any, ...], key: int) -> Checkpoint:
    trial_id, step, value, contents = row
    place = Place("checkpoint", key, trial_id)
    CHECKPOINT.check(row, place)
    cells.check_step(step, place, "step")
    return Checkpoint(step, value, contents)


def _points(db: Connection, key: int, metrics: int) -> Iterator[tuple[int, NDArray[np.void]]]:
    cursor = db.execute(
        f"select {CHUNK.listed} from chunk where experiment_id = ? order by trial_id, id", (key,)
    )
    packed, ends = bytearray(), []
    for trial_id, rows in groupby(cursor, key=lambda row: row[0]):
        for row in rows:
            packed += chunk_bytes(row, key)
        ends.append((trial_id, len(packed) // POINT.itemsize))
    points_P = np.frombuffer(packed, POINT)
    is_right = cells.are_points(points_P, metrics)
    begin = 0
    for trial_id, end in ends:
        if not (is_right or cells.are_points(points_P[begin:end], metrics)):
            place = Place("chunk", key, trial_id)
            raise CellError(place, "points", "points of known metrics", bytes(packed))
        yield trial_id, points_P[begin:end]
        begin = end


def chunk_bytes(row: tuple[Any, ...], key: int) -> bytes:
    """The bytes of whole points."""
    trial_id, chunk = row
    place = Place("chunk", key, trial_id)
    CHUNK.check(row, place)
    if len(chunk) % POINT.itemsize:
        raise CellError(place, "points", f"points of {POINT.itemsize} bytes each", chunk)
    return bytes(chunk)


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
        f"select {CHUNK.listed} from chunk {of_trial} order by id", (key, trial_id)
    ).fetchall()
    if not chunks:
        return
    points_P = np.frombuffer(b"".join(chunk_bytes(row, key) for row in chunks), POINT)
    db.execute(f"delete from chunk {of_trial}", (key, trial_id))
    earlier_P = points_P[points_P["step"] < from_step]
    if len(earlier_P):
        _add_chunk(db, key, trial_id, earlier_P)
