"""The form of what is said, counted: words, sentences, long numbers, rule ids in the wrong place.

`docs/design` has the reasons; the limits stand here once, for the laws and for
`benchmarks/words.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from etude.finding import Finding

MAX_HEADLINE_WORDS = 14
MAX_SENTENCES = 2
MAX_SENTENCE_WORDS = 30
MAX_DIGITS = 3
MAX_REASON_WORDS = 20
MAX_ENDING_LINES = 22
MAX_ENDING_WORDS = 180
MAX_CHECK_LINES = 30

# A name, a setting or a command in backticks is one word, and no number of it is ours to cut.
_CODE = re.compile(r"`[^`]*`")
_HIDE = {ord("."): 0, ord("?"): 1, ord("!"): 2}
_SHOW = {code: character for character, code in _HIDE.items()}
# A full stop that ends a sentence: not that of a number, of `...`, or of a shortened word.
_END = re.compile(r"(?<!\.\.)(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)[.?!](?=\s|$)")
_RULE = r"[ABCDEKLMQRSTWX]\d{1,2}"
_LEADING_RULE = re.compile(rf"^(?:{_RULE}(?:, {_RULE})*)(?:[:,]| )")
_RULE_ID = re.compile(rf"\b{_RULE}\b")
# A number with a point or an exponent; whole ones are counts, steps, seeds and ids.
_NUMBER = re.compile(r"(?<![\w.`/=-])[-+]?(?:\d+\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+)(?![\w/]|\.\d)")
# Sentences that ask for something begin with a verb in its bare form; these do not.
_NO_IMPERATIVE = re.compile(r"^(?:It|They|Its|The|A|An|This|That|These|Those|There|`)\b")
# The rules at the right edge of a line.
_EDGE = re.compile(rf" {{2,}}{_RULE}(?:, {_RULE})*(?: \+\d+)?$")
_NO_PROSE = re.compile(r"^\s*(?:\$ )?etude |^\s*\S+://|^\s*(?:checkpoint|setting): ")


def words(text: str) -> int:
    """How many words: what stands in backticks is one, marks alone are none.

    >>> words("`learning_rate` below 0.1 breaks 5 of 20 - all")
    8
    """
    return sum(any(map(str.isalnum, word)) for word in _CODE.sub("code", text).split())


def sentences(text: str) -> list[str]:
    """The sentences of a text, without the stops that end them.

    >>> sentences("It ends at 0.02. Why, e.g. luck? See `a. b`.")
    ['It ends at 0.02', 'Why, e.g. luck', 'See `a. b`']
    """
    hidden = _CODE.sub(lambda found: found[0].translate(_HIDE), text)
    return [part.strip().translate(_SHOW) for part in _END.split(hidden) if part.strip()]


def long_numbers(text: str) -> list[str]:
    """Numbers with more than three significant digits, but counts, steps, seeds and ids.

    >>> long_numbers("0.01933 of 1,397 at step 12345, 2.5e-05 in `x=0.12345`, 27.0 and 0.0100")
    ['0.01933']
    """
    return [found for found in _NUMBER.findall(_CODE.sub("code", text)) if _digits(found) > 3]


def _digits(number: str) -> int:
    mantissa = re.sub(r"e.*", "", number).lstrip("+-")
    return len(mantissa.replace(".", "").lstrip("0")) if "." in mantissa else 1


def padded_numbers(text: str) -> list[str]:
    """Numbers that say nothing by their last digits: `27.0`, `1e-05`.

    >>> padded_numbers("27.0 beside 0.30, 1e-05 and 1e-5")
    ['27.0', '1e-05']
    """
    found = _NUMBER.findall(_CODE.sub("code", text))
    return [number for number in found if re.search(r"^[-+]?\d+\.0+$|e[-+]0\d", number)]


def begins_with_rule(text: str) -> bool:
    """Whether a rule's id stands where the subject of a sentence should.

    >>> begins_with_rule("C9: it improves."), begins_with_rule("It improves (C9).")
    (True, False)
    """
    return any(_LEADING_RULE.match(sentence) for sentence in sentences(text))


def long_sentences(text: str, most: int = MAX_SENTENCE_WORDS) -> list[str]:
    """Sentences of more words than are read in one breath."""
    return [sentence for sentence in sentences(text) if words(sentence) > most]


def offences(finding: Finding) -> Iterator[str]:
    """What the form does not allow in a finding, a short name each."""
    yield from _headline_offences(finding.headline)
    if len(sentences(finding.message)) > MAX_SENTENCES:
        yield "message of more than two sentences"
    if len(sentences(finding.advice)) > 1 or _NO_IMPERATIVE.match(finding.advice):
        yield "advice that is not one imperative sentence"
    texts = (finding.headline, finding.message, finding.advice)
    if any(map(long_sentences, texts)):
        yield "sentence above 30 words"
    if any(map(begins_with_rule, texts)):
        yield "rule id at the head of a sentence"
    if any(map(long_numbers, texts)):
        yield "number above three digits"
    if any(map(padded_numbers, texts)):
        yield "number with empty digits"


def _headline_offences(headline: str) -> Iterator[str]:
    if not headline:
        yield "no headline"
    elif words(headline) > MAX_HEADLINE_WORDS:
        yield "headline above 14 words"
    if headline.endswith("."):
        yield "headline with a full stop"
    if _RULE_ID.search(_CODE.sub("", headline)):
        yield "rule id in a headline"


def line_offences(line: str) -> Iterator[str]:
    """What the form does not allow in a line that a command prints, a short name each."""
    if not prose([line]):
        return
    bare = _EDGE.sub("", line).strip()
    if long_sentences(bare):
        yield "sentence above 30 words"
    if begins_with_rule(bare):
        yield "rule id at the head of a sentence"
    if long_numbers(bare):
        yield "number above three digits"
    if padded_numbers(bare):
        yield "number with empty digits"


def prose(lines: Sequence[str]) -> list[str]:
    """The lines that hold sentences: no commands, no rows of a table, no paths."""
    return [line for line in lines if not _NO_PROSE.match(line) and not _is_row(line)]


def _is_row(line: str) -> bool:
    return bool(re.search(r"\S {2,}\S.* {2,}\S", _EDGE.sub("", line)))
