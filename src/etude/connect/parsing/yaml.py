"""The YAML that trackers write: block mappings and lists of plain values.

Tags, anchors, aliases and merges are refused by name: nothing is built, run or expanded. A caller
who takes what is left out has a value with a tag, an anchor or an alias left out alone. A tuple of
Python is a list.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ...errors import ImportFileError
from . import files
from .scalars import MAX_DEPTH, require_small, text_value

_QUOTED_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*:(?:\s+(.*))?""")
_BLOCK_TEXT = re.compile(r"[|>][-+\d]*")
_REFUSED = {
    "!": "a tag",
    "&": "an anchor",
    "*": "an alias",
    "?": "a complex key",
    "%": "a directive",
}
# How PyYAML writes a tuple, such as the two momenta of Adam.
_TUPLE = "!!python/tuple"
# What stands in place of a value that is left out.
_UNREAD = object()
_NUMBERS = {".nan": "nan", ".inf": "inf", "-.inf": "-inf"}


def document(path: Path, left_out: list[str] | None = None) -> dict[str, Any]:
    """The mapping that a small YAML file holds.

    Args:
        path: The file.
        left_out: Takes a sentence for each value with a tag, an anchor or an alias, which the
            mapping lacks then. None: such a value is a mistake of the file.

    Raises:
        ImportFileError: for any YAML that trackers do not write, with file and line.
    """
    return mapping(files.document(require_small(path)), str(path), left_out)


def mapping(text: str, where: str, left_out: list[str] | None = None) -> dict[str, Any]:
    r"""The mapping that a YAML text holds; `where` names it for people, as in `document`.

    >>> mapping("lr: 0.1\nlayers:\n- 1\n- 2\n", "x.yaml")
    {'lr': 0.1, 'layers': [1, 2]}
    >>> mapping("lr: 0.1\nact: !!python/name:f.relu ''\n", "x.yaml", told := [])
    {'lr': 0.1}
    >>> told
    ['`x.yaml`, line 2: the value of `act` is not read, for it has a tag (`!!python/name:f.relu`).']
    """
    cursor = _Cursor(where, text.splitlines(), left_out)
    first = cursor.peek()
    if first is None:
        return {}
    block = _block(cursor, first.indent, 0)
    if (rest := cursor.peek()) is not None:
        cursor.refuse("what is indented like nothing before it", rest.text)
    if not isinstance(block, dict):
        raise ImportFileError(f"`{where}` should hold `key: value` lines, and holds a list.")
    return block


@dataclass(frozen=True)
class _Line:
    indent: int
    text: str

    @property
    def is_item(self) -> bool:
        return self.text == "-" or self.text.startswith("- ")


@dataclass
class _Cursor:
    where: str
    lines: list[str]
    left_out: list[str] | None = None
    at: int = 0
    seen_line: int = 0  # the index of the line that `peek` last looked at, for messages
    pushed: list[_Line] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # of the value that is being read, outer first

    def peek(self) -> _Line | None:
        """The next line that is neither blank nor a comment; it is not consumed."""
        if self.pushed:
            self.seen_line = self.at
            return self.pushed[-1]
        while self.at < len(self.lines):
            line = self.lines[self.at]
            text = line.strip()
            self.seen_line = self.at
            if text and not text.startswith("#") and text not in ("---", "..."):
                if "\t" in line[: len(line) - len(line.lstrip())]:
                    self.refuse("a tab before", text)
                return _Line(len(line) - len(line.lstrip()), text)
            self.at += 1
        return None

    def skip(self) -> None:
        if self.pushed:
            self.pushed.pop()
        self.at += 1

    def replace(self, line: _Line) -> None:
        """Puts this line in place of the current one: the rest of it behind a dash."""
        self.pushed[:] = [line]

    def take_deeper(self, indent: int) -> list[str]:
        """Consumes the lines that follow and are indented deeper, blank and commented ones too."""
        lines = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and len(line) - len(line.lstrip()) <= indent:
                break
            lines.append(line)
            self.at += 1
        return lines

    def leave_out(self, rest: str, indent: int) -> object:
        """Passes over a value with all that belongs to it, and says so.

        Raises:
            ImportFileError: where nobody takes what is left out.
        """
        what = _REFUSED[rest[0]]
        if self.left_out is None or rest[0] not in "!&*":
            self.refuse(what, rest)
        self.left_out.append(
            f"`{self.where}`, line {self.seen_line + 1}: the value of `{'.'.join(self.keys)}` is "
            f"not read, for it has {what} (`{rest.partition(' ')[0][:60]}`)."
        )
        self.take_deeper(indent)
        while (line := self.peek()) is not None and line.indent == indent and line.is_item:
            self.skip()
            self.take_deeper(indent)
        return _UNREAD

    def refuse(self, what: str, text: str) -> NoReturn:
        raise ImportFileError(
            f"`{self.where}`, line {self.seen_line + 1}: {what} (`{text[:60]}`) is not read. Only "
            "plain keys, values and lists are."
        )


