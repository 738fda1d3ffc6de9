"""The files that a program imports from beside it, by its statements and theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..runner.imported import MAX_FILES, MAX_TEXT_BYTES, imports_of, is_users


def imported_files(programs: Iterable[Path], folders: Sequence[Path]) -> set[Path]:
    """These programs and all files below the folders that they import, links resolved.

    What is imported by a name that is made while it runs is not seen: code that trained a trial is
    written down by the worker that imported it.

    Args:
        programs: The files to begin with.
        folders: Where modules are looked for, beside the program's own folder.

    Source: K3.
    """
    found: set[Path] = set()
    waiting = [(path.resolve(), "") for path in programs]
    while waiting and len(found) < MAX_FILES:
        path, package = waiting.pop()
        if path in found or not is_users(str(path)) or (not (text := _text(path)) and text != ""):
            continue
        found.add(path)
        for name in imports_of(text, package):
            waiting += _files_of(name, [path.parent, *folders])
    return found


def _text(path: Path) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > MAX_TEXT_BYTES:
            return None
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def _files_of(name: str, folders: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """The file of a module in each folder, and the package that its relative imports begin at."""
    parts = name.split(".")
    for folder in folders:
        place = folder.joinpath(*parts)
        yield place.with_name(f"{place.name}.py").resolve(), ".".join(parts[:-1])
        yield (place / "__init__.py").resolve(), name
