"""A store opened for reading: never in the way of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from ..result import Result, load
from ..store import open_store


@contextmanager
def opened(name: str | None, store: str | None) -> Iterator[Result]:
    """The result of an experiment as it stands; the store is closed after."""
    with closing(open_store(store, create=False)) as held:
        yield load(held, name)
