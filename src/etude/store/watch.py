"""Watch: a thread that looks every second whether a store is still the file that was opened.

It also writes what is committed into the file itself, so that a copy of that file alone is no older
than a few seconds.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, final

from ..errors import StoreError
from .identity import Identity, identity, owner_in_file
from .lock import keep_in_use
from .owner import Owner

# Whoever deletes a store is to hear of it within seconds.
EVERY_S = 1.0
# A copy of the file alone is to have what was committed ten seconds before: half, and the rest is
# for a slow disk.
CHECKPOINT_S = 5.0
# A page may be read while it is written: as often as this it is read again.
_READS = 3
_READ_AGAIN_S = 0.1
# A file cannot be read while much is written back into it on a slow disk, and nor can one that was
# overwritten with anything else: so often in a row it is looked at without its being written to.
_UNREAD_LOOKS = 5
_PARTS = ("-wal", "-shm")


def loss(path: Path, file: Identity, descriptor: int | None = None) -> str:
    """What became of a store that is no longer the file that was opened; empty where it is."""
    try:
        found = identity(path)
    except OSError:  # a network that fails for a moment
        return ""
    if found == file:
        return ""
    if found is not None:
        return (
            f"Another file took the place of the store `{path}` while it was in use. "
            "Put the store back, or type the same command again to begin anew in the other."
        )
    if descriptor is None:
        return f"The store `{path}` was deleted or moved while it was in use. {_PUT_BACK}"
    if os.fstat(descriptor).st_nlink == 0:
        return f"The store `{path}` was deleted while it was in use. {_PUT_BACK}"
    to = _new_place(descriptor, file)
    return f"The store `{path}` was moved{to} while it was in use. {_MOVE_BACK}"


_PUT_BACK = "Put a copy back, or type the same command again to begin anew."
_MOVE_BACK = "Move it back and type the same command again: what was finished is kept."


def _new_place(descriptor: int, file: Identity) -> str:
    """Where an open file is now, in words; empty where the system does not say."""
    with suppress(OSError):
        place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if identity(place) == file:
            return f" to `{place}`"
    return ""


@final
class Watch:
    """Looks at a store while an owner is at work in it.

    Args:
        path: The database.
        descriptor: A descriptor of it.
        owned: The experiment, and who is written down for it.
        on_loss: Is called once, in the watching thread, where the store is lost.

    Attributes:
        message: What became of the store, for people; empty while it is there.
    """

    def __init__(
        self,
        path: Path,
        descriptor: int,
        owned: tuple[str, Owner],
        on_loss: Callable[[], object],
    ) -> None:
        """Looks for the first time."""
        self.message = ""
        self._path, self._descriptor, self._owned, self._on_loss = path, descriptor, owned, on_loss
        status = os.fstat(descriptor)
        self._file: Identity = status.st_dev, status.st_ino
        names = [path.with_name(path.name + part) for part in _PARTS]
        self._parts = {name: file for name in names if (file := identity(name)) is not None}
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma fullfsync = on")  # as the owner's
        self._is_overwritten = False
        self._is_written = False
        self._stamp: Any = None
        self._unread: tuple[Any, int] = (None, 0)
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True, name="etude store")

    @contextmanager
    def looking(self, db: sqlite3.Connection) -> Iterator[None]:
        """Looks while the block runs, and at its end; `db` is the owner's connection.

        Raises:
            StoreError: where the store is lost, in place of whatever the block raises.
        """
        self._checkpoint()
        self._thread.start()
        try:
            try:
                yield
            finally:
                self._end()
        except BaseException as error:
            if not self.message:
                raise
            raise StoreError(self.message) from error
        finally:
            if self.message:
                self._settle(db)
        if self.message:
            raise StoreError(self.message)

    def _end(self) -> None:
        """Ends the thread, and looks for the last time; calls nobody from then on."""
        with self._lock:
            self._closed.set()
        self._thread.join()
        self.message = self.message or self._loss()
        for _ in range(2 * _UNREAD_LOOKS):
            if self.message or not self._is_unread:
                break
            time.sleep(EVERY_S)
            self.message = self._loss()
        self._db.close()

    def _settle(self, db: sqlite3.Connection) -> None:
        """Leaves a lost store as whole as can be, wherever it is now.

        What is written ahead goes into the file, also where it was moved to, and away from another
        that took its place. Into a file that was overwritten it does not go.
        """
        if self._is_overwritten:
            keep_in_use(self._descriptor)
        else:
            with suppress(sqlite3.Error):
                db.execute("pragma busy_timeout = 1000")
                db.execute("pragma wal_checkpoint(truncate)")
        is_elsewhere = _is_gone(self._path, self._file)
        parts = [name for name, file in self._parts.items() if not _is_gone(name, file)]
        if self._is_overwritten or (is_elsewhere and not any(map(_is_ahead, parts))):
            for name in parts:
                name.unlink(missing_ok=True)

    def _run(self) -> None:
        next_s = time.monotonic() + CHECKPOINT_S
        while not self._closed.wait(EVERY_S):
            with self._lock:
                if self._closed.is_set():
                    return
                self.message = self._loss()
                if self.message:
                    self._on_loss()
                    return
            if time.monotonic() >= next_s and not self._is_unread:  # into nobody else's file
                self._checkpoint()
                next_s = time.monotonic() + CHECKPOINT_S

    def _loss(self) -> str:
        if message := loss(self._path, self._file, self._descriptor):
            return message
        for name, file in self._parts.items():
            if _is_gone(name, file):
                return (
                    f"`{name}` was deleted or replaced while its store was in use. "
                    "Type the same command again: what was finished is kept."
                )
        status = os.fstat(self._descriptor)
        stamp = status.st_mtime_ns, status.st_size
        if self._is_written and stamp != self._stamp and self._is_overwritten_by(stamp):
            self._is_overwritten = True
            return (
                f"The store `{self._path}` was overwritten while it was in use. "
                "Look at what it holds now, or type the same command again to go on in it."
            )
        if not self._is_unread:
            self._stamp = stamp
        return ""

    @property
    def _is_unread(self) -> bool:
        """Whether the file could not be read when it was looked at last."""
        return self._unread[1] > 0

    def _is_overwritten_by(self, stamp: tuple[int, int]) -> bool:
        """Whether other contents stand in the file: another owner, or for long nothing readable."""
        is_ours = self._is_ours()
        if is_ours is not None:
            self._unread = (None, 0)
            return not is_ours
        before, looks = self._unread
        self._unread = (stamp, looks + 1 if stamp == before else 1)
        return self._unread[1] >= _UNREAD_LOOKS

    def _is_ours(self) -> bool | None:
        """Whether the file still says who owns it; None where it cannot be read."""
        name, owner = self._owned
        is_ours = None
        for _ in range(_READS):
            try:
                is_ours = owner_in_file(self._path, name) == owner
            except sqlite3.Error as error:
                # A database without such a table is a whole one, of somebody else.
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
                    is_ours = False
            if is_ours:
                return True
            time.sleep(_READ_AGAIN_S)
        return is_ours

    def _checkpoint(self) -> None:
        """Writes what is committed into the file; waits for nobody, and holds nobody up."""
        with suppress(sqlite3.Error), closing(self._db.execute("pragma wal_checkpoint")) as answer:
            _, pages, written = answer.fetchone()
            self._is_written = self._is_written or pages == written


def _is_gone(path: Path, file: Identity) -> bool:
    try:
        return identity(path) != file
    except OSError:
        return False


def _is_ahead(path: Path) -> bool:
    """Whether this is what is written ahead, and holds something."""
    return path.name.endswith(_PARTS[0]) and path.stat().st_size > 0
