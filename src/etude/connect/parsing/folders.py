"""The folders below a source, so deep and no deeper, links not followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Heuristic: more folders than this hold data or checkpoints, and not only runs.
MAX_FOLDERS = 20_000


def inside(source: Path, *, depth: int) -> Iterator[Path]:
    """The folder itself and those below it, level by level, each level sorted."""
    level, count = [source], 0
    for _ in range(depth + 1):
        yield from level
        count += len(level)
        if count > MAX_FOLDERS:
            return
        level = [below for folder in level for below in _subfolders(folder)]


def named(source: Path, name: str, *, depth: int) -> list[Path]:
    """The folders of this name below a source, sorted."""
    return sorted(one for one in inside(source, depth=depth) if one.name == name and one != source)


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
    except OSError:
        return []  # one that cannot be listed holds nothing that can be read
    return [folder / name for name in sorted(names)]
