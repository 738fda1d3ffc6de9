import errno
import fcntl
import os
import re
import resource
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from etude.disk.file import append_whole, is_blank, sweep_asides, write_whole

LEFT = ".etude-0123456789abcdef.partial"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "baseline.toml"
    path.write_text("the line of adoptions\n")
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def full_disk():
    """No file can grow, as on a full disk or beyond a quota."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("content", ["ä text\n", b"\x89PNG", ""])
def test_what_was_written_is_there_and_nothing_beside(file, content):
    write_whole(file, content)

    assert file.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert names(file.parent) == ["baseline.toml"]


def test_on_a_full_disk_the_old_file_stands_and_nothing_lies_beside(file):
    with full_disk(), pytest.raises(OSError, match="File too large"):
        write_whole(file, "another")

    assert file.read_text() == "the line of adoptions\n"
    assert names(file.parent) == ["baseline.toml"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.EDQUOT, "Disk quota exceeded"), KeyboardInterrupt])
def test_what_fails_before_the_end_leaves_the_old_file(file, monkeypatch, call, error):
    def fails(*given):
        raise error

    monkeypatch.setattr(os, call, fails)

    with pytest.raises((OSError, KeyboardInterrupt)):
        write_whole(file, "another")

    assert file.read_text() == "the line of adoptions\n"
    assert names(file.parent) == ["baseline.toml"]


def test_a_file_that_is_mounted_by_itself_is_left_and_the_way_out_is_said(file, monkeypatch):
    def fails(*given):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(os, "replace", fails)

    with pytest.raises(OSError, match="mounted by itself; mount the folder") as refusal:
        write_whole(file, "another")

    assert refusal.value.errno == errno.EBUSY
    assert names(file.parent) == ["baseline.toml"]


# The process that forks may have loaded JAX, for another test: it warns of its threads.
@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_killed_in_the_write_the_old_file_stands_and_the_next_writer_sweeps(file, call):
    killed = os.fork()
    if killed == 0:
        setattr(os, call, lambda *given: os._exit(9))
        write_whole(file, "another")
    os.waitpid(killed, 0)
    left = names(file.parent)

    write_whole(file.with_name("report.html"), "a page")

    assert len(left) == 2
    assert file.read_text() == "the line of adoptions\n"
    assert names(file.parent) == ["baseline.toml", "report.html"]


def test_the_content_is_on_disk_before_the_name_and_the_name_before_it_returns(file, monkeypatch):
    calls = []
    sync, replace = os.fsync, os.replace

    def synced(descriptor):
        calls.append("fsync")
        sync(descriptor)

    def replaced(*two):
        calls.append("replace")
        replace(*two)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)

    write_whole(file, "another")

    assert calls == ["fsync", "replace", "fsync"]


def test_a_writer_that_still_writes_is_not_swept(file):
    aside = file.with_name(LEFT)
    with aside.open("w") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        sweep_asides(file.parent)
        during = aside.exists()

    sweep_asides(file.parent)

    assert during
    assert not aside.exists()


@pytest.mark.parametrize("name", [".etude-notes", "x.partial", ".etude-01.partial", f"{LEFT}~"])
def test_what_is_not_ours_is_not_swept(file, name):
    file.with_name(name).touch()
    file.with_name(LEFT).mkdir()

    sweep_asides(file.parent)

    assert names(file.parent) == sorted([name, LEFT, "baseline.toml"])


def test_a_file_keeps_its_mode(file):
    file.chmod(0o640)

    write_whole(file, "another")

    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_mode_that_the_mask_says(tmp_path, mask):
    before = os.umask(mask)
    write_whole(tmp_path / "new", "a")
    os.umask(before)

    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("there", [True, False])
def test_behind_a_link_its_target_is_written(tmp_path, there):
    target, link = tmp_path / "data" / "real", tmp_path / "link"
    target.parent.mkdir()
    link.symlink_to("data/real")
    target.write_text("old") if there else None

    write_whole(link, "new")

    assert link.is_symlink()
    assert target.read_text() == "new"
    assert names(tmp_path) == ["data", "link"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path.mkdir(), errno.EISDIR),
        (lambda path: path.symlink_to(path), errno.ELOOP),
        (lambda path: path.symlink_to("nowhere/at/all"), errno.ENOENT),
    ],
)
def test_a_place_that_is_none_is_refused_and_stays(tmp_path, make, code):
    make(tmp_path / "place")

    with pytest.raises(OSError, match=re.escape(os.strerror(code))):
        write_whole(tmp_path / "place", "new")

    assert names(tmp_path) == ["place"]


def test_a_device_is_written_through(tmp_path):
    (tmp_path / "null").symlink_to(os.devnull)

    write_whole(tmp_path / "null", "gone")

    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    assert (tmp_path / "null").is_symlink()


def test_a_pipe_is_written_through(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    write_whole(tmp_path / "pipe", "through")

    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_what_this_process_prints_to_is_written_behind_what_was_printed(capfd):
    os.write(1, b"before\n")

    write_whole(Path("/dev/stdout"), "a page\n")
    os.write(1, b"after\n")

    assert capfd.readouterr().out == "before\na page\nafter\n"


def test_more_is_written_behind_what_a_file_has(tmp_path):
    append_whole(tmp_path / "looks", "one\n", head="# looks\n")
    append_whole(tmp_path / "looks", "two\n", head="# looks\n")

    assert (tmp_path / "looks").read_text() == "# looks\none\ntwo\n"


def test_of_what_many_write_behind_a_file_at_once_nothing_is_lost(tmp_path):
    lines = [f"{number}\n" for number in range(40)]

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda line: append_whole(tmp_path / "looks", line, head="#\n"), lines))

    head, *written = (tmp_path / "looks").read_text().splitlines(keepends=True)
    assert head == "#\n"
    assert sorted(written) == sorted(lines)
    assert names(tmp_path) == ["looks"]


@pytest.mark.parametrize(
    ("content", "blank"), [(b"", True), (b"\0" * 4096, True), (b"\n", True), (b"a = 1\n", False)]
)
def test_a_file_is_blank_where_a_power_cut_left_nothing_of_it(file, content, blank):
    file.write_bytes(content)

    assert is_blank(file) is blank
    assert not is_blank(file.with_name("missing"))


def test_a_pipe_that_nobody_reads_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(OSError, match="nobody reads from this pipe"):
        write_whole(tmp_path / "pipe", "words")
