"""What only a file can get wrong: other processes, other programs, full disks, closed folders."""

import os
import sqlite3
import subprocess
import sys
from contextlib import suppress

import pytest
from tests.store.sample import begun, finished, record_of, rows

from etude.code import Code, CodeFile
from etude.errors import OwnedError, StoreError
from etude.event import Began, Coded, Ended, Logged, Saved
from etude.store import open_store
from etude.store.migrations import latest

# What a process with a store does, told in its first argument.
BEGIN = """
import os, sys
from etude.store import open_store
from etude.event import *
from etude.errors import *
from tests.store.sample import begun, finished
store = open_store(sys.argv[1])
begun(store)
"""


@pytest.fixture
def place(tmp_path):
    return tmp_path / "etude.db"


@pytest.fixture
def store(place):
    opened = open_store(place)
    begun(opened)
    yield opened
    opened.close()


def process(code, place, **options):
    return subprocess.Popen(
        [sys.executable, "-c", BEGIN + code, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def reader(place):
    return open_store(place, create=False)


def test_what_is_committed_is_there_for_another_connection(store, place):
    store.append("rates", finished(1, 0.25))
    other = reader(place)

    found = other.records("rates")[1]

    other.close()
    assert found == record_of(store, 1)
    assert found.series("valid/loss").values_P.tolist() == [0.25]


def test_events_are_written_all_or_none(store):
    broken = Logged(1, ((0, "valid/loss", "no number"),))  # on purpose

    with pytest.raises(ValueError, match="no number"):
        store.append("rates", [Began(0, 0), Saved(0, 1, 0.5), broken])

    assert record_of(store).status == "pending"
    assert record_of(store).checkpoints == ()


def test_a_sweep_waits_for_its_commit(store):
    folder = store.files.checkpoints("rates", 0)
    (folder / "0").mkdir(parents=True)
    store.append("rates", [Began(0, 0), Saved(0, 0, 0.5)])
    broken = Logged(1, ((0, "valid/loss", "no number"),))  # on purpose

    with pytest.raises(ValueError, match="no number"):
        store.append("rates", [Saved(0, 1, 0.1), broken])

    assert (folder / "0").is_dir()


def test_a_second_owner_is_refused_with_the_first_ones_process_and_start(place):
    code = 'with store.own("rates"):\n    print("owned", flush=True)\n    sys.stdin.read()\n'
    with process(code, place) as first:
        assert first.stdout.readline() == "owned\n"
        second = open_store(place)

        with pytest.raises(OwnedError) as refusal, second.own("rates"):
            pass

        second.close()
        first.stdin.close()
    assert refusal.value.process == first.pid
    owner = f"process {first.pid} on {refusal.value.host}, started {refusal.value.started}"
    assert owner in str(refusal.value)
    assert first.returncode == 0


def test_a_dead_owners_trials_are_pending_at_once(place):
    code = 'store.own("rates").__enter__(); store.append("rates", [Began(0, 0)]); os._exit(9)'
    with process(code, place) as first:
        first.wait()
    store = open_store(place)
    before = record_of(store).status

    with store.own("rates"):
        after = record_of(store).status

    store.close()
    assert (before, after) == ("running", "pending")


def test_another_experiment_of_the_same_store_may_run_meanwhile(store, place):
    other = open_store(place)

    with store.own("rates"), other.own("others"):
        begun(other, name="others")

    other.close()
    assert store.records("others").count() == 3


def test_a_reader_neither_waits_for_a_commit_nor_holds_it_up(store, place):
    other = reader(place)
    writer = sqlite3.connect(place, isolation_level=None, timeout=0)
    writer.execute("begin immediate")
    writer.execute("update trial set status = 'completed'")

    during = [one.status for one in other.records("rates")]
    writer.execute("commit")

    after = [one.status for one in other.records("rates")]
    writer.close()
    other.close()
    assert during == ["pending"] * 3
    assert after == ["completed"] * 3


def test_a_reader_sees_one_moment_while_a_run_writes(place):
    code = """
print("begun", flush=True)
for step in range(300):
    store.append("rates", [Logged(0, ((step, "a", 1.0),)), Logged(1, ((step, "a", 1.0),))])
"""
    with process(code, place) as writer:
        assert writer.stdout.readline() == "begun\n"
        other = reader(place)
        seen = [other.records("rates")[:2] for _ in range(50)]
        other.close()

    assert writer.returncode == 0
    assert {len(one.points.rows_P) - len(two.points.rows_P) for one, two in seen} == {0}


def test_a_long_look_does_not_hold_up_the_run(store, place):
    looking = sqlite3.connect(place, isolation_level=None)
    looking.execute("begin")
    looking.execute("select * from trial").fetchone()

    store.append("rates", [Began(0, 0)])

    looking.close()
    assert record_of(store).status == "running"


def test_a_store_of_the_first_schema_is_brought_up_to_date(store, place):
    store.append("rates", [Began(0, 0), Ended(0, "completed")])
    store.close()
    db = sqlite3.connect(place)
    for column in ("launch_id", "name", "parent_id", "from_step", "until_step", "unread", "taken"):
        db.execute(f"alter table trial drop column {column}")
    for column in ("place", "prior"):
        db.execute(f"alter table experiment drop column {column}")
    for column in ("accepts_code", "code"):
        db.execute(f"alter table launch drop column {column}")
    db.execute("alter table checkpoint drop column contents")
    for table in ("stretch", "code_file", "code_text", "owner"):
        db.execute(f"drop table {table}")
    db.execute("pragma user_version = 1")
    db.close()

    (found,) = reader(place).entries()

    assert [one.ended for one in found.launches] == [0]
    assert found.origin == found.launches[0]


def test_a_newer_schema_is_refused(store, place):
    store.close()
    db = sqlite3.connect(place)
    db.execute(f"pragma user_version = {latest() + 1}")
    db.close()

    with pytest.raises(StoreError, match=f"has schema {latest() + 1}.*Upgrade Etude"):
        open_store(place)
    with pytest.raises(StoreError, match=f"has schema {latest() + 1}.*Upgrade Etude"):
        reader(place)


@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_database_is_refused_and_left_alone(place, create):
    place.write_text("name,value\n" * 100)

    with pytest.raises(StoreError, match=r"is not a database of Etude.*--store"):
        open_store(place, create=create)

    assert place.read_text() == "name,value\n" * 100


@pytest.mark.parametrize("create", [True, False])
def test_another_programs_database_is_refused_and_left_alone(place, create):
    db = sqlite3.connect(place)
    db.execute("create table trials(number integer)")
    db.commit()
    db.close()
    before = place.read_bytes()

    with pytest.raises(StoreError, match=r"database of another program .*`?trials"):
        open_store(place, create=create)

    assert place.read_bytes() == before


def test_an_empty_file_becomes_a_store(place):
    place.touch()
    store = open_store(place, create=False)

    assert store.entries() == []
    store.close()


def test_a_store_that_is_a_folder_is_refused(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path)


def test_a_missing_store_is_named_with_the_way_out(place):
    with pytest.raises(StoreError, match=r"There is no store at .*etude run FILE"):
        reader(place)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"The folder of the store .* does not exist"):
        open_store(tmp_path / "no" / "etude.db")


def test_an_address_is_no_path():
    with pytest.raises(StoreError, match="A store is a path or `memory`, found `postgres://"):
        open_store("postgres://host/db")


def test_the_environment_names_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("ETUDE_STORE", str(tmp_path / "elsewhere.db"))

    open_store().close()

    assert (tmp_path / "elsewhere.db").is_file()


SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
"""
FILL = """
try:
    for count in range(10_000):
        rows = tuple((step, "valid/loss", float(count)) for step in range(200))
        store.append("rates", [Logged(0, rows)])
except StoreError as error:
    print(count)
    print(error)
    try:
        store.append("rates", [Began(0, 0)])
    except StoreError as again:
        print(again)
"""


def fill(folder):
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"x" * 4096):
            pass


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 400 kB, where one can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small file system can be mounted here: a full disk was not tried")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_the_store_still_opens(small_disk):
    place = small_disk / "etude.db"
    with process(FILL, place) as writer:
        count, message, _ = writer.stdout.read().split("\n", 2)

    store = reader(place)

    found = len(rows(store))
    store.close()
    assert "the disk is full" in message
    assert found == 200 * int(count)


def test_a_file_that_may_grow_no_more_is_told_and_the_store_still_opens(place):
    with process(SMALL_FILES + FILL, place) as writer:
        count, message, _ = writer.stdout.read().split("\n", 2)

    store = open_store(place)

    begun(store)
    store.append("rates", [Began(1, 0)])
    found = len(rows(store))
    store.close()
    assert "the disk is full" in message
    assert found == 200 * int(count)


def test_a_full_disk_under_the_lock_is_told(small_disk):
    place = small_disk / "etude.db"
    store = open_store(place)
    begun(store)
    fill(small_disk)

    with pytest.raises(StoreError, match="Free some space"), store.own("rates"):
        pass

    store.close()


def test_the_text_of_a_file_is_stored_once(store, place):
    files = (CodeFile("train.py", "1", "x = 1"), CodeFile("helper.py", "2", "y = 1"))
    other = (CodeFile("train.py", "3", "x = 2"), files[1])
    store.append("rates", [Began(0, 0), Coded(0, 0, Code(files)), Ended(0, "completed")])
    store.append("rates", [Began(1, 0), Coded(1, 0, Code(files)), Ended(1, "completed")])
    store.append("rates", [Began(2, 0), Coded(2, 0, Code(other)), Ended(2, "completed")])

    db = sqlite3.connect(place)
    counts = [
        db.execute(f"select count(*) from {table}").fetchone()[0]
        for table in ("code_file", "code_text", "stretch")
    ]
    db.close()

    assert counts == [4, 3, 3]


def test_a_trial_of_an_older_store_knows_its_last_launch(store, place):
    store.append("rates", [Began(0, 0), Ended(0, "completed")])
    store.close()
    db = sqlite3.connect(place)
    db.execute("delete from stretch")
    db.commit()
    db.close()

    found = reader(place).records("rates")[0].stretches

    assert [(one.launch, one.code) for one in found] == [(1, None)]
