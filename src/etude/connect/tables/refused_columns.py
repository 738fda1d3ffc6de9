"""Columns of a table that cannot be read as what they are to be: the metric, or one of two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from ...errors import ImportFileError
from ...wording import join
from ..base import ReadRequest
from ..parsing import files
from .numbers import column, holds_no_value, is_plain
from .roles import Assigned

# Heuristic: a person mends the first few mistakes of a kind, and the others are like them.
MAX_MISTAKES = 5
# So many characters of a cell say which one it is.
_SHOWN = 40


def refuse_twins(path: Path, columns: Sequence[Assigned], request: ReadRequest) -> None:
    """Refuses two columns that would become one hyperparameter, or one metric.

    Raises:
        ImportFileError: with all of them.
    """
    messages = []
    for role in ("setting", "result"):
        cells: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for one in columns:
            if one.role == role:
                cells[request.renames.get(one.name, one.name)].add(one.column.cells)
        messages += [
            f"`{path}`: the column `{name}` stands there {len(different)} times with other cells. "
            "Rename or remove the others."
            for name, different in cells.items()
            if len(different) > 1
        ]
    if messages:
        raise ImportFileError("\n".join(messages[:MAX_MISTAKES]))


def refuse_words(path: Path, columns: Sequence[Assigned], request: ReadRequest) -> None:
    """Refuses a column of the metric that holds words, or numbers in several spellings.

    Raises:
        ImportFileError: with the first of them.
    """
    for one in columns:
        is_metric = request.renames.get(one.name, one.name) == request.metric
        if is_metric and one.role in ("setting", "own") and not one.column.is_number:
            raise ImportFileError(
                f"`{path}`: `{request.metric}` is to judge the trials and "
                f"{_what_it_holds(one.column.cells)}"
            )


def _what_it_holds(cells: Sequence[str]) -> str:
    """What keeps a column from being one of numbers, and what to write instead."""
    distinct = list(dict.fromkeys(cells))
    if words := [cell for cell in distinct if not _is_number(cell)]:
        return (
            f"holds what is no number: {join(_shown(words))}. Write numbers, and leave cells "
            "without one empty."
        )
    # Each cell is a number, so it is only together that they are none.
    numbers = [cell.strip() for cell in distinct if not holds_no_value(cell)]
    shares = [cell for cell in numbers if cell.endswith("%")]
    others = [cell for cell in numbers if not cell.endswith("%")]
    if shares and others:
        share, other = _shown([shares[0], others[0]])
        return f"has {share} beside {other}: write all with percent or none."
    spellings = sorted(numbers, key=is_plain)
    return f"has numbers written in several ways: {join(_shown(spellings))}. Write all in one way."


def _is_number(cell: str) -> bool:
    """Whether a cell of a result holds a number, or says that there is none."""
    return any(column(cells, results=True).is_number for cells in ([cell], [cell, "0"]))


def _shown(cells: Sequence[str]) -> list[str]:
    return [f"`{files.clean(cell)[:_SHOWN]}`" for cell in cells]
