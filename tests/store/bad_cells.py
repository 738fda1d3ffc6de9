"""A store of which one cell is no longer what it was."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from tests.store.sample import begun, finished, saved

from etude.code import Code, CodeFile
from etude.event import Began, Coded
from etude.store import open_store

# As a disk, another program or a hand may leave a cell: bytes, text, a number, nothing.
BAD = ("x'01020304050607'", "'{'", "-7", "null")


def sound_store(place: Path) -> None:
    """A store with a row in every table, whose columns take whatever is written into them."""
    store = open_store(place)
    begun(store)
    (store.files.checkpoints("rates", 0) / "3").mkdir(parents=True)
    code = Code((CodeFile("train.py", "1", "x = 1"),))
    store.append("rates", [Began(0, 0), Coded(0, 0, code)])
    saved(store, 3, 0.5)
    store.append("rates", finished(1, 0.25))
    store.close()
    with sqlite3.connect(place, isolation_level=None) as db:
        db.execute("update experiment set prior = '{\"before\": [3, [0, 1]]}'")
        db.execute("pragma writable_schema = on")
        db.execute("update sqlite_master set sql = replace(sql, ' not null', '')")
    db.close()


def columns(place: Path) -> list[tuple[str, str]]:
    """Every column of every table but `owner`, whose nonsense names nobody."""
    db = sqlite3.connect(place)
    tables = [
        name
        for (name,) in db.execute(
            "select name from sqlite_master where type = 'table' and name <> 'owner'"
        )
    ]
    found = [
        (table, row[1]) for table in tables for row in db.execute(f"pragma table_info({table})")
    ]
    db.close()
    return found


def with_cell(sound: Path, place: Path, table: str, column: str, value: str) -> bool:
    """A copy with one cell of this SQL value; False where the database itself takes no such one."""
    shutil.copy(sound, place)
    db = sqlite3.connect(place, isolation_level=None)
    try:
        key = "rowid" if table in ("trial", "checkpoint") else column
        db.execute(
            f"update {table} set {column} = {value} where {key} is (select max({key}) from {table})"
        )
    except sqlite3.DatabaseError:
        return False
    finally:
        db.close()
    return True


def reading(place: Path) -> str:
    """What a reader of everything says of a store; empty where it has nothing to say."""
    store = open_store(place, create=False)
    try:
        for entry in store.entries():
            store.records(entry.experiment.name)[:]
    except Exception as error:  # noqa: BLE001  # whatever it is: the test says which it may be
        return f"{type(error).__name__}: {error}"
    finally:
        store.close()
    return ""
