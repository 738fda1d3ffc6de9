"""Files from elsewhere, opened with care: no endless line, no path out of the folder, no code.

Nothing here or in the readers beside it unpickles, evaluates or follows what a file says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from ...errors import ImportFileError

# Heuristic: the longest line of real logs is a few hundred kB, a stored space included.
MAX_LINE_BYTES = 16 << 20
# A document that is parsed in one piece, JSON or YAML.
MAX_DOCUMENT_BYTES = 64 << 20
# The longest name of a hyperparameter, a metric or a study; a path of modules has about a hundred.
MAX_NAME = 300
# Controls, lone surrogates, and line ends in disguise; those of Cf that turn the reading order.
_UNSEEN = frozenset(("Cc", "Cs", "Zl", "Zp"))
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def inside(folder: Path, path: Path) -> bool:
    """Whether a path, links followed, stays in the folder."""
    return path.resolve().is_relative_to(folder.resolve())


def files(folder: Path, pattern: str) -> list[Path]:
    """The regular files of a folder that match, sorted; links that lead out of it are not among."""
    found = (path for path in folder.glob(pattern) if path.is_file() and inside(folder, path))
    return sorted(found)


def leading_out(folder: Path, *patterns: str) -> list[str]:
    """One sentence for each link of these patterns that leads out of the folder, sorted."""
    links = {path for one in patterns for path in folder.glob(one) if path.is_symlink()}
    return [
        f"`{path}` is a link out of the folder, and was not followed."
        for path in sorted(links)
        if not inside(folder, path)
    ]


def part(folder: Path, name: str) -> Path:
    """The regular file of this name in a folder.

    Raises:
        ImportFileError: where there is none, or a link that leads out of the folder.
    """
    path = folder / name
    if not inside(folder, path):
        raise ImportFileError(
            f"`{path}` leads out of its folder, and no file elsewhere is read. Copy it there."
        )
    if not path.is_file():
        raise ImportFileError(f"There is no file `{name}` in `{folder}`. Is it the right folder?")
    return path


def clean(text: str) -> str:
    r"""A name as people may read it: what controls a terminal or hides is replaced.

    >>> clean("lr\x1b[2J"), clean("learning rate")
    ('lr�[2J', 'learning rate')
    """
    if text.isprintable():
        return text
    return "".join("\ufffd" if _hidden(sign) else sign for sign in text)


def _hidden(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN or sign in _TURNING


def lines(path: Path) -> Iterator[str]:
    """The lines of a text file, their ends stripped.

    Raises:
        ImportFileError: for a line beyond all measure, or bytes that are no text.
    """
    for line in whole_lines(path):
        yield line.rstrip("\r\n")


def whole_lines(path: Path) -> Iterator[str]:
    """The lines of a text file with their ends.

    Raises:
        ImportFileError: for a line beyond all measure, or bytes that are no text.
    """
    with path.open("rb") as held:
        number = 0
        while line := held.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise ImportFileError(
                    f"`{path}`, line {number}, is longer than {MAX_LINE_BYTES >> 20} MB, so this "
                    "is no log. Is it the right file?"
                )
            yield _text(path, line)


def document(path: Path) -> str:
    """The whole text of a small file.

    Raises:
        ImportFileError: for a file beyond all measure, or bytes that are no text.
    """
    size = path.stat().st_size
    if size > MAX_DOCUMENT_BYTES:
        raise ImportFileError(
            f"`{path}` has {size >> 20} MB, and at most {MAX_DOCUMENT_BYTES >> 20} MB are read in "
            "one piece. Is it the right file?"
        )
    return _text(path, path.read_bytes())


def _text(path: Path, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFileError(f"`{path}` is not UTF-8 text ({error.reason}).") from None
    if "\0" in text:
        raise ImportFileError(f"`{path}` holds zero bytes, so it is no text. Is it the right file?")
    return text
