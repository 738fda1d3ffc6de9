"""Files that a person keeps are written one way: aside, synced, renamed, and the folder synced.

So a full disk, a quota or a kill leaves the file as it was, byte for byte, and a reader never
meets half of one. `docs/design/files.md` says why, and what it costs.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .folder import sync, sync_folder
from .rights import set_mode

_MOUNTED = "it is mounted by itself; mount the folder that it stands in"
# Ours alone: whoever sweeps them knows them by it. A short name, whatever the name of the file.
_ASIDE = re.compile(r"\.etude-[0-9a-f]{16}\.partial")


def write_whole(path: Path, content: str | bytes) -> None:
    """Puts `content` in the place of a file: when it returns, all of it is there and on disk.

    What is there keeps its mode, and behind a link it is the target that is written. What is no
    file (a pipe, `/dev/stdout`) has nothing to keep and is written through.

    Raises:
        OSError: where it cannot be written; the file is then what it was, and nothing lies beside.
            Where only its folder cannot be synced, it is what it should be until a power cut.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    known = _status(path)
    if known is None or (stat.S_ISREG(known.st_mode) and not _is_device(path)):
        own = _own_output(known)
        if own is None:
            _replace(Path(os.path.realpath(path)), data, known)
        else:
            _write_all(own, data)
        return
    with open(path, "wb", buffering=0, opener=_unwaiting) as file:
        os.set_blocking(file.fileno(), True)
        _write_all(file.fileno(), data)


def _unwaiting(path: str, flags: int) -> int:
    """Opens what is no file; a pipe that nobody reads is told at once, and not waited for."""
    try:
        return os.open(path, flags | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nobody reads from this pipe", path) from error
        raise


def append_whole(path: Path, content: str, *, head: str = "") -> None:
    """Puts `content` behind what a file has, or behind `head` where there is none yet.

    Who adds to it at the same time waits, so that nothing of either is lost.

    Raises:
        OSError: where it cannot be read or written; the file is then what it was.
    """
    with _folder_held(Path(os.path.realpath(path)).parent):
        try:
            before = path.read_bytes()
        except FileNotFoundError:
            before = head.encode("utf-8")
        write_whole(path, before + content.encode("utf-8"))


@contextmanager
def _folder_held(folder: Path) -> Iterator[None]:
    """Keeps others from adding to a file of this folder meanwhile, where its file system can."""
    with ExitStack() as stack:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def is_blank(path: Path) -> bool:
    """Whether a file has nothing in it, or what a power cut left of it: blanks and zeros."""
    try:
        return path.is_file() and not path.read_bytes().strip(b"\0 \t\r\n")
    except OSError:
        return False


def sweep_asides(folder: Path) -> None:
    """Removes what a writer that was killed left in a folder; who still writes is left alone."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _ASIDE.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _sweep(entry.path)


def _status(path: Path) -> os.stat_result | None:
    """What stands there, links followed; None where nothing does."""
    try:
        known = path.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(known.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return known


def _is_device(path: Path) -> bool:
    """Whether a path names what a process has open, as `/dev/stdout` does, and not a place."""
    return os.path.abspath(path).startswith(("/dev/fd/", "/proc/"))


def _own_output(known: os.stat_result | None) -> int | None:
    """The descriptor where the file is what this process prints to; it goes on behind."""
    if known is None:
        return None
    for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
        with suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), known):
                stream.flush()
                return descriptor
    return None


def _replace(place: Path, data: bytes, known: os.stat_result | None) -> None:
    if known is not None and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
    sweep_asides(place.parent)
    aside, descriptor = _opened_aside(place.parent)
    try:
        if known is not None:
            _take_over(descriptor, known)
        _write_all(descriptor, data)
        sync(descriptor)
        _rename(aside, place)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
    finally:
        os.close(descriptor)
    sync_folder(place.parent)


def _rename(aside: Path, place: Path) -> None:
    try:
        os.replace(aside, place)
    except OSError as error:
        if error.errno == errno.EBUSY and place.is_file():  # as one that a container is given
            raise OSError(errno.EBUSY, _MOUNTED, str(place)) from error
        raise


def _opened_aside(folder: Path) -> tuple[Path, int]:
    """A new file, locked for as long as it is open: no sweep takes it for left over."""
    while True:
        aside = folder / f".etude-{secrets.token_hex(8)}.partial"
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with suppress(OSError):  # a file system without locks is never swept
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if aside.exists():  # else a sweep came between the two lines above
            return aside, descriptor
        os.close(descriptor)


def _take_over(descriptor: int, known: os.stat_result) -> None:
    """Gives a file the owner, as far as that may be, and the mode of the one that it replaces."""
    if (known.st_uid, known.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(OSError):
            os.fchown(descriptor, known.st_uid, known.st_gid)
    set_mode(descriptor, stat.S_IMODE(known.st_mode))


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _sweep(aside: str) -> None:
    with suppress(OSError):
        descriptor = os.open(aside, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(aside)
        finally:
            os.close(descriptor)
