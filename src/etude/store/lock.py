"""One run owns an experiment: operating-system locks, gone with their process however it ends.

The lock that counts lies on the database file itself, on a byte of its own for each experiment far
beyond the file's end: so it holds whatever link the file is opened by, and nobody can delete it.
The lock file beside the store says to people and scripts who the owner is.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shlex
import stat
import struct
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import final

from ..disk.rights import set_mode
from ..errors import OwnedError, StoreError
from .identity import Identity, identity
from .owner import Owner

# Locks of an open file, not of a process: two stores in one process refuse each other too.
_SET_LOCK = getattr(fcntl, "F_OFD_SETLK", None)
_GET_LOCK = getattr(fcntl, "F_OFD_GETLK", None)
_FIRST_BYTE = 1 << 62
_LOCK = "hhqqi4x"
# What a file system says that has no such locks.
_UNABLE = {errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EOVERFLOW}
# Where SQLite says that a database is in use: while a byte of these is locked nobody closes it as
# the last one, which writes what is written ahead into it.
_IN_USE = (0x40000000 + 2, 510)


@final
class Descriptors:
    """Descriptors of database files, which are closed only where SQLite has closed its own.

    A process that closes any descriptor of a file loses all the locks that it has on it (POSIX),
    those of SQLite among them: another process would then take itself for the last one.
    """

    def __init__(self) -> None:
        """Begins with none; a process that is forked off holds nothing."""
        self._lock = threading.Lock()
        self._stores: Counter[Identity] = Counter()
        self._idle: defaultdict[Identity, list[int]] = defaultdict(list)
        self._taken: set[int] = set()
        os.register_at_fork(after_in_child=self._forget)

    def store_opened(self, file: Identity) -> None:
        """Another connection of SQLite's."""
        with self._lock:
            self._stores[file] += 1

    def store_closed(self, file: Identity) -> None:
        """One connection of SQLite's fewer; with the last one descriptors are closed."""
        with self._lock:
            self._stores[file] -= 1
            if self._stores[file] <= 0:
                del self._stores[file]
                for descriptor in self._idle.pop(file, []):
                    os.close(descriptor)

    def take(self, path: Path, file: Identity) -> int:
        """A descriptor of its own for an owner."""
        with self._lock:
            idle = self._idle[file]
            descriptor = idle.pop() if idle else os.open(path, os.O_RDWR)
            self._taken.add(descriptor)
            return descriptor

    def give_back(self, descriptor: int) -> None:
        """Lets go of a descriptor whose locks are released."""
        status = os.fstat(descriptor)
        with self._lock:
            self._taken.discard(descriptor)
            file = (status.st_dev, status.st_ino)
            if self._stores[file] > 0:
                self._idle[file].append(descriptor)
            else:
                os.close(descriptor)

    def note(self, descriptor: int) -> None:
        """Takes a descriptor that holds a lock, which a process that is forked off is not to."""
        with self._lock:
            self._taken.add(descriptor)

    def close(self, descriptor: int) -> None:
        """Closes what was noted, where this process noted it."""
        with self._lock:
            if descriptor in self._taken:
                self._taken.discard(descriptor)
                os.close(descriptor)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        for descriptor in [*self._taken, *(one for idle in self._idle.values() for one in idle)]:
            with suppress(OSError):
                os.close(descriptor)
        self._taken, self._idle, self._stores = set(), defaultdict(list), Counter()


DESCRIPTORS = Descriptors()


@contextmanager
def database_lock(path: Path, name: str) -> Iterator[int]:
    """Holds an experiment of the database at `path` while the block runs; gives a descriptor.

    Raises:
        BlockingIOError: while another owner holds it.
        StoreError: where the file is gone.
    """
    try:
        file = identity(path)
        if file is None:
            raise StoreError(
                f"The store `{path}` is gone. Type the same command again to begin anew."
            )
        descriptor = DESCRIPTORS.take(path, file)
    except OSError as error:
        raise StoreError(
            f"The store `{path}` cannot be written ({error.strerror}). "
            "Make it writable, or name another store with --store."
        ) from error
    byte = _byte(name)
    try:
        _set(descriptor, fcntl.F_WRLCK, byte, 1)
        try:
            yield descriptor
        finally:
            _set(descriptor, fcntl.F_UNLCK, byte, 1)
    finally:
        DESCRIPTORS.give_back(descriptor)


