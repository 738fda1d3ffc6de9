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


def number(value: object, digits: int = 4) -> str:
    """A number with its significant digits, anything else as text.

    >>> number(0.0328571), number(20), number("adam"), number(0.00001234567)
    ('0.03286', '20', 'adam', '1.235e-05')
    """
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return str(value)


def percent(share: float) -> str:
    """A small share in percent, as few digits as tell it.

    >>> percent(0.0471), percent(0.23), percent(0.00001)
    ('4.7 %', '23 %', 'less than 0.1 %')
    """
    if share < 0.001:
        return "less than 0.1 %"
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def join(texts: Sequence[str], *, most: int = 3) -> str:
    """The texts in a row, no more than `most` of them written out.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d", "e"])
    ('a, b, c', 'a, b, c and 2 more')
    """
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def plural(count: int, noun: str) -> str:
    """A count with its noun in the right number.

    >>> counted(1, "trial"), counted(3, "trial"), counted(2, "study")
    ('1 trial', '3 trials', '2 studies')
    """
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"
