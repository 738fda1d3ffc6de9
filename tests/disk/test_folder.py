import errno
import os
import shutil
import stat

import pytest

from etude.disk.folder import (
    contents,
    copy_tree,
    is_whole,
    make_lasting_folder,
    sync_folder,
    sync_tree,
)


@pytest.fixture
def folder(tmp_path):
    """A checkpoint of two files, one of them deeper, with a name that is no UTF-8."""
    made = tmp_path / "7"
    (made / "shards").mkdir(parents=True)
    (made / "state.json").write_text('{"step": 7}')
    (made / "shards" / "\udcff0").write_bytes(bytes(range(256)) * 20)
    return made


def zeros(path):
    path.write_bytes(b"\0" * path.stat().st_size)


def halved(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def replaced(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("name", ["state.json", "shards/\udcff0"])
@pytest.mark.parametrize(
    "tear",
    [lambda path: path.write_bytes(b""), zeros, halved, replaced, lambda path: path.unlink()],
)
def test_a_folder_is_torn_where_one_of_its_files_is_not_as_it_was(folder, name, tear):
    listed = contents(folder)
    before = is_whole(folder, listed)

    tear(folder / name)

    assert before
    assert not is_whole(folder, listed)


def test_what_was_put_beside_its_files_does_not_matter(folder):
    listed = contents(folder)

    (folder / "state.json.lock").touch()

    assert is_whole(folder, listed)


def test_a_folder_without_a_list_is_whole_where_it_is_there(folder):
    before = is_whole(folder, "")

    shutil.rmtree(folder)

    assert before
    assert not is_whole(folder, "")


def test_links_lead_out_of_a_folder_and_are_not_listed(folder, tmp_path):
    (tmp_path / "elsewhere").write_text("a")
    listed = contents(folder)

    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    sync_tree(folder)

    assert contents(folder) == listed


@pytest.mark.parametrize("has_modes", [True, False])
def test_a_copy_is_whole_also_where_a_file_system_has_no_modes(folder, monkeypatch, has_modes):
    def fails(*given, **more):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    (folder / "state.json").chmod(0o640)
    (folder / "link").symlink_to("state.json")
    if not has_modes:
        monkeypatch.setattr(os, "chmod", fails)

    copy_tree(folder, folder.with_name("8"))

    assert is_whole(folder.with_name("8"), contents(folder))
    assert (folder.with_name("8") / "link").read_text() == '{"step": 7}'
    if has_modes:
        assert stat.S_IMODE((folder.with_name("8") / "state.json").stat().st_mode) == 0o640


def test_folders_are_made_down_to_the_last(tmp_path):
    make_lasting_folder(tmp_path / "a" / "b")
    make_lasting_folder(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()


def failing(monkeypatch, code):
    def fails(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_takes_a_folder_no_more_is_told(tmp_path, monkeypatch, code):
    failing(monkeypatch, code)

    with pytest.raises(OSError, match=os.strerror(code)):
        sync_folder(tmp_path)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES])
def test_a_file_system_that_syncs_no_folders_is_left_at_that(tmp_path, monkeypatch, code):
    failing(monkeypatch, code)

    sync_folder(tmp_path)


def test_where_a_sync_ends_in_the_disks_memory_more_is_asked_of_it(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("etude.disk.folder._FULL_SYNC", 51)
    monkeypatch.setattr("fcntl.fcntl", lambda _, what: asked.append(what))
    failing(monkeypatch, errno.EIO)

    sync_folder(tmp_path)

    assert asked == [51]
