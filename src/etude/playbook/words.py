"""The words of a name: `optimizer.lr_G` has two segments, and the second of them two words.

Dots, slashes, brackets and double underscores part segments; single underscores, dashes, blanks,
digits and capitals part words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

_SEGMENT = re.compile(r"[./\[\]]+|__+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[tuple[str, ...], ...]:
    """The words of each segment in small letters, the outermost segment first.

    >>> words("optim/lr_G"), words("initLR"), words("adam__beta1")
    ((('optim',), ('lr', 'g')), (('init', 'lr'),), (('adam',), ('beta', '1')))
    """
    found = (tuple(map(str.casefold, _WORD.findall(part))) for part in _SEGMENT.split(name))
    return tuple(filter(None, found)) or ((),)


def runs(segment: Sequence[str]) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """Neighbouring words joined, the longest run first, with the words before and behind it."""
    for length in range(len(segment), 0, -1):
        for begin in range(len(segment) - length + 1):
            end = begin + length
            yield "".join(segment[begin:end]), segment[:begin], segment[end:]


@cache
def word_lists(of: str) -> Mapping[str, frozenset[str]]:
    """The lists of words that stand beside those of a `hyperparameter`, or of a `metric`."""
    text = files(__package__).joinpath("words.toml").read_text(encoding="utf-8")
    return {name: frozenset(listed) for name, listed in tomllib.loads(text)[of].items()}
