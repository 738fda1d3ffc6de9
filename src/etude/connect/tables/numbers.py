"""Numbers as spreadsheets write them become numbers as Python reads them, column by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

# A number has no more signs; a longer text is matched against no pattern.
_LONGEST = 60
# Words of cells that hold no number; `nan` and `inf` are values of a metric.
_MISSING = frozenset(("", "na", "n/a", "#n/a", "null", "<na>", "nat"))
# In a column of settings these may be values: no clipping, no limit.
_MISSING_RESULTS = _MISSING | {"none", "-", "--"}
_UNFINITE = frozenset(("nan", "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"))
_POWER = r"(?:[eE][-+]?\d{1,4})?"
_PLAIN = re.compile(rf"[-+]?(?:\d+\.?\d*|\.\d+){_POWER}")
_COMMA = re.compile(rf"[-+]?(?:(?:[1-9]\d{{0,2}}(?:\.\d{{3}})+|\d+)(?:,\d+)?|,\d+){_POWER}")
_DOTTED = re.compile(r"[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)")
_GROUPED = re.compile(rf"[-+]?(?:[1-9]\d{{0,2}}(?:,\d{{3}})+|\d+)(?:\.\d+)?{_POWER}")
_SPACED = re.compile(r"[-+]?(?:[1-9]\d{0,2}(?:[ '\u2019\u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?")
_HAS_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")

Form: TypeAlias = tuple[str, re.Pattern[str], Callable[[str], str]]
_DECIMAL: Form = ("decimal commas", _COMMA, lambda cell: cell.replace(".", "").replace(",", "."))
_DOTS: Form = ("dots between thousands", _DOTTED, lambda cell: cell.replace(".", ""))
_COMMAS: Form = ("commas between thousands", _GROUPED, lambda cell: cell.replace(",", ""))
_BLANKS: Form = (
    "signs between thousands",
    _SPACED,
    lambda cell: re.sub(r"[ '\u2019\u00a0\u202f]", "", cell).replace(",", "."),
)
_PYTHON: Form = ("", _PLAIN, str)


@final
@dataclass(frozen=True, kw_only=True)
class Column:
    """The cells of a column, numbers as Python writes them.

    Args:
        is_number: Whether every cell that is filled holds a number; False where none is filled.
        form: How the numbers were written, for people; empty for Python's way.
    """

    cells: tuple[str, ...]
    is_number: bool
    form: str = ""


def column(
    cells: Sequence[str], *, separator: str = ",", comma: bool = False, results: bool = False
) -> Column:
    """A column of numbers, or the cells as they are where one of them is no number.

    Args:
        cells: All cells of the column.
        separator: What parts the cells of a row.
        comma: Whether other numbers of the table have a decimal comma.
        results: Whether the column holds results, where `None` and `-` are no values.

    >>> column(["0,5", "1.000,25", ""], separator=";").cells
    ('0.5', '1000.25', '')
    >>> column(["1,024", "512"]).cells, column(["12.5%", "N/A"]).cells, column(["1", "x"]).is_number
    (('1024', '512'), ('0.125', ''), False)
    """
    missing = _MISSING_RESULTS if results else _MISSING
    bare = [cell.strip().replace("\u2212", "-") for cell in cells]
    bare = ["" if cell.casefold() in missing else cell for cell in bare]
    filled = [cell for cell in bare if cell]
    shares = [cell for cell in filled if not _is_unfinite(cell)]
    is_percent = bool(shares) and all(cell.endswith("%") for cell in shares)
    numbers = [cell.removesuffix("%").rstrip() for cell in bare] if is_percent else bare
    for form, python in _forms(numbers, separator, comma=comma):
        texts = [cell if not cell or _is_unfinite(cell) else python(cell) for cell in numbers]
        if is_percent:
            texts = [str(float(text) / 100) if text else "" for text in texts]
            form = "percent"
        changed = form if texts != bare else ""
        return Column(cells=tuple(texts), is_number=bool(filled), form=changed)
    return Column(cells=tuple(cells), is_number=False)


def has_decimal_comma(cell: str) -> bool:
    """Whether a cell of a table without commas between cells is a number with a decimal comma."""
    return len(cell) <= _LONGEST and bool(_HAS_COMMA.fullmatch(cell.strip()))


def _is_unfinite(cell: str) -> bool:
    return cell.casefold() in _UNFINITE


def _forms(
    cells: Sequence[str], separator: str, *, comma: bool
) -> Iterator[tuple[str, Callable[[str], str]]]:
    """The ways in which all of the numbers are written, the likeliest of such a table first."""
    if separator == ",":
        forms = [_PYTHON, _COMMAS, _DECIMAL, _BLANKS]
    elif comma:
        forms = [_DOTS, _DECIMAL, _PYTHON, _BLANKS]
    else:
        forms = [_PYTHON, _DECIMAL, _COMMAS, _BLANKS]
    finite = [cell for cell in cells if cell and not _is_unfinite(cell)]
    for form, pattern, python in forms:
        if all(len(cell) <= _LONGEST and pattern.fullmatch(cell) for cell in finite):
            yield form, python