def _block(cursor: _Cursor, indent: int, depth: int) -> Any:
    line = cursor.peek()
    assert line is not None, "A block begins with a line: this is a bug."
    if depth > MAX_DEPTH:
        cursor.refuse(f"a value nested more than {MAX_DEPTH} deep", line.text)
    return (_items if line.is_item else _mapping)(cursor, indent, depth)


def _mapping(cursor: _Cursor, indent: int, depth: int) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    while (line := cursor.peek()) is not None and line.indent == indent and not line.is_item:
        key, rest = _split(cursor, line.text)
        cursor.skip()
        cursor.keys.append(key)
        value = _value(cursor, rest, indent, depth)
        cursor.keys.pop()
        if value is not _UNREAD:
            mapping[key] = value
    return mapping


def _items(cursor: _Cursor, indent: int, depth: int) -> Any:
    """A list; one of whose items cannot be read is left out as a whole."""
    items: list[Any] = []
    while (line := cursor.peek()) is not None and line.indent == indent and line.is_item:
        rest = line.text[1:].lstrip()
        if rest.startswith("- ") or (rest[:1] not in _REFUSED and _key_and_rest(rest)):
            inner = _Line(indent + len(line.text) - len(rest), rest)
            cursor.replace(inner)
            items.append(_block(cursor, inner.indent, depth + 1))
        else:
            cursor.skip()
            items.append(_value(cursor, rest, indent, depth))
    return items if all(item is not _UNREAD for item in items) else _UNREAD


def _key_and_rest(text: str) -> tuple[str, str] | None:
    """The key and the rest of a line; None for one that is no `key: value`."""
    if text[:1] in ("'", '"'):
        match = _QUOTED_KEY.fullmatch(text)
        return (match[1], match[2] or "") if match else None
    # By hand, not by pattern: a pattern takes the square of the time on a line of blanks.
    end = text.find(": ")
    if end < 0 and text.endswith(":"):
        end = len(text) - 1
    return (text[:end].rstrip(), text[end + 1 :]) if end > 0 else None


def _split(cursor: _Cursor, text: str) -> tuple[str, str]:
    if text[0] in _REFUSED or text.startswith("<<"):
        cursor.refuse(_REFUSED.get(text[0], "a merge"), text)
    match = _key_and_rest(text)
    if match is None:
        cursor.refuse("a line without `key: value`", text)
    key, rest = match
    return _quoted(cursor, key) if key[0] in "\"'" else key, rest.strip()


def _value(cursor: _Cursor, rest: str, indent: int, depth: int) -> Any:
    if rest == _TUPLE or rest.startswith(f"{_TUPLE} "):
        rest = rest.removeprefix(_TUPLE).strip()
    if rest.startswith("#"):
        rest = ""
    if not rest:
        return _nested(cursor, indent, depth)
    if _BLOCK_TEXT.fullmatch(rest):
        lines = cursor.take_deeper(indent)
        return ("\n" if rest[0] == "|" else " ").join(line.strip() for line in lines).strip()
    if rest[0] in _REFUSED:
        return cursor.leave_out(rest, indent)
    continuation = [line.strip() for line in cursor.take_deeper(indent)]
    if rest[0] not in "\"'" and any(_key_and_rest(line) for line in continuation):
        cursor.refuse("a value that goes on as keys", rest)
    return _scalar(cursor, " ".join([rest, *filter(None, continuation)]))


def _nested(cursor: _Cursor, indent: int, depth: int) -> Any:
    line = cursor.peek()
    if line is None or line.indent < indent or (line.indent == indent and not line.is_item):
        return None
    return _block(cursor, line.indent, depth + 1)


def _scalar(cursor: _Cursor, text: str) -> Any:
    if text in ("[]", "{}"):
        return [] if text == "[]" else {}
    if text[0] in "\"'":
        return _quoted(cursor, text)
    plain = text.partition(" #")[0].rstrip()
    if plain == "~":
        return None
    return _NUMBERS.get(plain.lower()) or text_value(plain)


def _quoted(cursor: _Cursor, text: str) -> str:
    text = text.strip()
    if len(text) < 2 or text[-1] != text[0]:
        cursor.refuse("a quote without its end", text)
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]
