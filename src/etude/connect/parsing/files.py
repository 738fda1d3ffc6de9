"""Reading of files that others wrote: no endless line, no path out of the folder, no code.

Nothing here or in the readers unpickles, evaluates or follows what a file says.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import BinaryIO

from ...errors import ImportFileError
from ...experiment.small_file import refuse_other_kinds
from ...text import signs

SQLITE_HEADER = b"SQLite format 3\0"
# Heuristic: the longest line of real logs is a few hundred kB, a stored space included.
MAX_LINE_BYTES = 16 << 20
# A document that is parsed in one piece, JSON or YAML.
MAX_DOCUMENT_BYTES = 64 << 20
# The longest name of a hyperparameter, a metric or a study; a path of modules has about a hundred.
MAX_NAME = 300


def is_inside(folder: Path, path: Path) -> bool:
    """Whether a path, links followed, stays in the folder; links that lead in a circle do not."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def has_file(folder: Path, path: Path) -> bool:
    """Whether a path is a regular file that, links followed, stays in the folder."""
    return path.is_file() and is_inside(folder, path)


def regular_files(folder: Path, pattern: str) -> list[Path]:
    """The regular files of a folder that match a pattern, sorted, without links that lead out."""
    return sorted(path for path in matches(folder, pattern) if has_file(folder, path))


def outward_links(folder: Path, *patterns: str) -> list[str]:
    """One sentence for each link of these patterns that leads out or in a circle, sorted."""
    paths = {path for pattern in patterns for path in matches(folder, pattern) if path.is_symlink()}
    return [message for path in sorted(paths) for message in _link_messages(folder, path)]


def matches(folder: Path, pattern: str) -> Iterator[Path]:
    """The paths below a folder that match a pattern, as `Path.glob` has it.

    A folder is looked through once for each part of the pattern, by whatever links it is reached,
    and by its own path first: a hundred links to `.` are no million paths, and a circle ends.
    """
    parts = PurePath(pattern).parts
    own, linked = deque([(folder, 0)]), deque[tuple[Path, int]]()
    looked = set()
    while own or linked:
        place, at = own.popleft() if own else linked.popleft()
        mark = (os.path.realpath(place), at)
        if mark in looked:
            continue
        looked.add(mark)
        for path, step in _matches_in(place, parts, at):
            if step == len(parts):
                yield path
            else:
                (linked if path.is_symlink() else own).append((path, step))


def _matches_in(place: Path, parts: Sequence[str], at: int) -> Iterator[tuple[Path, int]]:
    """What one folder has for a part of a pattern, and how many parts are matched then."""
    if parts[at] == "**":
        yield place, at + 1
    for path in _children(place):
        if parts[at] == "**":
            if path.is_dir() and not path.is_symlink():
                yield path, at
        elif fnmatchcase(path.name, parts[at]) and (at + 1 == len(parts) or path.is_dir()):
            yield path, at + 1


def _children(place: Path) -> list[Path]:
    try:
        return sorted(place.iterdir())
    except OSError:  # closed to this user, too deep, or gone meanwhile
        return []


def link_message(path: Path) -> str:
    """What a person reads of a link that leads out of its folder."""
    return f"`{path}` is a link out of the folder, and was not followed."


def _link_messages(folder: Path, path: Path) -> Iterator[str]:
    try:
        path.stat()
    except OSError as error:  # one whose file is gone harms nobody
        if error.errno == errno.ELOOP:
            yield f"`{path}` is a link that leads in a circle, and was not followed."
            return
    if not is_inside(folder, path):
        yield link_message(path)


def file_in(folder: Path, name: str) -> Path:
    """The regular file of this name in a folder.

    Raises:
        ImportFileError: where there is none, or a link that leads out of the folder.
    """
    path = folder / name
    if not is_inside(folder, path):
        raise ImportFileError(
            f"`{path}` leads out of its folder, and no file elsewhere is read. Copy it there."
        )
    if not path.is_file():
        raise ImportFileError(f"There is no file `{name}` in `{folder}`. Is it the right folder?")
    return path


def clean(text: str) -> str:
    r"""The text as people may read it: signs that control a terminal or hide are replaced.

    >>> clean("lr\x1b[2J"), clean("learning rate")
    ('lr�[2J', 'learning rate')
    """
    return signs.line(text)


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, their ends stripped.

    Raises:
        ImportFileError: for a line beyond all measure, or bytes that are no text.
    """
    for line in lines_with_ends(path):
        yield line.rstrip("\r\n")


def lines_with_ends(path: Path) -> Iterator[str]:
    """The lines of a text file with their ends.

    Raises:
        ImportFileError: for a line beyond all measure, or bytes that are no text.
    """
    with opened(path) as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise ImportFileError(
                    f"`{path}`, line {number}, is longer than {MAX_LINE_BYTES >> 20} MB, so this "
                    "is no log. Is it the right file?"
                )
            yield _text(path, line)


def document(path: Path, *, most: int = MAX_DOCUMENT_BYTES) -> str:
    """The whole text of a small file.

    Raises:
        ImportFileError: for a file beyond all measure, or bytes that are no text.
    """
    with opened(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ImportFileError(
            f"`{path}` has more than {most >> 20} MB, and at most {most >> 20} MB are read in "
            "one piece. Is it the right file?"
        )
    return _text(path, data)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, to be read.

    Raises:
        ImportFileError: for a pipe, a device or a folder, whose reading may never end.
    """
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(file, "rb") as stream:
        try:
            refuse_other_kinds(path, os.fstat(file).st_mode)
        except OSError as error:
            raise ImportFileError(
                f"`{path}` cannot be read: {error.strerror}. Is it the right file?"
            ) from error
        yield stream


def start(path: Path, size: int) -> bytes:
    """The first bytes of a file, at most `size` of them."""
    with opened(path) as file:
        return file.read(size)


def open_database(path: Path) -> sqlite3.Connection:
    """A connection to an SQLite file that changes nothing and runs nothing of the file."""
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    # What a file's schema defines is run by nobody: no function in a view, an index or a check.
    db.execute("pragma trusted_schema = off")
    db.execute("pragma query_only = on")
    db.text_factory = lambda data: data.decode("utf-8", "replace")
    return db


def _text(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFileError(
            f"`{path}` is not UTF-8 text ({error.reason}). Save it as UTF-8."
        ) from None
    if "\0" in text:
        raise ImportFileError(f"`{path}` holds zero bytes, so it is no text. Is it the right file?")
    return text
