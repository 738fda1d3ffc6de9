"""Files that want to do harm."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

GIGABYTE = 1 << 30


class Trap:
    """Whoever unpickles it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def trap(folder: Path) -> bytes:
    return pickle.dumps(Trap(folder))


def zeros(path: Path, start: bytes = b"") -> Path:
    """A gigabyte of zeros that takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(start)
    os.truncate(path, GIGABYTE)
    return path
