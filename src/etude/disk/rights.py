"""Rights of what stands beside a store: whoever reads the store reads them, and nobody else."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

# A new store is its owner's alone, whatever the umask: settings, curves and code are in it.
PRIVATE = 0o600
# What a file system says that has no modes, and what it says of another user's file.
_NO_MODES = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def file_rights(store: Path) -> int:
    """The rights of a new file beside a store: those that the store has, `PRIVATE` without one."""
    try:
        return stat.S_IMODE(store.stat().st_mode) & 0o666
    except OSError:
        return PRIVATE


def make_folder(folder: Path) -> None:
    """Makes a folder beside a store and those above it, with `new_folder`."""
    if not folder.is_dir():
        make_folder(folder.parent)
        new_folder(folder)


def new_folder(folder: Path) -> None:
    """Makes a folder with the rights of the one that it stands in, whatever the umask.

    The topmost, `STORE.checkpoints` or `STORE.trials`, has the rights of the store itself.
    """
    store = folder.with_suffix("")
    if store.is_file():
        rights = file_rights(store)
        rights |= (rights & 0o444) >> 2  # who reads the store enters the folder
    else:
        rights = stat.S_IMODE(folder.parent.stat().st_mode) & 0o777
    with suppress(FileExistsError):  # another worker was quicker
        folder.mkdir(rights)
        set_rights(folder, rights)


def open_log(log: Path) -> int:
    """A descriptor that appends to a log, a new one with the rights of its folder."""
    make_folder(log.parent)
    rights = stat.S_IMODE(log.parent.stat().st_mode) & 0o666
    is_new = not log.exists()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, rights)
    if is_new:
        set_rights(log, rights)
    return descriptor


def narrow_rights(folder: Path) -> None:
    """Takes from all that stands in a folder the rights that nobody has on the folder itself."""
    limit = stat.S_IMODE(folder.stat().st_mode) & 0o777
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in (*folders, *files)):
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode):
                set_rights(path, stat.S_IMODE(mode) & limit)


def set_rights(path: Path, rights: int) -> None:
    """Gives a file or a folder these rights, also where the umask took some of them.

    What another user made stays as it is.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o777 != rights:
        set_mode(path, mode & ~0o777 | rights)


def set_mode(file: Path | int, mode: int) -> None:
    """Gives a file, or an open one by its descriptor, this mode, where its file system has modes.

    Some of network folders and of memory cards have none, and whoever mounted them says who reads.
    """
    try:
        os.chmod(file, mode)
    except OSError as error:
        if error.errno not in _NO_MODES:
            raise
