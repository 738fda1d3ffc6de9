"""Stores: the only state. What is committed here survives whatever happens to the program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import StoreError
from ..text.masking import without_password

if TYPE_CHECKING:  # a member is loaded when a store is opened: a shell completes names in no time
    from .base import Store

DEFAULT = "etude.db"


def location(store: str | Path | None) -> str:
    """The place of a store: as given, else `ETUDE_STORE`, else `etude.db` in the working folder."""
    return str(store or os.environ.get("ETUDE_STORE") or DEFAULT)


def path_of(store: Store | str | Path | None) -> Path | None:
    """The file of a store, there or not yet; None in memory.

    >>> path_of("runs/etude.db"), path_of("memory")
    (PosixPath('runs/etude.db'), None)
    """
    if store is None or isinstance(store, str | Path):
        place = location(store)
        return None if place == "memory" or "://" in place else Path(place)
    from .memory import Memory

    return None if isinstance(store, Memory) else store.files.store


def open_store(store: str | Path | None = None, *, create: bool = True) -> Store:
    """The store at a path, or `memory`.

    Raises:
        StoreError: where it cannot be opened, or is missing and `create` is False.
    """
    from .memory import Memory
    from .sqlite import SQLite

    place = location(store)
    if place == "memory":
        return Memory()
    if "://" in place:
        raise StoreError(
            f"A store is a path or `memory`, found `{without_password(place)}`. "
            "Write for example --store etude.db."
        )
    return SQLite(Path(place), create=create)


@contextmanager
def open_or_borrow(store: Store | str | Path | None) -> Iterator[Store]:
    """A store for a block: one that is named is opened and closed, a Store stays its owner's.

    Raises:
        StoreError: where it cannot be opened.
    """
    if store is not None and not isinstance(store, str | Path):
        yield store
        return
    with closing(open_store(store)) as opened:
        yield opened
