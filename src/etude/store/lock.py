"""One run owns an experiment: an operating-system lock, gone with its process however it ends."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..errors import OwnedError, StoreError


@contextmanager
def file_lock(path: Path, name: str) -> Iterator[None]:
    """Holds the lock file at `path` for this process while the block runs.

    Raises:
        OwnedError: while another process holds it, with that process and its start.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StoreError(
            f"The lock `{path}` cannot be written ({error.strerror}). "
            "Make the store's folder writable, or name another store with --store."
        ) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _owned_error(file, name) from None
        _write_owner(file, path)
        yield
    finally:
        os.close(file)


def _write_owner(file: int, path: Path) -> None:
    owner = {"process": os.getpid(), "started": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(owner).encode(), 0)
    except OSError as error:
        raise StoreError(
            f"The lock `{path}` could not be written ({error.strerror}). "
            "Free some space and type the same command again: what was finished is kept."
        ) from error


def _owned_error(file: int, name: str) -> OwnedError:
    try:
        owner = json.loads(os.pread(file, 4096, 0))
    except ValueError:  # the owner is just writing it
        owner = {"process": 0, "started": "just now"}
    message = (
        f"Experiment `{name}` is already run by process {owner['process']}, started "
        f"{owner['started']}. Wait for it or stop it (`kill -INT {owner['process']}`); "
        f"`etude report {name}` may look at any time."
    )
    return OwnedError(message, process=owner["process"], started=owner["started"])