def is_held(descriptor: int, name: str) -> bool | None:
    """Whether somebody owns an experiment, without a lock of one's own; None where nobody can say.

    `descriptor` is of the database, and stays open as long as SQLite's own.
    """
    if _GET_LOCK is None:
        return None
    request = struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, _byte(name), 1, 0)
    try:
        answer = fcntl.fcntl(descriptor, _GET_LOCK, request)
    except OSError:
        return None
    return bool(struct.unpack(_LOCK, answer)[0] != fcntl.F_UNLCK)


def _byte(name: str) -> int:
    """The byte of an experiment, far beyond the end of the file."""
    return _FIRST_BYTE + int.from_bytes(hashlib.sha256(name.encode()).digest()[:7])


def keep_in_use(descriptor: int) -> None:
    """Lets no process close this database as the last one: what is written ahead stays out of it.

    So until this process ends.
    """
    kept = os.dup(descriptor)
    DESCRIPTORS.note(kept)
    _set(kept, fcntl.F_RDLCK, *_IN_USE)


def _set(descriptor: int, kind: int, start: int, length: int) -> None:
    if _SET_LOCK is None:
        return  # the lock file decides
    try:
        request = struct.pack(_LOCK, kind, os.SEEK_SET, start, length, 0)
        fcntl.fcntl(descriptor, _SET_LOCK, request)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise


@contextmanager
def file_lock(path: Path, owner: Owner, mode: int) -> Iterator[None]:
    """Holds the lock file at `path` while the block runs; it says who the owner is.

    Raises:
        BlockingIOError: while another process holds it.
        StoreError: where it cannot be written.
    """
    try:
        _refuse_other_kinds(path)
        is_new = not path.exists()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, mode)
    except OSError as error:
        raise StoreError(
            f"The lock `{path}` cannot be written ({error.strerror}). "
            "Make the store's folder writable, or name another store with --store."
        ) from error
    DESCRIPTORS.note(file)
    try:
        _lock_whole(file, path)
        _write_owner(file, path, owner, mode if is_new else None)
        yield
    finally:
        DESCRIPTORS.close(file)


def _refuse_other_kinds(path: Path) -> None:
    """Refuses what is no file in the lock's place: what a link leads to is not ours to write."""
    if not os.path.lexists(path) or stat.S_ISREG(path.lstat().st_mode):
        return
    place = shlex.quote(str(path))
    away, what = f"rm {place}", "no regular file"
    if path.is_symlink():
        what = "a symbolic link"
    elif path.is_dir():
        away, what = f"mv {place} {shlex.quote(f'{path}.moved')}", "a folder"
    raise StoreError(
        f"The lock `{path}` is {what}, and should be a file, which a run makes itself. Take it "
        f"away (`{away}`) and type the same command again."
    )


def _lock_whole(file: int, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        raise StoreError(
            f"The file system of the lock `{path}` has no locks ({error.strerror}). "
            "Put the store on a local disk."
        ) from error


def _write_owner(file: int, path: Path, owner: Owner, mode: int | None) -> None:
    try:
        if mode is not None:
            set_mode(file, mode)  # whatever the umask
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(owner.as_json()).encode(), 0)
    except OSError as error:
        raise StoreError(
            f"The lock `{path}` could not be written ({error.strerror}). "
            "Free some space and type the same command again: what was finished is kept."
        ) from error


def owned_error(name: str, owner: Owner | None, host: str) -> OwnedError:
    """What the second owner is told of the first."""
    if owner is None:
        owner = Owner(0, "", "just now")
    who = f"process {owner.process}" if owner.process else "another process"
    where = f" on {owner.host}" if owner.host else ""
    there = "" if owner.host in ("", host) else " there"
    stop = f" (`kill -INT {owner.process}`{there})" if owner.process else ""
    return OwnedError(
        f"Experiment `{name}` is already run by {who}{where}, started {owner.started}. "
        f"Wait for it or stop it{stop}; `etude report {name}` may look at any time.",
        process=owner.process,
        started=owner.started,
        host=owner.host,
    )
