"""A store that is deleted, moved or replaced under its owner."""

import os
import shutil
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from tests.store.sample import begun, finished, record_of

from etude.errors import StoreError
from etude.event import Began
from etude.store import open_store, watch

# On a busy machine too a thread that looks a hundred times a second has looked by then.
SOON_S = 30
REAL_S = watch.EVERY_S, watch.CHECKPOINT_S


def deleted(place: Path) -> None:
    place.unlink()


def deleted_with_all(place: Path) -> None:
    for path in place.parent.glob("etude.db*"):
        path.unlink()


def moved(place: Path) -> None:
    place.rename(place.with_name("gone.db"))


def replaced(place: Path) -> None:
    place.with_name("other.db").rename(place)


def overwritten(place: Path) -> None:
    shutil.copyfile(place.with_name("other.db"), place)


def emptied(place: Path) -> None:
    place.write_bytes(b"")


def nonsense(place: Path) -> None:
    place.write_bytes(b"nonsense" * 9000)


def without_wal(place: Path) -> None:
    place.with_name("etude.db-wal").unlink()


def without_shm(place: Path) -> None:
    place.with_name("etude.db-shm").unlink()


LOSSES = {
    deleted: "etude.db` was deleted while it was in use",
    deleted_with_all: "etude.db` was deleted while it was in use",
    moved: "etude.db` was moved to `.*gone.db` while it was in use",
    replaced: "Another file took the place of the store",
    overwritten: "etude.db` was overwritten while it was in use",
    emptied: "etude.db` was overwritten while it was in use",
    nonsense: "etude.db` was overwritten while it was in use",
    without_wal: "etude.db-wal` was deleted or replaced while its store was in use",
    without_shm: "etude.db-shm` was deleted or replaced while its store was in use",
}


@pytest.fixture(autouse=True)
def watchful(monkeypatch):
    monkeypatch.setattr(watch, "EVERY_S", 0.01)
    monkeypatch.setattr(watch, "CHECKPOINT_S", 0.01)


@pytest.fixture
def place(tmp_path):
    """Where a store is to be; beside it stands another one, of two experiments."""
    other = open_store(tmp_path / "other.db")
    begun(other)
    begun(other, name="others")
    other.close()
    return tmp_path / "etude.db"


@pytest.fixture
def store(place):
    opened = open_store(place)
    begun(opened)
    yield opened
    opened.close()


def lose(store, place, loss):
    """Owns a store, writes to it, loses it, and hears of that in so many seconds."""
    heard = threading.Event()
    with store.own("rates", heard.set):
        store.append("rates", finished(1, 0.25))
        loss(place)
        assert heard.wait(SOON_S)


@pytest.mark.parametrize(("loss", "message"), LOSSES.items())
def test_a_lost_store_is_noticed_while_nothing_is_written(store, place, loss, message):
    with pytest.raises(StoreError, match=message):
        lose(store, place, loss)


@pytest.mark.parametrize("loss", [deleted, moved, replaced])
def test_nothing_is_pretended_to_be_written_or_read(store, place, loss):
    loss(place)

    with pytest.raises(StoreError, match="while it was in use"):
        store.append("rates", [Began(0, 0)])
    with pytest.raises(StoreError, match="while it was in use"):
        store.records("rates")
    with pytest.raises(StoreError, match="while it was in use"):
        store.entries()


def interrupt(store, place):
    with store.own("rates"):
        deleted(place)
        raise KeyboardInterrupt


def test_whatever_the_block_raises_the_loss_is_what_is_said(store, place):
    with pytest.raises(StoreError, match="was deleted") as told:
        interrupt(store, place)

    assert isinstance(told.value.__cause__, KeyboardInterrupt)


def test_a_store_that_was_moved_holds_all_that_was_committed(store, place):
    with pytest.raises(StoreError, match="was moved"):
        lose(store, place, moved)
    store.close()

    found = open_store(place.with_name("gone.db"), create=False)

    assert record_of(found, 1).status == "completed"
    assert list(place.parent.glob("etude.db-*")) == []
    found.close()


@pytest.mark.parametrize("loss", [replaced, overwritten])
def test_another_store_in_its_place_is_left_as_it_is(store, place, loss):
    before = place.with_name("other.db").read_bytes()
    with pytest.raises(StoreError, match=r"took the place|was overwritten"):
        lose(store, place, loss)
    store.close()

    assert place.read_bytes() == before
    assert not place.with_name("etude.db-wal").exists()
    db = sqlite3.connect(place)
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()


@pytest.mark.parametrize("loss", [without_wal, without_shm])
def test_what_was_written_ahead_is_kept_where_its_file_is_removed(store, place, loss):
    with pytest.raises(StoreError, match="was deleted or replaced"):
        lose(store, place, loss)
    store.close()

    found = open_store(place)

    assert record_of(found, 1).status == "completed"
    found.close()


def wait_for_a_write(place, before):
    """Waits until the file itself is written to."""
    until_s = time.monotonic() + SOON_S
    while place.stat().st_mtime_ns == before and time.monotonic() < until_s:
        threading.Event().wait(0.01)


def test_a_copy_of_the_file_alone_has_what_was_committed(store, place):
    copy = place.with_name("copy.db")
    with store.own("rates"):
        before = place.stat().st_mtime_ns
        store.append("rates", finished(1, 0.25))
        wait_for_a_write(place, before)
        shutil.copyfile(place, copy)

    found = open_store(copy)

    assert record_of(found, 1).status == "completed"
    found.close()


def written_back(place, monkeypatch, is_written):
    """Looks at a file that cannot be read ten times, as while much is written back into it."""
    looks, heard, over = [], threading.Event(), threading.Event()
    real = watch.owner_in_file

    def owner(path, name):
        looks.append(path)
        if len(looks) > 10:
            over.set()
            return real(path, name)
        if is_written or len(looks) == 1:
            os.utime(place, ns=(1, len(looks)))
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(watch, "_READS", 1)
    monkeypatch.setattr(watch, "_READ_AGAIN_S", 0)
    opened = open_store(place)
    begun(opened)
    try:
        with opened.own("rates", heard.set):
            monkeypatch.setattr(watch, "owner_in_file", owner)
            os.utime(place, ns=(1, 1))
            assert (over if is_written else heard).wait(SOON_S)
    finally:
        opened.close()
    return heard.is_set()


def test_a_store_that_is_slowly_written_back_is_not_taken_for_another(place, monkeypatch):
    assert not written_back(place, monkeypatch, is_written=True)


def test_a_store_that_cannot_be_read_and_is_not_written_to_is_lost(place, monkeypatch):
    with pytest.raises(StoreError, match="was overwritten while it was in use"):
        written_back(place, monkeypatch, is_written=False)


def test_what_is_committed_is_in_the_file_within_ten_seconds():
    assert sum(REAL_S) <= 7.5


def test_two_owners_of_one_file_do_not_disturb_each_other(store, place):
    second = open_store(place)
    with store.own("rates"), second.own("others"):
        begun(second, name="others")
        for trial_id in range(3):
            store.append("rates", finished(trial_id, 0.25))
            second.append("others", finished(trial_id, 0.5))

    assert store.records("rates").count("completed") == 3
    assert second.records("others").count("completed") == 3
    second.close()
