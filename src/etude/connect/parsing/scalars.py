"""Values as other tools write them become values of settings and of metrics."""

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
from .cells import column_values

# Heuristic: a setting of people is two or three deep; beyond this a file means harm.
MAX_DEPTH = 32
# Beyond, a float does not tell whole numbers apart; no step and no setting is there.
MAX_STEP = 1 << 53
# Heuristic: the largest settings and summaries of trainers have some hundred kB.
MAX_SETTING_BYTES = 8 << 20
# A number has no more signs; a longer text is not matched against a pattern.
_LONGEST_NUMBER = 400
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_REAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
# How C and spreadsheets spell what is not finite: of 0/0, of the root of -1, of 1/0.
_UNFINITE = {
    **dict.fromkeys(("#num!", "#div/0!", "nan(ind)", "nan(snan)"), "nan"),
    **dict.fromkeys(("1.#ind", "1.#qnan", "1.#snan", "1.#nan"), "nan"),
    **dict.fromkeys(("1.#inf", "\u221e"), "inf"),
}
_WORDS: Mapping[str, Scalar | None] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "": None,
    "null": None,
}


def text_value(text: str) -> Scalar | None:
    """The value that a text stands for: a truth value, a finite number, else the text itself.

    None where it says that there is no value. `settings_from_texts` sees a whole column, and so
    judges better.

    >>> text_value("3e-4"), text_value("True"), text_value("adam"), text_value("null")
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


def settings_from_texts(texts: Sequence[Mapping[str, str]]) -> list[dict[str, Scalar]]:
    """The settings that texts stand for; the values of one hyperparameter have one type.

    >>> settings_from_texts([
    ...     {"lr": "1", "commit": "12"}, {"lr": "0.1", "commit": "a2"},
    ... ])
    [{'lr': 1.0, 'commit': '12'}, {'lr': 0.1, 'commit': 'a2'}]
    """
    settings: list[dict[str, Scalar]] = [{} for _ in texts]
    for name in dict.fromkeys(name for one in texts for name in one):
        owners = [setting for setting, one in zip(settings, texts, strict=True) if name in one]
        values = column_values([one[name] for one in texts if name in one])
        for setting, value in zip(owners, values, strict=True):
            if value is not None:
                setting[name] = value
    return settings


def python_number(text: str) -> str:
    """The text as Python has it where it spells a number that is not finite in another way.

    >>> python_number("-1.#IND"), python_number("#DIV/0!"), python_number("0.5")
    ('-nan', 'nan', '0.5')
    """
    bare = text.strip()
    sign = bare[:1] if bare[:1] in ("-", "+") else ""
    spelled = _UNFINITE.get(bare.removeprefix(sign).casefold())
    return f"{sign}{spelled}" if spelled else text


def number_from_text(text: str) -> float | None:
    """The value of a metric, `NaN` and `Infinity` too; None for a text that is no number."""
    try:
        return float(python_number(text))
    except ValueError:
        return None


def float_value(value: object) -> float | None:
    """A number of JSON or SQLite as a float; None for no number, or one beyond all floats.

    >>> float_value(3), float_value(True), float_value("3"), float_value(10**400)
    (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def whole_step(number: float | None) -> int | None:
    """The step that a number stands for, its fraction cut off; None where it can be no step."""
    return int(number) if number is not None and abs(number) < MAX_STEP else None


def flat_setting(tree: Mapping[str, Any]) -> dict[str, Scalar]:
    """A setting without depth: `{"optimizer": {"lr": 0.1}}` is `{"optimizer.lr": 0.1}`.

    Lists become text; a name without a value is absent.

    Raises:
        ImportFileError: for a tree deeper than any setting.
    """
    setting: dict[str, Scalar] = {}
    waiting: list[tuple[str, Any, int]] = [(str(k), v, 1) for k, v in tree.items()][::-1]
    while waiting:  # a loop, not a recursion: depth costs no stack
        name, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ImportFileError(f"`{name[:40]}…` is nested more than {MAX_DEPTH} deep.")
        if isinstance(value, Mapping):
            inner = [(f"{name}.{k}", v, depth + 1) for k, v in value.items()]
            waiting.extend(reversed(inner))
        elif (leaf := _leaf_value(value)) is not None:
            setting[name] = leaf
    return setting


def require_small(path: Path) -> Path:
    """The path of a file that is no larger than a setting can be.

    Raises:
        ImportFileError: for a larger file.
    """
    size = path.stat().st_size
    if size > MAX_SETTING_BYTES:
        raise ImportFileError(
            f"`{path}` has {size >> 20} MB, and a setting at most {MAX_SETTING_BYTES >> 20} MB."
        )
    return path


def json_file(path: Path) -> dict[str, Any]:
    """The object that a small JSON file holds.

    Raises:
        ImportFileError: for what is no JSON object, with the file's name.
    """
    return json_object(files.document(require_small(path)), str(path))


def json_object(text: str, where: str) -> dict[str, Any]:
    """The object that a JSON text holds; `where` names it for people."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ImportFileError(f"`{where}` is no JSON that can be read ({error}).") from None
    if not isinstance(content, dict):
        raise ImportFileError(
            f"`{where}` should hold a JSON object, not a {type(content).__name__}."
        )
    return content


def _leaf_value(value: object) -> Scalar | None:
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
