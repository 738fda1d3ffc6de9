"""What is no table with a row a trial, told by what it is."""

from __future__ import annotations

import itertools
from pathlib import Path

from ...errors import ImportFileError
from ...wording import did_you_mean
from ..base import ReadRequest
from ..parsing import files
from ..renaming import local_name
from . import dictionaries, headers, sheet

# Heuristic: a title, a blank and a line of groups stand above a header, and no more.
_MAX_ABOVE = 5
# How files begin that hold a table all the same, in another form.
_OTHER_FILES = {
    b"PK\x03\x04": "a workbook of Excel, or an archive",
    b"\xd0\xcf\x11\xe0": "an old workbook of Excel",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text, which Excel calls Unicode",
    b"\xfe\xff": "UTF-16 text, which Excel calls Unicode",
    b"{": "JSON, and no table of cells",
    b"[": "JSON, and no table of cells",
    b"SQLi": "a database",
}
# Heuristic: among so many names a person finds the one that they meant.
MAX_COLUMNS = 30


def refuse_no_table(source: Path, request: ReadRequest) -> None:
    """Refuses a file that has no header with the metric, and says where one stands further below.

    Raises:
        ImportFileError: with what the file is, and the way out.
    """
    _refuse_other_files(source)
    rows = itertools.islice(sheet.rows(source), _MAX_ABOVE)
    first = [(line, [files.clean(cell.strip()) for cell in row]) for line, row in rows]
    if not first:
        raise ImportFileError(f"`{source}` is empty. Is it the right file?")
    names = first[0][1]
    if headers.is_chart(names):
        raise ImportFileError(
            f"`{source}` is a chart that W&B exported: a column a run, and no setting."
        )
    bare = [bare for bare, _ in headers.unmarked(names)]
    is_named = request.metric in (local_name(name, request) for name in (*names, *bare))
    below = next((line for line, cells in first[1:] if request.metric in cells), None)
    if below is not None and not is_named:
        raise ImportFileError(
            f"`{source}` has its header, with `{request.metric}`, in line {below}. Remove the "
            "lines above it."
        )
    if len(names) < 2:  # one column is no table of settings and results
        raise ImportFileError(
            f"`{source}` is neither a folder with `trials.csv` and `curves.csv` nor a table with a "
            "row a trial, its setting and its results in columns. Name one of them."
        )
    if not is_named and not any(dictionaries.may_be(cell) for _, row in first for cell in row):
        raise ImportFileError(
            f"`{source}` has no column `{request.metric}` to judge the trials by. "
            f"{did_you_mean(request.metric, list(filter(None, bare))[:MAX_COLUMNS])}"
        )


def _refuse_other_files(source: Path) -> None:
    """Refuses what begins as no text of a table does, by what it is."""
    begin = files.start(source, 4)
    for sign, what in _OTHER_FILES.items():
        if begin.startswith(sign):
            raise ImportFileError(
                f"`{source}` is {what}. Save it as CSV (UTF-8), with a row a trial."
            )
