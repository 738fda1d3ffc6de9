"""Edits of an experiment file: the next round is the last one with a few values changed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass
from typing import Any, final

from ...errors import ExperimentError, Mistake
from ...space import Domain, Scalar
from ..hyperparameter import key_path
from .read import BYTE_ORDER_MARK, parsed
from .statements import Keys, with_value, without_key
from .write import toml_text


@final
@dataclass(frozen=True)
class Edit:
    """One value of an experiment file that changes.

    Args:
        path: The steps to the key: `("nuisance", "when", "optimizer", "adam", "learning_rate")`.
        part: The part of a domain that changes, `high`; empty for the whole value.
        new: A domain, a list of values, or a plain value; None for a key that goes.
        comment: Led by the rule id, `C1: 3 of the best 5 lie near the upper bound`.
    """

    path: Keys
    part: str
    new: Domain | Scalar | Sequence[Scalar] | None
    comment: str = ""


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with these values changed and commented; all else stays as its author wrote it.

    On a changed line the author's own comment stays, and a comment of an earlier round goes.

    Raises:
        ExperimentError: if the text is no TOML, or a path runs through a plain value.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    parsed(text, "")
    fresh = [edit.comment for edit in edits]
    for edit in edits:
        keys = _target(tomllib.loads(text), edit)
        if edit.new is None:
            text = without_key(text, keys)
            continue
        value = toml_text(edit.new)
        text = with_value(text, keys, value, comment=edit.comment, fresh=fresh)
        assert _at(tomllib.loads(text), keys) == tomllib.loads(f"new = {value}")["new"], (
            f"`{key_path(keys)}` did not become {value}. This is a bug in Etude."
        )
    return text


def _target(data: Mapping[str, Any], edit: Edit) -> Keys:
    """The steps to the value that an edit changes; none may run through a plain value."""
    keys = (*edit.path, edit.part) if edit.part else edit.path
    if edit.part == "values" and isinstance(_at(data, edit.path), list):
        return edit.path
    for depth in range(1, len(keys)):
        inner = _at(data, keys[:depth])
        if inner is not MISSING and not isinstance(inner, Mapping):
            message = f"holds {inner!r}, which has no `{keys[depth]}`. Change the whole value."
            raise ExperimentError((Mistake(where=key_path(keys[:depth]), message=message),))
    return keys


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        if not isinstance(data, Mapping) or key not in data:
            return MISSING
        data = data[key]
    return data
