"""Values of an experiment file that stand in another one: `{ file = "steps.csv" }` below [fixed].

They are read where the file is read, as a baseline is. A store has the values themselves, so that
another content under the same name is another experiment, and is refused as one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ExperimentError, Mistake
from ..wording import nearest
from .change import Change
from .hyperparameter import Keys, flat, key_path
from .pieces import mistakes as piece_mistakes
from .pieces import pieces_text
from .small_file import bytes_of
from .toml.edit import Edit, edited
from .toml.statements import key_lines

COLUMNS = ("step", "factor")
_CONSTANT = "0:1"


def with_file_values(
    text: str, data: Mapping[str, Any], path: Path
) -> tuple[str, tuple[Mistake, ...]]:
    """The text of an experiment file in which each `{ file = ... }` is the value that it names.

    Every mistake of those files comes with it, each with its line; the text has a constant rate
    where there are any, so that all else in it can be read.

    Args:
        text: Of the experiment file.
        data: What it says.
        path: Where it stands; the names of files start from its folder.
    """
    edits: list[Edit] = []
    mistakes: list[Mistake] = []
    for keys, name in _of_files(data):
        value = _CONSTANT
        try:
            value = _pieces_in(path.parent / name)
        except OSError as error:
            mistakes.append(_unreadable(path, text, keys, name, error))
        except ExperimentError as error:
            mistakes += error.mistakes
        edits.append(Edit(Change(keys, "", value), f"from {name}"))
    return edited(text, edits) if edits else text, tuple(mistakes)


def _of_files(data: Mapping[str, Any]) -> Iterator[tuple[Keys, str]]:
    """The fixed hyperparameters that are a table of a file's name alone, with that name."""
    fixed = data.get("fixed")
    try:
        for hyperparameter in flat("fixed", fixed if isinstance(fixed, Mapping) else {}):
            value: Any = hyperparameter.value
            is_file = isinstance(value, Mapping) and set(value) == {"file"}
            if is_file and isinstance(value["file"], str):
                yield hyperparameter.keys, value["file"]
    except AttributeError:  # what stands below `when` is no table: a mistake of its own
        return


def _pieces_in(path: Path) -> str:
    """The pieces that a table of steps and factors holds, as one text."""
    try:
        rows = _rows(bytes_of(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refusal(path, [(1, "is no UTF-8 text. Save it as UTF-8.")]) from error
    except csv.Error as error:
        raise _refusal(path, [(1, f"is no table: {error}. Write commas between.")]) from error
    if not rows or tuple(rows[0][1]) != COLUMNS:
        message = "needs `step,factor` as its first line, and a step and a factor in each below."
        raise _refusal(path, [(rows[0][0] if rows else 1, message)])
    title, *lines = rows
    if bad := [(line, len(row)) for line, row in lines if len(row) != len(COLUMNS)]:
        raise _refusal(path, [(line, f"needs two cells, found {count}.") for line, count in bad])
    pairs = [(row[0], row[1]) for _, row in lines]
    numbers = [line for line, _ in lines] or [title[0]]
    bad_pairs = [
        (numbers[place], f"{clause}. Steps begin at 0 and rise; a factor holds until the next.")
        for place, clause in piece_mistakes(pairs)
    ]
    if bad_pairs:
        raise _refusal(path, bad_pairs)
    return pieces_text(pairs)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The lines of a table that hold anything, with their numbers."""
    rows = enumerate(csv.reader(text.splitlines()), start=1)
    return [(line, [cell.strip() for cell in row]) for line, row in rows if any(row)]


def _unreadable(path: Path, text: str, keys: Keys, name: str, error: OSError) -> Mistake:
    """That a file of the experiment cannot be read, at the line that names it."""
    near = nearest(name, sorted(file.name for file in path.parent.glob("*.csv")))
    way_out = f"Did you mean `{near}`?" if near else "Its name starts from this file's folder."
    return Mistake(
        where=key_path(keys),
        file=str(path),
        line=key_lines(text).get(keys, 1),
        message=f"names {name!r}, which cannot be read: {error.strerror}. {way_out}",
    )


def _refusal(path: Path, lines: Sequence[tuple[int, str]]) -> ExperimentError:
    """What is wrong with a table, by the line; they stand in the order of the lines."""
    return ExperimentError(
        tuple(
            Mistake(where="", file=str(path), line=line, message=message)
            for line, message in sorted(lines)
        )
    )
