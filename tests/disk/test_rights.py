"""Rights of folders and files beside a store, whatever the umask."""

import errno
import os

import pytest
from tests.store.sample import begun, finished

from etude.disk.file import write_whole
from etude.disk.rights import make_folder, narrow_rights, open_log
from etude.store import open_store


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def rights(path):
    return path.stat().st_mode & 0o777


def private(folder):
    return {path.name: rights(path) for path in folder.iterdir() if rights(path) & 0o077}


def test_a_new_store_is_its_owners_alone(umask, tmp_path):
    store = open_store(tmp_path / "etude.db")
    with store.own("rates"):
        found = private(tmp_path)

    store.close()
    assert found == {}


def test_logs_and_checkpoints_of_a_new_store_are_its_owners_alone(umask, tmp_path):
    open_store(tmp_path / "etude.db").close()
    log = tmp_path / "etude.db.trials" / "my.rates" / "0" / "log.txt"

    os.close(open_log(log))

    assert [rights(log), *(rights(one) for one in log.parents[:3])] == [0o600, 0o700, 0o700, 0o700]


@pytest.mark.parametrize(("store", "folder"), [(0o660, 0o770), (0o644, 0o755), (0o640, 0o750)])
def test_what_stands_beside_a_store_is_for_whom_the_store_is(umask, tmp_path, store, folder):
    (tmp_path / "etude.db").touch()
    (tmp_path / "etude.db").chmod(store)
    log = tmp_path / "etude.db.trials" / "rates" / "0" / "log.txt"

    os.close(open_log(log))
    log.write_text("a word, for an owner sweeps empty logs\n")
    opened = open_store(tmp_path / "etude.db")
    with opened.own("rates"):
        lock = rights(tmp_path / "etude.db.rates.lock")

    opened.close()
    assert (rights(log), rights(log.parent), lock) == (store, folder, store)


def test_a_log_that_is_there_keeps_its_rights(tmp_path):
    log = tmp_path / "log.txt"
    log.touch()
    log.chmod(0o644)

    os.close(open_log(log))

    assert rights(log) == 0o644


def test_what_was_saved_is_for_no_more_people_than_its_folder(tmp_path):
    os.umask(before := os.umask(0))
    folder = tmp_path / "7.partial"
    make_folder(folder)
    (folder / "deep").mkdir(0o777)
    (folder / "deep" / "weights").touch(0o666)
    (folder / "run").touch(0o755)
    (folder / "link").symlink_to("/")

    narrow_rights(folder)

    os.umask(before)
    assert rights(folder) == 0o700
    assert private(folder / "deep") == {}
    assert rights(folder / "run") == 0o700


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_without_modes_has_stores_and_files_all_the_same(tmp_path, monkeypatch, code):
    def fails(*given, **more):
        raise OSError(code, os.strerror(code))

    (tmp_path / "baseline.toml").write_text("old")
    for name in ("chmod", "fchmod", "fchown"):
        monkeypatch.setattr(os, name, fails)

    store = open_store(tmp_path / "etude.db")
    begun(store)
    with store.own("rates"):
        store.append("rates", finished(1, 0.25))
        os.close(open_log(store.files.log("rates", 1)))
    store.close()
    write_whole(tmp_path / "baseline.toml", "new")

    assert (tmp_path / "baseline.toml").read_text() == "new"


def test_a_mode_that_a_disk_fails_to_write_is_told(tmp_path, monkeypatch):
    def fails(*given, **more):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "chmod", fails)
    before = set(os.listdir("/proc/self/fd"))

    with pytest.raises(OSError, match="Input/output"):
        open_store(tmp_path / "etude.db")

    assert set(os.listdir("/proc/self/fd")) == before
