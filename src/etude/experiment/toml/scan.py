"""Signs of a TOML text outside of its texts and comments, in one pass: time linear in the length.

A regular expression over a whole file takes the square or the cube of it for a text that somebody
meant badly, or for 3,000 blank lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, final

_SIGN = re.compile(r"\"\"\"|'''|[\"'#\[\]{}=,\n]")
# A text ends at its quote; one of a line at the end of that, where somebody forgot the quote.
_IN_TEXT = re.compile(r"\\[^\n]|[\"\n]")
_IN_TEXT_OF_LINES = re.compile(r"\\[\s\S]|\"\"\"")


@final
class Sign(NamedTuple):
    """A sign and its places: a bracket, `=`, `,` or a line end; a whole text by its quote; `#`."""

    sign: str
    begin: int
    end: int


def signs(text: str) -> Iterator[Sign]:
    """The signs in order; of a text that is no TOML, as far as it can be told."""
    at = 0
    while found := _SIGN.search(text, at):
        sign, begin = found[0], found.start()
        at = _end(text, sign, begin)
        yield Sign(sign, begin, at)


def statement_ends(text: str) -> Iterator[int]:
    """Where each statement of a valid TOML text ends, its line end included."""
    depth = last = 0
    for sign, _, end in signs(text):
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        elif sign == "\n" and depth == 0:
            last = end
            yield end
    if last < len(text):
        yield len(text)


def most_steps(text: str) -> int:
    """The most dots in one key, or in one value."""
    most = steps = last = 0
    for sign, begin, end in signs(text):
        steps += text.count(".", last, begin)
        last = end
        if sign[0] not in "\"'":
            most, steps = max(most, steps), 0
    return max(most, steps + text.count(".", last))


def comment_start(text: str) -> int:
    """Where the comment of the last line begins; the end of the text where it has none."""
    begin = len(text)
    for sign in signs(text):
        begin = sign.begin if sign.sign == "#" else len(text)
    return begin


def _end(text: str, sign: str, begin: int) -> int:
    """Where what a sign opens ends: a text behind its last quote, a comment before the line end."""
    inside = begin + len(sign)
    if sign == "#":
        return _found(text, "\n", inside)
    if sign == "'":
        return min(_found(text, "'", inside) + 1, _found(text, "\n", inside), len(text))
    if sign == '"':
        return _closing(_IN_TEXT, text, inside)
    if sign == "'''":
        return _with_quotes(text, _found(text, sign, inside) + len(sign), "'")
    if sign == '"""':
        return _with_quotes(text, _closing(_IN_TEXT_OF_LINES, text, inside), '"')
    return inside


def _found(text: str, sign: str, begin: int) -> int:
    place = text.find(sign, begin)
    return len(text) if place < 0 else place


def _closing(pattern: re.Pattern[str], text: str, inside: int) -> int:
    for found in pattern.finditer(text, inside):
        if found[0] == "\n":
            return found.start()
        if found[0][0] == '"':
            return found.end()
    return len(text)


def _with_quotes(text: str, end: int, quote: str) -> int:
    """The end of a text of lines, whose last two signs may be quotes of its own."""
    for _ in range(2):
        end += text.startswith(quote, end)
    return min(end, len(text))
