"""Changed code: which files of the user's differ from those that trained the ended trials."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from ..code import REFERENCE, CodeFile, is_same, lines_between, under_new_name
from ..record import Record
from ..runner.imported import (
    file_of,
    function_file,
    function_reference,
    reference_file,
)
from ..trial import TrainFunction


@final
@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    """A file that is otherwise than when trials were trained.

    Args:
        path: As the experiment's folder sees it; a module from elsewhere has its dotted name.
        trials: How many of the ended trials were trained with another version.
        lines: How many lines differ from the last of those; None where that is not known, and where
            the file is gone.
        gone: Whether it is not there any more.
        accepted: Whether the author accepted trials of this version beside the others.
    """

    path: str
    trials: int
    lines: int | None = None
    gone: bool = False
    accepted: bool = False


def changed_code(
    records: Sequence[Record], folder: Path, train: TrainFunction | str | None = None
) -> tuple[ChangedFile, ...]:
    """The files that changed since trials ended, before any is imported; most trials first.

    What is compared is what a program does: comments, docstrings and layout do not count, nor
    another name of the training file.

    Args:
        records: The trials so far.
        folder: The experiment's, which paths begin at.
        train: The function that was handed over, else the reference of the experiment.

    Source: K3.
    """
    ended = [record for record in records if record.ended]
    given = _given(train)
    training_files = _training_files(given, folder)
    known: dict[str, dict[int, list[tuple[CodeFile, bool]]]] = {}
    for record in ended:
        for stretch in record.stretches:
            code = stretch.code
            if code and given:
                code = under_new_name(code, given, training_files)
            for file in code.files if code else ():
                by_trial = known.setdefault(file.path, {})
                by_trial.setdefault(record.id, []).append((file, stretch.accepted))
    found = [_compared(path, folder, by_trial, given) for path, by_trial in known.items()]
    return tuple(sorted(filter(None, found), key=lambda one: (-one.trials, one.path)))


def file_now(path: str, folder: Path, train: TrainFunction | str | None = None) -> CodeFile | None:
    """A file of the user's as it stands now; None where it is gone, or nobody can tell."""
    if path.startswith(("<", REFERENCE)):
        given = _given(train)
        return given if given is not None and given.path == path else None
    place = next(_places(path, folder), None)
    return None if place is None else file_of(path, place.read_bytes())


def _given(train: TrainFunction | str | None) -> CodeFile | None:
    if train is None:
        return None
    if isinstance(train, str):
        return reference_file(train)
    return function_file(train) or reference_file(function_reference(train))


def _training_files(given: CodeFile | None, folder: Path) -> list[CodeFile]:
    """The file that trains now, as a list; empty where none is named or there."""
    path = given.text.rpartition(":")[0] if given and given.path == REFERENCE else ""
    if not path.endswith(".py") or not (place := next(_places(path, folder), None)):
        return []
    return [file_of(path, place.read_bytes())]


def _compared(
    path: str,
    folder: Path,
    versions: dict[int, list[tuple[CodeFile, bool]]],
    given: CodeFile | None,
) -> ChangedFile | None:
    """The change of one file since; None where there is none, or nobody can tell."""
    every = [version for of_trial in versions.values() for version in of_trial]
    if path.startswith(("<", REFERENCE)):
        if given is None or given.path != path:
            return None
        now = given
    else:
        place = next(_places(path, folder), None)
        if place is None:
            gone = path.endswith(".py")  # a module from elsewhere may be found otherwise
            return ChangedFile(path=path, trials=len(versions), gone=True) if gone else None
        now = file_of(path, place.read_bytes())
    same = {file.hash: is_same(file, now) for file, _ in every}
    other = [
        trial for trial, files in versions.items() if not all(same[file.hash] for file, _ in files)
    ]
    if not other:
        return None
    last = next(file for file, _ in reversed(every) if not same[file.hash])
    return ChangedFile(
        path=path,
        trials=len(other),
        lines=lines_between(last, now),
        accepted=any(same[file.hash] and accepted for file, accepted in every),
    )


def _places(path: str, folder: Path) -> Iterator[Path]:
    """Where a file of this name stands now."""
    names = [path] if path.endswith(".py") else _module_files(path)
    roots = [folder] if path.endswith(".py") else [folder, *map(Path, sys.path)]
    for root in roots:
        for name in names:
            if (root / name).is_file():
                yield root / name


def _module_files(module: str) -> list[str]:
    stem = module.replace(".", "/")
    return [f"{stem}.py", f"{stem}/__init__.py"]
