"""A small file, read whole: text that people write, and never a pipe or an endless file."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

# An experiment of 100,000 settings listed by hand has 10 MB.
MAX_BYTES = 16 << 20
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def bytes_of(path: Path, *, most: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: where it cannot be read, is no regular file, or is larger; `.strerror` says which.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # a zero byte, or what no file's name can hold
        raise OSError(errno.EINVAL, "no file can have such a name", str(path)) from error
    with os.fdopen(file, "rb") as opened:
        refuse_other_kinds(path, os.fstat(opened.fileno()).st_mode)
        # Not by its size: a file of the system has none, and one may grow while it is read.
        data = opened.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most >> 20} MB", str(path))
    return data


def holds(path: Path, text: str) -> bool:
    """Whether a file holds this text and nothing else, whatever its bytes and line ends are.

    Raises:
        OSError: where it cannot be read, or is no regular file.
    """
    data = text.encode("utf-8")
    try:
        return bytes_of(path, most=2 * len(data)).replace(b"\r\n", b"\n") == data
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return False


def refuse_other_kinds(path: Path, mode: int) -> None:
    """Refuses what is no regular file, whose reading may never end.

    Raises:
        OSError: naming the kind; IsADirectoryError for a folder.
    """
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, and no file", str(path))
