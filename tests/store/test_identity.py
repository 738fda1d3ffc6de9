"""A store is one file, by whatever path."""

import os
import sqlite3
from pathlib import Path

import pytest
from tests.store.sample import begun, finished, record_of

from etude.errors import OwnedError
from etude.event import Began
from etude.store import open_store, sqlite
from etude.store.identity import is_database, one_place


def symbolic(place: Path) -> Path:
    other = place.with_name("other.db")
    other.symlink_to(place.name)
    return other


def chain(place: Path) -> Path:
    last = place.with_name("last.db")
    last.symlink_to(symbolic(place))
    return last


def folder_link(place: Path) -> Path:
    (place.parent / "there").symlink_to(".")
    return place.parent / "there" / place.name


def hard(place: Path) -> Path:
    other = place.with_name("other.db")
    other.hardlink_to(place)
    return other


def hard_elsewhere(place: Path) -> Path:
    (place.parent / "backup").mkdir()
    other = place.parent / "backup" / "elsewhere.db"
    other.hardlink_to(place)
    return other


def link_to_hard(place: Path) -> Path:
    last = place.with_name("last.db")
    last.symlink_to(hard_elsewhere(place))
    return last


def relative(place: Path) -> Path:
    return Path(os.path.relpath(place))


LINKS = [symbolic, chain, folder_link, hard, hard_elsewhere, link_to_hard, relative]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "etude.db"


@pytest.fixture
def store(place):
    opened = open_store(place)
    begun(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("link", LINKS)
def test_a_second_owner_is_refused_by_whatever_name(store, place, link):
    with store.own("rates"):
        second = open_store(link(place))
        with pytest.raises(OwnedError) as refusal, second.own("rates"):
            pass
        second.close()

    assert refusal.value.process == os.getpid()
    assert refusal.value.host == os.uname().nodename
    assert f"process {os.getpid()} on {refusal.value.host}, started 20" in str(refusal.value)


@pytest.mark.parametrize("link", LINKS)
def test_what_stands_beside_a_store_stands_in_one_place(store, place, link):
    with store.own("rates"):
        pass

    other = open_store(link(place))

    assert other.files.checkpoints("rates", 0) == place.parent / "etude.db.checkpoints/rates/0"
    other.close()


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("create", [True, False])
def test_what_is_committed_is_there_by_whatever_name(store, place, link, create):
    with store.own("rates"):
        store.append("rates", finished(1, 0.25))  # into what is written ahead

        other = open_store(link(place), create=create)

        assert record_of(other, 1) == record_of(store, 1)
        other.close()
    assert sorted(name.name for name in place.parent.rglob("*-wal")) == ["etude.db-wal"]


@pytest.mark.parametrize("link", LINKS)
def test_an_owner_that_has_just_begun_is_found_by_whatever_name(store, place, link, monkeypatch):
    other, found = link(place), []
    monkeypatch.setattr(sqlite, "sweep", lambda *given: found.append(one_place(other)))

    with store.own("rates"):
        pass

    assert found == [place]


def test_a_lock_file_that_is_deleted_lets_nobody_in(store, place):
    with store.own("rates"):
        place.with_name("etude.db.rates.lock").unlink()
        second = open_store(place)
        with pytest.raises(OwnedError, match=f"already run by process {os.getpid()} on "):
            second.own("rates").__enter__()
        second.close()


def test_hard_links_that_were_both_moved_are_a_store_still(store, place):
    with store.own("rates"):
        store.append("rates", [Began(0, 0)])
    other = hard(place)
    store.close()
    for name in (place, other):
        name.rename(name.with_name(f"moved-{name.name}"))

    again = open_store(place.with_name("moved-other.db"))

    assert again.files.checkpoints("rates", 0).parts[-3] == "moved-other.db.checkpoints"
    assert record_of(again).status == "pending"
    again.close()


def test_a_look_at_a_file_takes_no_lock_of_this_process_away(store, place):
    looked = is_database(place)

    alone = sqlite3.connect(place, isolation_level=None, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        alone.execute("pragma journal_mode = delete")  # which the last connection alone may do
    alone.close()
    assert looked


def test_a_text_is_no_database(tmp_path):
    (tmp_path / "poetry").write_text("roses\n" * 100)
    (tmp_path / "empty").touch()

    assert not is_database(tmp_path / "poetry")
    assert not is_database(tmp_path / "empty")
    assert not is_database(tmp_path)
