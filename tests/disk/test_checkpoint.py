import os

import pytest

from etude.disk.checkpoint import write_checkpoint
from etude.disk.folder import is_whole


def save(folder):
    (folder / "deep").mkdir()
    (folder / "deep" / "weights").write_text("w")


def names(place):
    return sorted(path.name for path in place.parent.iterdir())


@pytest.fixture
def place(tmp_path):
    return tmp_path / "walk" / "0" / "7"


def test_a_checkpoint_is_in_its_place_with_a_list_of_what_is_in_it(place):
    listed = write_checkpoint(place, save, lasting=True)

    assert is_whole(place, listed)
    assert "deep/weights" in listed
    assert names(place) == ["7"]


def test_one_of_the_same_step_is_replaced(place):
    write_checkpoint(place, lambda folder: (folder / "old").touch(), lasting=False)

    listed = write_checkpoint(place, save, lasting=False)

    assert is_whole(place, listed)
    assert not (place / "old").exists()
    assert names(place) == ["7"]


def test_what_is_half_written_is_removed(place):
    def fails(folder):
        save(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_checkpoint(place, fails, lasting=True)

    assert names(place) == []


def test_files_and_folders_are_on_disk_before_a_checkpoint_has_its_name(place, monkeypatch):
    place.parent.mkdir(parents=True)
    calls = []
    sync, replace = os.fsync, os.replace

    def synced(descriptor):
        calls.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        sync(descriptor)

    def replaced(*two):
        calls.append("replace")
        replace(*two)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)

    write_checkpoint(place, save, lasting=True)

    assert calls == ["weights", "deep", "7.partial", "replace", "0"]
