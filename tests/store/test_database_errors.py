"""What the database raises is told as what it is."""

import os
import sqlite3
from pathlib import Path

import pytest

from etude.errors import StoreError
from etude.store import open_store
from etude.store.database_errors import store_errors

PLACE = Path("etude.db")


def told(code, kind=sqlite3.OperationalError, text="as SQLite says it"):
    """The message of an error of this code."""
    error = kind(text)
    error.sqlite_errorcode = code
    with pytest.raises(StoreError) as refusal, store_errors(PLACE):
        raise error
    return str(refusal.value)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_BUSY, "is held by another program"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "is held by another program"),
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_IOERR_WRITE, "the disk is full, or a quota is reached"),
        (sqlite3.SQLITE_IOERR_READ, "could not be read: the disk"),
        (sqlite3.SQLITE_READONLY, "can be read and not written"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened or written"),
        (sqlite3.SQLITE_NOTADB, "is not a database of Etude"),
        (sqlite3.SQLITE_CORRUPT, "is damaged"),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, "changed by hand, or this is a bug in Etude"),
        (sqlite3.SQLITE_ERROR, "lacks a table or a column"),
        (sqlite3.SQLITE_TOOBIG, "takes no text or bytes of this size"),
        (sqlite3.SQLITE_NOMEM, "more memory than there is"),
        (sqlite3.SQLITE_PROTOCOL, "whose locks do not work"),
    ],
)
def test_an_error_is_told_as_what_it_is(code, words):
    message = told(code, sqlite3.DatabaseError)

    assert message.startswith("The store `etude.db` ")
    assert words in message
    assert "as SQLite says it" in message


def test_a_broken_rule_of_a_table_is_no_foreign_database():
    message = told(sqlite3.SQLITE_CONSTRAINT, sqlite3.IntegrityError, "UNIQUE constraint failed")

    assert "not a database of Etude" not in message


def test_words_of_sqlite_that_quote_damaged_pages_are_told():
    with pytest.raises(StoreError, match="is damaged: pages"), store_errors(PLACE):
        b"\xa4".decode()


def test_a_mistake_of_ours_stays_one():
    db = sqlite3.connect(":memory:")
    db.close()

    with pytest.raises(sqlite3.ProgrammingError), store_errors(PLACE):
        db.execute("select 1")


def circle(place):
    other = place.with_name("other")
    place.symlink_to(other)
    other.symlink_to(place)


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    "make", [os.mkdir, os.mkfifo, circle, lambda place: place.symlink_to("/dev/zero")]
)
def test_what_can_be_no_store_is_refused_at_once(tmp_path, make, create):
    place = tmp_path / "etude.db"
    make(place)

    with pytest.raises(StoreError, match=r"cannot be opened"):
        open_store(place, create=create)


@pytest.mark.parametrize("create", [True, False])
def test_a_name_too_long_for_a_file_is_refused(tmp_path, create):
    with pytest.raises(StoreError, match="File name too long"):
        open_store(tmp_path / ("x" * 300), create=create)
