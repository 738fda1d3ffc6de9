"""Signs that a text may not carry everywhere: controls, hidden signs, and halves of a character."""

from __future__ import annotations

import re
from collections.abc import Callable

# Stands where a sign was that nobody should see act.
REPLACEMENT = "\ufffd"
# The most that is kept of one message of others; a traceback of a deep stack has a few thousand.
MAX_MESSAGE = 20_000
# Heuristic: what a message is about stands at its head, and why it came about at its end.
_HEAD_SHARE = 0.25
# Of `most`, for what says how much was left out; and what is seen beyond a cut, a file of a key.
_ROOM, _EDGE = 40, 4_000
_LONE = r"\ud800-\udfff"
# C0 without tab and line feed, DEL and C1; line ends in disguise.
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
# What turns the reading order, has no width, or is a blank that is no space: two names look alike.
_UNSEEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\ufdd0-\ufdef\U000e0000-\U000e0fff"
)
# Joiners belong into many scripts and pictures, and hide beside ASCII or at an end.
_JOINERS = r"(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
_HIDDEN = re.compile(f"[{_CONTROLS}{_UNSEEN}{_LONE}]|{_JOINERS}")
# In the text of JSON: escapes of control signs too, and no second half of an escaped backslash.
_HIDDEN_JSON = re.compile(rf"\\\\|\\u00[01][0-9a-fA-F]|\\u007[fF]|\\[bfr]|{_HIDDEN.pattern}")
_LONE_SIGN = re.compile(f"[{_LONE}]")
_BREAKS = re.compile(r"[\t\n]")


def readable(text: str) -> str:
    r"""The text as people may read it, on as many lines: what acts or hides is replaced.

    >>> readable("a\x1b[2J\r\n\tb"), readable("lr\u200b"), readable("adam")
    ('a�[2J\n\tb', 'lr�', 'adam')
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(REPLACEMENT, text.replace("\r\n", "\n"))


def line(text: str) -> str:
    r"""The same on one line, as names and the cells of a table stand.

    >>> line("a\nb"), line("learning rate")
    ('a�b', 'learning rate')
    """
    return (
        text if text.isascii() and text.isprintable() else _BREAKS.sub(REPLACEMENT, readable(text))
    )


def escaped(text: str, escape: Callable[[str], str]) -> str:
    r"""The text with every sign that acts or hides written as `escape` gives it, for JSON and TOML.

    >>> escaped("a\x9b", lambda sign: f"\\u{ord(sign):04x}")
    'a\\u009b'
    """
    # Of ASCII, JSON and TOML write all that acts as its number, but for DEL.
    if text.isascii() and "\x7f" not in text:
        return text
    return _HIDDEN.sub(lambda match: escape(match[0]), text)


def readable_json(text: str) -> str:
    r"""The text of JSON whose strings are as people may read them.

    >>> readable_json(r'["a\u001b[2J", "a\\u001b"]')
    '["a�[2J", "a\\\\u001b"]'
    """
    return _HIDDEN_JSON.sub(lambda match: match[0] if match[0] == r"\\" else REPLACEMENT, text)


def storable(text: str) -> str:
    r"""The text as UTF-8 can hold it: half of a character, as in a foreign file's name, is written.

    >>> storable("cannot read \udcff.png"), storable("größe")
    ('cannot read \\udcff.png', 'größe')
    """
    if text.isascii():
        return text
    return _LONE_SIGN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def bounded(
    text: str, most: int = MAX_MESSAGE, told: Callable[[str], str] = lambda text: text
) -> str:
    r"""The text, cut in its middle where it is beyond all reading, with how much was left out.

    What was cut is short enough to stay as it is when it comes by here again.

    Args:
        text: Of any length.
        most: Of so many characters the text is at most, what says that it was cut among them.
        told: What is written of a text. It sees more than is left at a cut: half of a secret looks
            like none.

    >>> bounded("a" * 500 + "b" * 500, most=80)
    'aaaaaaaaaaaaaaaaaaaa\n... 960 characters left out ...\nbbbbbbbbbbbbbbbbbbbb'
    """
    if len(text) <= most:
        whole = told(text)
        return whole if len(whole) <= most else bounded(whole, most)
    head = int(most * _HEAD_SHARE)
    tail = most - head - _ROOM
    hidden = len(text) - head - tail
    behind, before = min(_EDGE, hidden + tail), min(_EDGE, hidden + head)
    first = told(text[: head + behind])[:-behind][:head]
    last = told(text[-tail - before :])[before:][-tail:]
    return f"{first}\n... {hidden:,} characters left out ...\n{last}"


def text_of(value: object, how: Callable[[object], str] = str) -> str:
    """A value as text, whatever it does when it is asked for one.

    >>> text_of(KeyError("a")), text_of(3, repr)
    ("'a'", '3')
    """
    try:
        return "".join(how(value))  # whatever kind of text it is to its class
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  # somebody else's `__str__` may raise anything
        return f"<{type(value).__name__} that has no text>"
