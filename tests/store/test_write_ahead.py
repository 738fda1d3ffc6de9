"""Two programs open a new store at once: the second one waits for the first."""

import sqlite3
import time
from contextlib import closing
from functools import partial
from types import SimpleNamespace

import pytest

from etude.errors import StoreError
from etude.store import open_store, write_ahead
from etude.store.tracker_places import Places
from etude.store.write_ahead import WAIT_S


@pytest.fixture
def place(tmp_path):
    return tmp_path / "etude.db"


@pytest.fixture
def other(place):
    """Another program, in the middle of a commit to the new file."""
    with closing(sqlite3.connect(place, isolation_level=None)) as db:
        db.execute("begin immediate")
        yield db


@pytest.mark.parametrize("opened", [open_store, lambda place: Places(place, place)])
def test_a_new_file_that_another_program_holds_is_waited_for(place, other, monkeypatch, opened):
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            other.execute("rollback")

    # Only there: other threads of this process sleep too.
    monkeypatch.setattr(write_ahead, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))

    opened(place).close()

    assert len(pauses) == 3


def clocked(clock, seconds):
    clock[0] += seconds


def test_after_a_minute_it_says_that_another_program_holds_it(place, other, monkeypatch):
    clock = [0.0]
    paused = partial(clocked, clock)
    monkeypatch.setattr(
        write_ahead, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=paused)
    )

    with pytest.raises(StoreError, match="held by another program for more than a minute"):
        open_store(place)

    assert clock[0] == pytest.approx(WAIT_S, abs=0.1)


def test_another_mistake_is_told_at_once(place, monkeypatch):
    place.write_text("name,value\n" * 100)
    monkeypatch.setattr(
        write_ahead, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pytest.fail)
    )

    with pytest.raises(StoreError, match="is not a database of Etude"):
        Places(place, place)
