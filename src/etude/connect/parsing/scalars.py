"""Values as other tools write them, to settings and to metrics."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import ImportFileError
from ...space import Scalar
from . import files
from .cells import typed

# Heuristic: a setting of people is two or three deep; beyond this a file means harm.
MAX_DEPTH = 32
# Beyond, a float does not tell whole numbers apart; no step and no setting is there.
MAX_STEP = 1 << 53
# Heuristic: the largest settings and summaries of trainers have some hundred kB.
MAX_SETTING_BYTES = 8 << 20
# A number has no more signs; a pattern is not asked about a text that is longer.
_LONGEST_NUMBER = 400
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_REAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_WORDS: Mapping[str, Scalar | None] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "": None,
    "null": None,
}


def from_text(text: str) -> Scalar | None:
    """What a text stands for: a truth value, a number where it is finite, else itself.

    None where it says that there is no value. `columns` judges better: it sees many values.

    >>> from_text("3e-4"), from_text("True"), from_text("adam"), from_text("null")
    (0.0003, True, 'adam', None)
    """
    word = text.strip()
    if word in _WORDS:
        return _WORDS[word]
    if len(word) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(word):
        return int(word)
    if _REAL.fullmatch(word) and math.isfinite(value := float(word)):
        return value
    return text


def columns(texts: Sequence[Mapping[str, str]]) -> list[dict[str, Scalar]]:
    """The settings that texts stand for, each hyperparameter's values all of one type.

    >>> columns([{"lr": "1", "commit": "12"}, {"lr": "0.1", "commit": "a2"}])
    [{'lr': 1.0, 'commit': '12'}, {'lr': 0.1, 'commit': 'a2'}]
    """
    settings: list[dict[str, Scalar]] = [{} for _ in texts]
    for name in dict.fromkeys(name for one in texts for name in one):
        owners = [setting for setting, one in zip(settings, texts, strict=True) if name in one]
        values = typed([one[name] for one in texts if name in one])
        for setting, value in zip(owners, values, strict=True):
            if value is not None:
                setting[name] = value
    return settings


def number(text: str) -> float | None:
    """A metric's value, `NaN` and `Infinity` too; None for what is no number."""
    try:
        return float(text)
    except ValueError:
        return None


def real(value: object) -> float | None:
    """A number of JSON or SQLite as a float; None for what is no number, or is beyond all floats.

    >>> real(3), real(True), real("3"), real(10**400)
    (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def flat(tree: Mapping[str, Any]) -> dict[str, Scalar]:
    """A setting without depth: `{"optimizer": {"lr": 0.1}}` is `{"optimizer.lr": 0.1}`.

    Lists arrive as text; what has no value is absent.

    Raises:
        ImportFileError: for a tree deeper than any setting.
    """
    setting: dict[str, Scalar] = {}
    waiting: list[tuple[str, Any, int]] = [(str(k), v, 1) for k, v in tree.items()][::-1]
    while waiting:
        name, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ImportFileError(f"`{name[:40]}…` is nested more than {MAX_DEPTH} deep.")
        if isinstance(value, Mapping):
            inner = [(f"{name}.{k}", v, depth + 1) for k, v in value.items()]
            waiting.extend(reversed(inner))
        elif (found := _leaf(value)) is not None:
            setting[name] = found
    return setting


def small(path: Path) -> Path:
    """The same path.

    Raises:
        ImportFileError: for a file that is larger than any setting.
    """
    size = path.stat().st_size
    if size > MAX_SETTING_BYTES:
        raise ImportFileError(
            f"`{path}` has {size >> 20} MB, and a setting at most {MAX_SETTING_BYTES >> 20} MB."
        )
    return path


def from_json(path: Path) -> dict[str, Any]:
    """The object that a small JSON file holds.

    Raises:
        ImportFileError: for what is no JSON object, with the file's name.
    """
    return json_object(files.document(small(path)), str(path))


def json_object(text: str, where: str) -> dict[str, Any]:
    """The object that a JSON text holds; `where` names it for people."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ImportFileError(f"`{where}` is no JSON that can be read ({error}).") from None
    if not isinstance(found, dict):
        raise ImportFileError(f"`{where}` should hold a JSON object, not a {type(found).__name__}.")
    return found


def _leaf(value: object) -> Scalar | None:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > MAX_STEP:
        return f"{value:#x}"
    if isinstance(value, bool | int | float | str):
        return value
    if value is None:
        return None
    try:
        return json.dumps(value, default=str)
    except (ValueError, RecursionError):
        raise ImportFileError("A list in a setting is nested too deep to be read.") from None
