"""Edits of an experiment file: the next round is the last one with a few values changed."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ...text.signs import readable
from ..change import Change, target, value_at
from ..hyperparameter import key_path
from .read import BYTE_ORDER_MARK, parsed
from .statements import with_value, without_key
from .write import toml_text


@final
@dataclass(frozen=True)
class Edit:
    """A change of an experiment file, and the comment that its line gets.

    Args:
        comment: Led by the rule id, `C1: 3 of the best 5 lie near the upper bound`.
    """

    change: Change
    comment: str = ""

    def __post_init__(self) -> None:
        """Holds the comment to what may stand in one: names of others are in it."""
        object.__setattr__(self, "comment", readable(self.comment))


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with these values changed and commented; all else stays as its author wrote it.

    On a changed line the author's own comment stays, and a comment of an earlier round goes. What
    it says then is what `change.applied` makes of the experiment that it described.

    Raises:
        ExperimentError: if the text is no TOML, or a path runs through a plain value.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    parsed(text, "")
    fresh = [edit.comment for edit in edits]
    for edit in edits:
        keys, new = target(tomllib.loads(text), edit.change), edit.change.new
        if new is None:
            text = without_key(text, keys)
            continue
        value = toml_text(new)
        text = with_value(text, keys, value, comment=edit.comment, fresh=fresh)
        assert value_at(tomllib.loads(text), keys) == tomllib.loads(f"new = {value}")["new"], (
            f"`{key_path(keys)}` did not become {value}. This is a bug in Etude."
        )
    return text
