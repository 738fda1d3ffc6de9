"""Texts of an experiment that no file and no store can hold: half of a character in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import Mistake
from ...space import Choice
from ...text.signs import storable
from ..hyperparameter import key_path


def text_mistakes(given: Mapping[str, Any]) -> list[Mistake]:
    """One mistake for each key whose text or name is not whole, as that of a foreign file."""
    places = dict.fromkeys(
        place for key, value in given.items() for place in _broken(value, (key,))
    )
    return [
        Mistake(
            where=key_path([storable(key) for key in place]),
            message="holds half of a character (a lone surrogate), which no file can hold. Write "
            "it as text, for example with `\\ufffd` in its place.",
        )
        for place in places
    ]


def _broken(value: object, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            step = (*place, str(name))
            yield from [step] if storable(str(name)) != str(name) else _broken(inner, step)
    elif isinstance(value, Choice):
        yield from _broken(list(value.values), place)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _broken(inner, place)
    elif isinstance(value, str) and storable(value) != value:
        yield place
