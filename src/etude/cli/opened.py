"""Stores: opened for reading, never in the way of a run, or kept beyond a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from ..errors import RunError
from ..result import Result, load
from ..store import open_store


@contextmanager
def opened(name: str | None, store: str | None) -> Iterator[Result]:
    """The result of an experiment as it stands; the store is closed after."""
    with closing(open_store(store, create=False)) as held:
        yield load(held, name)


def kept(place: str) -> str:
    """The store's place, refused where it would be forgotten with this command."""
    if place == "memory":
        raise RunError(
            "A store in memory is forgotten when this command ends. Name a file: --store etude.db."
        )
    return place
