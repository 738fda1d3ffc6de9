"""Numbers, counts, lists and misspelt names, as every message, chart and page writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from difflib import get_close_matches

# Sentences: two significant digits say most, three are the most that is read. Tables and files that
# need more ask for them.
DIGITS = 3
FULL_DIGITS = 4
# A larger number is read by its exponent.
MAX_PLAIN = 1e6
# More words of a headline are not taken in at a glance (the form of what is said).
HEADLINE_WORDS = 14
# What is longer, or further down a list, was not misspelt by a person: to compare takes the square
# of the lengths, for each pair.
_LONGEST_NAME, _MOST_NAMES = 200, 1000
# Nobody reads on in a list of names.
_MOST_KNOWN = 60
# A word; what stands in backticks is one.
_PIECE = re.compile(r"(?:`[^`]*`|[^\s`])+")


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that was probably meant; empty where none is near.

    >>> nearest("nuisence", ["fixed", "nuisance"])
    'nuisance'
    """
    if len(name) > _LONGEST_NAME:
        return ""
    near = [one for one in known[:_MOST_NAMES] if len(one) <= _LONGEST_NAME]
    return next(iter(get_close_matches(name, near, n=1, cutoff=0.6)), "")


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A sentence with the nearest known name, or with all of them.

    >>> did_you_mean("optimzer", ["depth", "optimizer"])
    'Did you mean `optimizer`?'
    """
    if near := nearest(name, known):
        return f"Did you mean `{near}`?"
    listed = [f"`{one}`" for one in known[:_MOST_KNOWN]]
    more = len(known) - len(listed)
    listed += [f"and {more:,} more"] if more > 0 else []
    return f"Known: {', '.join(listed)}." if known else "There is none."


def number(value: object, digits: int = DIGITS, *, error: float | None = None) -> str:
    """A number with its significant digits, anything else as text.

    Whole numbers of less than a million are written in full: they count something.

    Args:
        value: The number.
        digits: So many significant ones.
        error: Its standard error, where it is known: digits beyond it are noise, and left out, but
            never the first two.

    >>> number(0.0328571), number(20), number("adam"), number(0.00001234567)
    ('0.0329', '20', 'adam', '1.23e-5')
    >>> number(0.0193275, error=0.0038), number(27.0), number(12345.6), number(0.98765, 5)
    ('0.019', '27', '12,300', '0.98765')
    """
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < MAX_PLAIN:
        return f"{value + 0.0:.0f}"  # no minus before a zero
    if error is not None and 0.0 < error < math.inf:
        beyond = math.floor(math.log10(abs(value))) - math.floor(math.log10(error))
        digits = min(digits, max(2, beyond + 1))
    text = f"{value:.{digits}g}"
    if "e+" in text and abs(value) < MAX_PLAIN:
        return f"{float(text):,.0f}"
    return _short_exponent(text)


def chart_number(value: float) -> str:
    """A number as the axes of charts write it: four digits, thousands marked, a short exponent.

    >>> chart_number(0.0213456), chart_number(12345.0), chart_number(1e-7)
    ('0.02135', '12,345', '1e-7')
    """
    if not math.isfinite(value):
        return str(value)
    if 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return _short_exponent(f"{value:.4g}")


def _short_exponent(text: str) -> str:
    return re.sub(r"e([+-])0?", r"e\1", text).replace("e+", "e") if "e" in text else text


def percent(share: float) -> str:
    """A small share in percent, as few digits as tell it.

    >>> percent(0.0471), percent(0.23), percent(0.00001)
    ('4.7 %', '23 %', 'less than 0.1 %')
    """
    if share < 0.001:
        return "less than 0.1 %"
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def study_text(name: str) -> str:
    """A study in a sentence; one that stands alone has no name of its own.

    >>> study_text("optimizer=adam"), study_text("all")
    ('`optimizer=adam`', 'the study')
    """
    return "the study" if name == "all" else f"`{name}`"


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


def trial_list(trials: Sequence[int], *, most: int = 4) -> str:
    """Trials by their ids, no more than `most` of them written out.

    >>> trial_list([3]), trial_list([3, 5]), trial_list([1, 2, 3, 4, 5, 6])
    ('trial 3', 'trials 3 and 5', 'trials 1, 2, 3, 4 and 2 more')
    """
    ids = [str(trial) for trial in trials]
    named = conjunction(ids) if len(ids) <= most else join(ids, most=most)
    return f"{'trial' if len(ids) == 1 else 'trials'} {named}"


def shortened(text: str, words: int = HEADLINE_WORDS) -> str:
    """The first sentence of a text, cut where it may pause before so many words, without its stop.

    >>> shortened("It ends at 0.5, since `a b` broke. More."), shortened("One two, three four.", 3)
    ('It ends at 0.5, since `a b` broke', 'One two')
    """
    sentence = re.split(r"(?<=[\w`)%])\. (?=[A-Z`])", text.strip(), maxsplit=1)[0].rstrip(".")
    pieces = _PIECE.findall(sentence)
    if len(pieces) <= words:
        return sentence
    pauses = [at for at in range(words, 0, -1) if pieces[at - 1].endswith((",", ";", ":"))]
    # Heuristic: a clause of less than a third of the words says too little by itself.
    cut = next((at for at in pauses if at > words // 3), words)
    return " ".join(pieces[:cut]).rstrip(",;:") + (
        "" if cut < words or pauses[:1] == [words] else " ..."
    )


def sentence_case(text: str) -> str:
    """The text with a capital at its head, but where code stands there.

    >>> sentence_case("adam leads"), sentence_case("`adam` leads")
    ('Adam leads', '`adam` leads')
    """
    return text[:1].upper() + text[1:]


def words(text: str) -> int:
    """How many words; what stands in backticks is one.

    >>> words("`a = 1` breaks 5 of 20 - all")
    6
    """
    return sum(any(map(str.isalnum, piece)) for piece in _PIECE.findall(text))


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(8), duration(200), duration(10_000), duration(0.02)
    ('8 s', '3 min', '2.8 h', '1 s')
    """
    if seconds < 90:
        # Whoever reads "0 s" takes it for a number that is not known.
        return f"{max(seconds, 1.0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
