"""Files that would harm a reader that trusts them."""

from __future__ import annotations

import os
import pickle
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GIGABYTE = 1 << 30


class MaliciousPickle:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def malicious_pickle(folder: Path) -> bytes:
    return pickle.dumps(MaliciousPickle(folder))


def zeros(path: Path, start: bytes = b"") -> Path:
    """A gigabyte of zeros that takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(start)
    os.truncate(path, GIGABYTE)
    return path


@contextmanager
def memory_below(limit_bytes: int) -> Iterator[None]:
    """Asserts that the block needs less memory than this at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit_bytes
    finally:
        tracemalloc.stop()
