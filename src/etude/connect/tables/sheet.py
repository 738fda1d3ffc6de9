"""The rows of a text table, whatever parts its cells: commas, semicolons, tabs or bars."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

from ...errors import ImportFileError
from ..parsing import files

# Excel writes the second where the comma is the decimal sign, and tabs into the clipboard.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# Excel's own first line, which says the separator.
_STATED = "sep="


def separator(path: Path) -> str:
    """What parts the cells of a table, by its first line: of equals, the comma.

    Raises:
        ImportFileError: for a line beyond all measure, or bytes that are no text.
    """
    line = next((line for line in files.lines(path) if line.strip()), "")
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
    lines = files.lines_with_ends(path)
    table = csv.reader(lines, delimiter=sign)
    try:
        for row in table:
            states = len(row) <= 2 and "".join(row[:1]).casefold().startswith(_STATED)
            if any(row) and not (states and table.line_num == 1):
                yield table.line_num, row
    except csv.Error as error:
        raise ImportFileError(
            f"`{path}`, line {table.line_num}, is no CSV ({error}). Look for a quote that is not "
            "closed; the format is that of Python's csv module, with double quotes."
        ) from None


def header(path: Path) -> list[str]:
    """The names of a table's columns.

    Raises:
        ImportFileError: for a file that is no table.
    """
    return [files.clean(name.strip()) for name in next(rows(path), (0, []))[1]]
