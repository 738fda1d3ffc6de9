"""Who is told what of an owner, and what a lock costs the others."""

import os
import sqlite3
import subprocess
import sys

import pytest
from tests.store.sample import begun

from etude.errors import OwnedError, StoreError
from etude.store import lock, open_store
from etude.store.lock import owned_error
from etude.store.owner import Owner


@pytest.fixture
def place(tmp_path):
    return tmp_path / "etude.db"


@pytest.fixture
def store(place):
    opened = open_store(place)
    begun(opened)
    yield opened
    opened.close()


def test_an_owner_on_another_host_is_to_be_stopped_there():
    owner = Owner(7, "node-3", "2026-01-01T00:00:00+00:00")

    error = owned_error("rates", owner, "node-4")

    assert "already run by process 7 on node-3, started 2026-01-01T00:00:00+00:00." in str(error)
    assert "(`kill -INT 7` there)" in str(error)


def test_an_owner_of_which_nothing_is_known_is_one_all_the_same():
    assert "is already run by another process, started just now." in str(
        owned_error("rates", None, "node-4")
    )


def test_a_lock_file_of_an_older_etude_is_respected(store, place):
    older = (
        "import fcntl, os, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
        'file.write(\'{"process": %d, "started": "2026-01-01"}\' % os.getpid()); file.flush(); '
        "print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", older, f"{place}.rates.lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        first.stdout.readline()
        with pytest.raises(OwnedError, match=f"by process {first.pid}, started 2026-01-01"):
            store.own("rates").__enter__()
        first.stdin.close()


@pytest.mark.parametrize(
    ("put", "kind", "away"),
    [
        (lambda path: path.mkdir(), "a folder", "mv "),
        (lambda path: path.symlink_to("nowhere"), "a symbolic link", "rm "),
        (lambda path: path.symlink_to("thesis.tex"), "a symbolic link", "rm "),
        (os.mkfifo, "no regular file", "rm "),
    ],
)
def test_what_is_no_file_in_the_place_of_the_lock_is_told_and_not_written_to(
    store, place, put, kind, away
):
    thesis = place.with_name("thesis.tex")
    thesis.write_text("years")
    put(place.with_name("etude.db.rates.lock"))

    with pytest.raises(StoreError, match=f"is {kind}, and should be a file.*`{away}/"):
        store.own("rates").__enter__()

    assert thesis.read_text() == "years"
    assert not place.with_name("nowhere").exists()


FORKING = """
import os, sys
from etude.store import open_store

store = open_store(sys.argv[1])
with store.own("rates"):
    if os.fork() == 0:
        print(flush=True)
    sys.stdin.read()
    os._exit(0)
"""


def test_what_a_training_forked_holds_nothing_of_an_owner_that_was_killed(store, place):
    command = [sys.executable, "-W", "ignore", "-c", FORKING, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout.readline() == b"\n"
        first.kill()
        first.wait()

        with store.own("rates"):
            is_owned = True

        first.stdin.close()  # which ends what was forked
    assert is_owned


def test_an_owner_that_is_done_lets_the_next_one_in(store, place):
    second = open_store(place)

    with store.own("rates"):
        pass
    with second.own("rates"), store.own("others"):
        pass

    second.close()


def test_a_store_that_is_closed_takes_no_lock_of_another_in_this_process_away(store, place):
    second = open_store(place)
    with second.own("others"):
        pass
    second.close()

    alone = sqlite3.connect(place, isolation_level=None, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        alone.execute("pragma journal_mode = delete")
    alone.close()


def own_and_count(store):
    """Owns an experiment; how many files are open after that."""
    with store.own("rates"):
        pass
    return len(os.listdir("/proc/self/fd"))


def test_descriptors_are_closed_with_the_last_store(store, place):
    counts = [own_and_count(store) for _ in range(3)]
    store.close()

    assert counts[0] == counts[2]  # kept for the next owner
    assert len(os.listdir("/proc/self/fd")) < counts[0] - 3  # the file, two beside it, and the lock


def test_a_file_system_without_such_locks_leaves_it_to_the_lock_file(store, place, monkeypatch):
    monkeypatch.setattr(lock, "_SET_LOCK", None)
    second = open_store(place)

    with store.own("rates"), pytest.raises(OwnedError, match="already run by process"):
        second.own("rates").__enter__()

    second.close()


def test_an_owner_whose_line_is_not_what_it_was_is_known_by_the_lock_file(store, place):
    second = open_store(place)
    with store.own("rates"):
        db = sqlite3.connect(place)
        db.execute("update owner set process = 'nobody'")
        db.commit()
        db.close()
        with pytest.raises(OwnedError, match=f"already run by process {os.getpid()} on "):
            second.own("rates").__enter__()
        db = sqlite3.connect(place)
        db.execute("update owner set process = ?", (os.getpid(),))
        db.commit()
        db.close()

    second.close()
