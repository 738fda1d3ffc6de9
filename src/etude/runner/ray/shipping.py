"""What is shipped to the nodes: the user's code, and the files that the experiment names.

It is laid out in a folder of its own, so that nothing else can come along: Ray ships that folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from ...errors import RunError
from ...wording import join, quantity

# What stands beside a store belongs to it: `etude.db.checkpoints`, its journal, its lock.
_FOLDERS = (".checkpoints", ".trials", ".tracking", ".tensorboard", ".wandb")
_OF_A_STORE = (*_FOLDERS, ".lock", "-wal", "-shm", "-journal")
# Of Ray: more is refused when it is shipped, after it was packed.
MAX_BYTES = 512 * 1024**2
_HOME = "code"


@final
@dataclass(frozen=True)
class Parcel:
    """Files to ship, by where they stand here and where they are laid there.

    Args:
        files: From path to path below the shipped folder.
        folder: The experiment's folder, below the shipped folder.
        path: Where modules are looked for, below the shipped folder.
    """

    files: tuple[tuple[Path, str], ...]
    folder: str
    path: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(path.stat().st_size for path, _ in self.files)

    def line(self) -> str:
        """What is shipped, for people, before it is."""
        return f"Ray: {quantity(len(self.files), 'file')} ({size_text(self.size)}) to each node."

    def laid_out(self) -> Path:
        """A new folder with all of it, to be removed once it is shipped."""
        place = Path(tempfile.mkdtemp(prefix="etude-ray-"))
        for path, name in self.files:
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        for name in (self.folder, *self.path):
            (place / name).mkdir(parents=True, exist_ok=True)
        return place


def parcel(
    code: Sequence[Path],
    folder: Path,
    files: Sequence[str],
    roots: Sequence[Path],
    *,
    store: Path | None = None,
) -> Parcel:
    """The parcel of this code and of the named files.

    Args:
        code: The user's files that the training imports.
        folder: The experiment's.
        files: Paths relative to it, or patterns, of what else is shipped; folders whole.
        roots: Other folders that modules are imported from.
        store: Of the run, which may be as new as to have nothing beside it yet.

    Raises:
        RunError: for what is missing, hidden, outside of the folder or too large.
    """
    home = folder.resolve()
    base = home
    while (base / "__init__.py").is_file():
        base = base.parent
    places = [(base, _HOME), *((root.resolve(), f"path-{n}") for n, root in enumerate(roots))]
    laid = {path: name for path in code if (name := _name(path, places))}
    laid |= {path: f"{_HOME}/{path.relative_to(base)}" for path in _named(home, files, store)}
    below = (Path(_HOME) / home.relative_to(base)).as_posix()
    used = {name.partition("/")[0] for name in laid.values()}
    path = tuple(name for _, name in places[1:] if name in used)
    by_name = sorted(laid.items(), key=lambda item: item[1])
    made = Parcel(tuple(by_name), below, path)
    if made.size > MAX_BYTES:
        raise RunError(
            f"[resources] files and the code are {size_text(made.size)}, and Ray ships at most "
            f"{size_text(MAX_BYTES)}. Put the data on a file system that the nodes share."
        )
    return made


def size_text(size: int) -> str:
    """A size for people.

    >>> size_text(900), size_text(12_300), size_text(3_400_000)
    ('900 bytes', '12 kB', '3.4 MB')
    """
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:.2g} kB" if size < 1e6 else f"{size / 1e6:.3g} MB"


def _name(path: Path, places: Sequence[tuple[Path, str]]) -> str:
    """Where a file is laid: below the first of the places that holds it; empty where none does."""
    for place, name in places:
        if path.is_relative_to(place):
            return f"{name}/{path.relative_to(place).as_posix()}"
    return ""


def _named(folder: Path, files: Sequence[str], store: Path | None) -> Iterator[Path]:
    """The files that the experiment names, those of folders among them."""
    wrong: list[str] = []
    # It may be a link: what belongs to it stands beside the file.
    own = (store.resolve(), store.parent.resolve() / store.name) if store is not None else ()
    for name in files:
        matched = sorted(folder.glob(name)) if not os.path.isabs(name) else []
        matched = [path for path in matched if path.resolve().is_relative_to(folder)]
        chosen = [file for path in matched for file in _files_below(path, folder)]
        chosen = [path for path in chosen if not _is_of(own, path)]
        if not chosen:
            wrong.append(f"`{name}`")
        yield from chosen
    if wrong:
        raise RunError(
            f"[resources] files names {join(wrong)}, and there is no such file to ship below "
            f"`{folder}`. Hidden files, stores and checkpoints are never shipped."
        )


def _files_below(place: Path, folder: Path) -> Iterator[Path]:
    """The files of a place that may be shipped."""
    paths = sorted(place.rglob("*")) if place.is_dir() else [place]
    for path in paths:
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(
            _stays(folder.joinpath(*parts[: n + 1])) for n in range(len(parts))
        ):
            yield path


def _is_of(store: Sequence[Path], path: Path) -> bool:
    """Whether a file is a store by one of its names, or stands in what belongs to it."""
    return any(os.fspath(path).startswith(os.fspath(name)) for name in store)


def _stays(path: Path) -> bool:
    """Whether a file or folder is hidden, or a store's, so that it is never shipped."""
    if path.name.startswith(".") or path.name == "__pycache__" or path.name.endswith(_OF_A_STORE):
        return True
    return any(path.with_name(f"{path.name}{suffix}").exists() for suffix in _FOLDERS)
