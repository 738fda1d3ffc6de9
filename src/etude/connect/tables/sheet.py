"""The rows of a text table, whatever parts its cells: commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import ImportFileError
from ..parsing import files

# Excel writes the second where the comma is the decimal sign, and tabs into the clipboard.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# Excel's own first line, which says the separator.
_STATED = "sep="
# The rule below the header of a table in Markdown.
_RULE = re.compile(r"\s*:?-{2,}:?\s*")
# NumPy writes this before a header, and people before what they note above one.
_COMMENT = re.compile(r"#+\s+")
# Ends of lines as spreadsheets for old Macs write them.
_OLD_MAC = re.compile(r"(?<=\r)(?!\n)")


def separator(path: Path) -> str:
    """What parts the cells of a table, by its first line: of equals, the comma.

    Raises:
        ImportFileError: for a line beyond all measure, or bytes that are no text.
    """
    line = next((line for line in _lines(path) if line.strip() and not _is_note(line)), "")
    line = line.rstrip("\r\n")
    stated = line.casefold().removeprefix(_STATED)
    if stated != line.casefold() and stated in SEPARATORS:
        return stated
    # What stands in quotes parts nothing.
    outside = "".join(itertools.islice(line.split('"'), 0, None, 2))
    return max(SEPARATORS, key=outside.count)


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows, the header first, each with the line in which it ends; empty ones are skipped.

    Raises:
        ImportFileError: for a file that is no such table, with the line.
    """
    sign = separator(path)
    table = csv.reader(_lines(path), delimiter=sign)
    try:
        header = next((row for row in table if _is_header(row, table.line_num)), None)
        if header is not None:
            yield table.line_num, [_COMMENT.sub("", header[0], count=1), *header[1:]]
        for row in table:
            is_rule = sign == "|" and all(_RULE.fullmatch(one) for one in row if one.strip())
            if any(row) and not is_rule:
                yield table.line_num, row
    except csv.Error as error:
        raise ImportFileError(
            f"`{path}`, line {table.line_num}, is no CSV ({error}). Look for a quote that is not "
            "closed; the format is that of Python's csv module, with double quotes."
        ) from None


def _is_header(row: Sequence[str], line: int) -> bool:
    """Whether this first row is neither empty, nor Excel's own, nor a note above the table."""
    states = line == 1 and len(row) <= 2 and "".join(row[:1]).casefold().startswith(_STATED)
    is_note = len(row) == 1 and bool(_COMMENT.match(row[0]))
    return any(row) and not states and not is_note


def _lines(path: Path) -> Iterator[str]:
    for line in files.lines_with_ends(path):
        yield from _OLD_MAC.split(line) if "\r" in line else (line,)


def _is_note(line: str) -> bool:
    return bool(_COMMENT.match(line)) and not any(sign in line for sign in SEPARATORS)


def header(path: Path) -> list[str]:
    """The names of a table's columns.

    Raises:
        ImportFileError: for a file that is no table.
    """
    return [files.clean(name.strip()) for name in next(rows(path), (0, []))[1]]
