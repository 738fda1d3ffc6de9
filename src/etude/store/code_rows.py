"""Rows of the user's code: which files trained which stretch of a trial, each text stored once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from sqlite3 import Connection
from typing import Any

from ..code import Code, CodeFile, Stretch
from ..event import Began, Coded
from ..record import Record
from .cells import CODE_FILE, STRETCH, CellError, Place, check_step


def add(db: Connection, key: int, trial_id: int, event: Began | Coded) -> None:
    """Writes down that a trial is trained from a step on in the last launch, by which code."""
    of_trial = "experiment_id = ? and trial_id = ?"
    if isinstance(event, Began):
        db.execute(
            f"delete from stretch where {of_trial} and from_step >= ?",
            (key, trial_id, event.from_step),
        )
    code = _added(db, event.code) if isinstance(event, Coded) else None
    db.execute(
        "insert or replace into stretch(experiment_id, trial_id, from_step, launch_id, code) "
        "values(?, ?, ?, (select max(id) from launch where experiment_id = ?), ?)",
        (key, trial_id, event.from_step, key, code),
    )


def inherit(db: Connection, key: int, fork: Record) -> None:
    """Gives a fork the stretches that its parent was trained in until then."""
    db.execute(
        "insert into stretch(experiment_id, trial_id, from_step, launch_id, code) "
        "select experiment_id, ?, from_step, launch_id, code from stretch "
        "where experiment_id = ? and trial_id = ? and from_step <= ?",
        (fork.id, key, fork.parent, fork.from_step),
    )


def stretches(
    db: Connection, key: int, known: dict[str, Code]
) -> Mapping[int, tuple[Stretch, ...]]:
    """The stretches of every trial of an experiment, by id; `known` holds what was read before."""
    numbers, accepted = _launches(db, key)
    rows = db.execute(
        f"select {STRETCH.listed} from stretch where experiment_id = ? "
        "order by trial_id, from_step",
        (key,),
    ).fetchall()
    for row in rows:
        _check(row, Place("stretch", key, row[0]), numbers)
    for digest in {row[3] for row in rows} - known.keys() - {None}:
        known[digest] = _code(db, digest)
    found = {
        trial_id: tuple(
            Stretch(from_step, numbers[launch], known.get(digest), launch <= accepted)
            for _, from_step, launch, digest in of_trial
        )
        for trial_id, of_trial in groupby(rows, key=lambda row: int(row[0]))
    }
    return {**dict(_of_older_stores(db, key, numbers, accepted)), **found}


def _check(row: tuple[Any, ...], place: Place, numbers: Mapping[int, int]) -> None:
    STRETCH.check(row, place)
    check_step(row[1], place, "from_step")
    if row[2] not in numbers:
        raise CellError(place, "launch_id", "a launch of the experiment", row[2])


def _of_older_stores(
    db: Connection, key: int, numbers: Mapping[int, int], accepted: int
) -> Iterator[tuple[int, tuple[Stretch, ...]]]:
    """The last launch alone, of a trial that began before stretches were written down."""
    for trial_id, launch in db.execute(
        "select id, launch_id from trial where experiment_id = ? and launch_id is not null", (key,)
    ):
        if launch not in numbers:
            place = Place("trial", key, trial_id)
            raise CellError(place, "launch_id", "a launch of the experiment", launch)
        yield trial_id, (Stretch(0, numbers[launch], None, launch <= accepted),)


def _launches(db: Connection, key: int) -> tuple[Mapping[int, int], int]:
    """The numbers of an experiment's launches by id, and the last id that accepts their code."""
    rows = db.execute(
        "select id, accepts_code from launch where experiment_id = ? order by id", (key,)
    ).fetchall()
    for _, accepts in rows:
        if accepts not in (0, 1):
            raise CellError(Place("launch", key), "accepts_code", "0 or 1", accepts)
    numbers = {row_id: number for number, (row_id, _) in enumerate(rows, start=1)}
    return numbers, max((row_id for row_id, accepts in rows if accepts), default=0)


def _added(db: Connection, code: Code) -> str:
    """Its digest, under which its files are written down."""
    if db.execute("select 1 from code_file where code = ?", (code.digest,)).fetchone() is None:
        db.executemany(
            "insert into code_file(code, path, hash) values(?, ?, ?)",
            [(code.digest, one.path, one.hash) for one in code.files],
        )
        db.executemany(
            "insert or ignore into code_text(hash, text) values(?, ?)",
            [(one.hash, one.text) for one in code.files if one.text],
        )
    return code.digest


def _code(db: Connection, digest: str) -> Code:
    rows = db.execute(
        "select path, code_file.hash, text from code_file "
        "left join code_text on code_text.hash = code_file.hash where code = ? order by path",
        (digest,),
    ).fetchall()
    for row in rows:
        CODE_FILE.check(row, Place("code_file"))
    code = Code(tuple(CodeFile(path, of_file, text or "") for path, of_file, text in rows))
    if code.digest != digest:
        raise CellError(Place("code_file"), "code", "the hash of its files", digest)
    return code
