"""What a misspelt name was meant to be: the end of many a message."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that was probably meant; empty where none is near.

    >>> nearest("nuisence", ["fixed", "nuisance"])
    'nuisance'
    """
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.6)), "")


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A sentence with the nearest known name, or with all of them.

    >>> did_you_mean("optimzer", ["depth", "optimizer"])
    'Did you mean `optimizer`?'
    """
    if near := nearest(name, known):
        return f"Did you mean `{near}`?"
    return f"Known: {', '.join(f'`{one}`' for one in known)}." if known else "There is none."
