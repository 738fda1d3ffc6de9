"""Numbers, counts, lists and misspelt names, as every message, chart and page writes them."""

from __future__ import annotations

import math
import re
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


def chart_number(value: float) -> str:
    """A number as the axes of charts write it: four digits, thousands marked, a short exponent.

    >>> chart_number(0.0213456), chart_number(12345.0), chart_number(1e-7)
    ('0.02135', '12,345', '1e-7')
    """
    if not math.isfinite(value):
        return str(value)
    if 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return re.sub(r"e([+-])0?", r"e\1", f"{value:.4g}").replace("e+", "e")


def percent(share: float) -> str:
    """A small share in percent, as few digits as tell it.

    >>> percent(0.0471), percent(0.23), percent(0.00001)
    ('4.7 %', '23 %', 'less than 0.1 %')
    """
    if share < 0.001:
        return "less than 0.1 %"
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def join(texts: Sequence[str], *, most: int = 3, commas: bool = False) -> str:
    """The texts in a row, no more than `most` of them written out, the rest counted.

    Args:
        texts: In the order to write them.
        most: So many are written out.
        commas: Whether thousands of the rest are marked.

    >>> join(["a", "b", "c"]), join(["a", "b", "c", "d", "e"])
    ('a, b, c', 'a, b, c and 2 more')
    """
    more = len(texts) - most
    rest = f"{more:,}" if commas else str(more)
    return ", ".join(texts[:most]) + (f" and {rest} more" if more > 0 else "")


def conjunction(texts: Sequence[str]) -> str:
    """All the texts in a row, the last one after an `and`.

    >>> conjunction(["a"]), conjunction(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def plural(count: int, noun: str) -> str:
    """A count with its noun in the right number, as findings and advice write it.

    >>> plural(1, "trial"), plural(1200, "trial"), plural(2, "study")
    ('1 trial', '1200 trials', '2 studies')
    """
    return f"{count} {_in_number(count, noun)}"


def quantity(count: int, noun: str, nouns: str = "") -> str:
    """The same with thousands marked, as terminals, charts and pages write it.

    >>> quantity(1200, "trial"), quantity(2, "study"), quantity(2, "trial is", "trials are")
    ('1,200 trials', '2 studies', '2 trials are')
    """
    return f"{count:,} {_in_number(count, noun, nouns)}"


def _in_number(count: int, noun: str, nouns: str = "") -> str:
    if count == 1:
        return noun
    return nouns or (f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s")
