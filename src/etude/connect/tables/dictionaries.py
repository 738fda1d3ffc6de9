"""Cells that hold a whole dictionary, as W&B's API and pandas write them, become columns."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import ImportFileError
from ...space import Scalar
from ..parsing import files
from ..parsing.scalars import MAX_DEPTH, flat_setting

# Heuristic: the settings and summaries of trainers have some hundred names; more are no setting.
_MOST_NAMES = 1_000
# Python writes these without quotes, and no literal has them.
# A quote that is not closed reaches to the end, so that no text is gone through twice.
_BARE = re.compile(
    r"""'(?:[^'\\]|\\.?)*(?:'|\Z)|"(?:[^"\\]|\\.?)*(?:"|\Z)|-?\b(?:nan|inf)\b""", re.DOTALL
)
# What W&B keeps of a run below this name is its own.
_OWN = "_wandb"


def expanded(
    names: Sequence[str], columns: Sequence[Sequence[str]]
) -> tuple[list[str], list[tuple[str, ...]]]:
    """The columns, a column of dictionaries as one for each of their names: `config.lr`.

    >>> expanded(["config", "acc"], [["{'lr': 0.1}", '{"lr": 0.2}'], ["1", "2"]])
    (['config.lr', 'acc'], [('0.1', '0.2'), ('1', '2')])
    """
    found_names: list[str] = []
    found: list[tuple[str, ...]] = []
    for name, cells in zip(names, columns, strict=True):
        settings = _settings(cells)
        keys = list(dict.fromkeys(key for one in settings or () for key in one))
        keys = [key for key in keys if not key.startswith(_OWN)]
        if settings is None or not keys or len(keys) > _MOST_NAMES:
            found_names.append(name)
            found.append(tuple(cells))
            continue
        found_names += [f"{name}.{files.clean(key)}" for key in keys]
        found += [tuple(_text(one.get(key)) for one in settings) for key in keys]
    return found_names, found


def may_be(cell: str) -> bool:
    """Whether a cell begins as a dictionary does."""
    return cell.lstrip().startswith("{")


def _settings(cells: Sequence[str]) -> list[dict[str, Scalar]] | None:
    """What each cell holds, flat; None where a cell that is filled holds no dictionary."""
    settings: list[dict[str, Scalar]] = []
    for cell in cells:
        if not cell.strip():
            settings.append({})
        elif (tree := _tree(cell)) is not None:
            settings.append(tree)
        else:
            return None
    return settings


def _tree(cell: str) -> dict[str, Scalar] | None:
    if not may_be(cell) or _depth(cell) > MAX_DEPTH:
        return None
    try:
        tree: Any = json.loads(cell)
    except (ValueError, RecursionError):
        tree = _literal(cell)
    try:
        return flat_setting(tree) if isinstance(tree, Mapping) else None
    except ImportFileError:
        return None


def _depth(cell: str) -> int:
    """How deep brackets stand in each other: counted before a parser's stack has to hold them."""
    steps = (1 if sign in "[({" else -1 for sign in cell if sign in "[](){}")
    return max(itertools.accumulate(steps), default=0)


def _literal(cell: str) -> object:
    """The dictionary that Python wrote; only literals are read, and nothing is run."""
    quoted = _BARE.sub(lambda m: m[0] if m[0][0] in "'\"" else f"'{m[0]}'", cell)
    try:
        return ast.literal_eval(quoted.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _text(value: Scalar | None) -> str:
    return "" if value is None else str(value)
