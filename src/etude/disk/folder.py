"""Folders that a power cut leaves whole: synced, with a list of what is in them to check by."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import stat
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .rights import new_folder

_CHUNK = 1 << 20
_FULL_SYNC = getattr(fcntl, "F_FULLFSYNC", None)
# What a file system says that cannot sync a folder, or a folder that may not be listed.
_UNABLE = {
    *(errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOTTY),
    *(errno.EBADF, errno.EACCES, errno.EPERM),
}


def make_lasting_folder(folder: Path) -> None:
    """Makes a folder and those above it, each on disk under its name when it returns."""
    if folder.is_dir():
        return
    make_lasting_folder(folder.parent)
    new_folder(folder)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Sees to it that the names in a folder are on disk, where its file system can do that.

    Raises:
        OSError: where the disk takes them no more.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            sync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise


def sync(descriptor: int) -> None:
    """Sees to it that an open file or folder is on disk, past the disk's own memory too.

    Raises:
        OSError: where the disk takes it no more.
    """
    if _FULL_SYNC is not None:  # macOS, whose `fsync` leaves it in the disk's memory
        try:
            fcntl.fcntl(descriptor, _FULL_SYNC)
            return
        except OSError as error:
            if error.errno not in _UNABLE:
                raise
    os.fsync(descriptor)


def contents(folder: Path) -> str:
    """The files below a folder as JSON: name, size and checksum of each, sorted."""
    listed = [
        [path.relative_to(folder).as_posix(), path.lstat().st_size, _checksum(path)]
        for path in _files(folder)
    ]
    return json.dumps(sorted(listed), ensure_ascii=True, separators=(",", ":"))


def sync_tree(folder: Path) -> None:
    """Sees to it that all that is below a folder is on disk.

    Raises:
        OSError: where the disk takes it no more.
    """
    for path in _files(folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            sync(descriptor)
        finally:
            os.close(descriptor)
    for place, _, _ in os.walk(folder, topdown=False):
        sync_folder(Path(place))


def copy_tree(source: Path, place: Path) -> None:
    """Copies a folder to a place where nothing is; modes and times as far as the disk has them.

    Raises:
        OSError: where something of it cannot be read or written.
    """
    place.mkdir()
    for entry in os.scandir(source):
        if entry.is_dir():
            copy_tree(Path(entry.path), place / entry.name)
        else:
            shutil.copyfile(entry.path, place / entry.name)
            _copy_mode(Path(entry.path), place / entry.name)
    _copy_mode(source, place)


def _copy_mode(source: Path, place: Path) -> None:
    with suppress(OSError):
        shutil.copystat(source, place)


def is_whole(folder: Path, listed: str) -> bool:
    """Whether the files that `contents` listed are all there as they were; others do not matter.

    Without a list, as of a folder from before there was one, whether the folder is there.
    """
    if not listed:
        return folder.is_dir()
    return all(
        _is_as_listed(folder / name, size, checksum) for name, size, checksum in json.loads(listed)
    )


def _is_as_listed(path: Path, size: int, checksum: int) -> bool:
    try:
        return path.stat().st_size == size and _checksum(path) == checksum
    except OSError:
        return False


def _files(folder: Path) -> Iterator[Path]:
    """The regular files below a folder; links lead to what is not ours."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum
