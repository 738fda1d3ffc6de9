"""Numbers as spreadsheets write them become numbers as Python reads them, column by column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from ..parsing.scalars import python_number

# A number has no more signs; a longer text is matched against no pattern.
_LONGEST = 60
# Words of cells that hold no number; `nan` and `inf` are values of a metric.
_MISSING = frozenset(("", "na", "n/a", "#n/a", "null", "<na>", "nat"))
# In a column of settings these may be values: no clipping, no limit.
_MISSING_RESULTS = _MISSING | {"none", "-", "--", "\u2013", "\u2014", "n.a.", "missing", "?", "."}
_UNFINITE = frozenset(
    f"{sign}{word}" for sign in ("", "+", "-") for word in ("nan", "inf", "infinity")
)
_POWER = r"(?:[eE][-+]?\d{1,4})?"
_PLAIN = re.compile(rf"[-+]?(?:\d+\.?\d*|\.\d+){_POWER}")
_COMMA = re.compile(rf"[-+]?(?:(?:[1-9]\d{{0,2}}(?:\.\d{{3}})+|\d+)(?:,\d+)?|,\d+){_POWER}")
_DOTTED = re.compile(r"[-+]?(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)")
_GROUPED = re.compile(rf"[-+]?(?:[1-9]\d{{0,2}}(?:,\d{{3}})+|\d+)(?:\.\d+)?{_POWER}")
_SPACED = re.compile(r"[-+]?(?:[1-9]\d{0,2}(?:[ '\u2019\u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?")
_HAS_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
# `1.125` may be thousands, `0.125` and `1.25` are not.
_HAS_POINT = re.compile(rf"[-+]?(?:0?\.\d+|\d+\.(?:\d\d?|\d{{4,}})){_POWER}")
# What numbers with a comma have and no list does: `0,25`, `1,024`, `1,250.5`, `1.250,5`.
_IN_NO_LIST = re.compile(r"^[-+]?0?,\d\d|,0\d|,\d{3}\.|\.\d{3},")

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

    In a column of settings, `128,64` is a list of layers unless the table has decimal commas.

    Args:
        cells: All cells of the column.
        separator: What parts the cells of a row.
        comma: Whether other numbers of the table have a decimal comma.
        results: Whether the column was measured: `None` and `-` are no values, and no cell a list.

    >>> column(["0,5", "1.000,25", ""], separator=";").cells
    ('0.5', '1000.25', '')
    >>> column(["1,024", "512"]).cells, column(["12.5%", "N/A"]).cells, column(["1", "x"]).is_number
    (('1024', '512'), ('0.125', ''), False)
    >>> column(["512,256", "128,64"]).is_number, column(["512,256"], results=True).cells
    (False, ('512256',))
    """
    missing = _MISSING_RESULTS if results else _MISSING
    bare = [python_number(cell.strip().replace("\u2212", "-")) for cell in cells]
    bare = ["" if cell.casefold() in missing else cell for cell in bare]
    filled = [cell for cell in bare if cell]
    shares = [cell for cell in filled if not _is_unfinite(cell)]
    is_percent = bool(shares) and all(cell.endswith("%") for cell in shares)
    numbers = [cell.removesuffix("%").rstrip() for cell in bare] if is_percent else bare
    sure = comma or results or is_percent or not _may_be_lists(numbers)
    for form, python in _forms(numbers, separator, comma=comma) if sure else ():
        texts = [cell if not cell or _is_unfinite(cell) else python(cell) for cell in numbers]
        if is_percent:
            texts = [str(float(text) / 100) if text else "" for text in texts]
            form = "percent"
        changed = form if texts != bare else ""
        return Column(cells=tuple(texts), is_number=bool(filled), form=changed)
    return Column(cells=tuple(cells), is_number=False)


def holds_no_value(cell: str) -> bool:
    """Whether a cell of a result is empty, says that there is no value, or that it is not finite.

    >>> holds_no_value("N/A"), holds_no_value(" nan"), holds_no_value("0.76 \u00b1 0.06")
    (True, True, False)
    """
    bare = python_number(cell.strip().replace("\u2212", "-"))
    return bare.casefold() in _MISSING_RESULTS or _is_unfinite(bare)


def is_plain(cell: str) -> bool:
    """Whether a cell is a number as Python writes it."""
    return len(cell) <= _LONGEST and bool(_PLAIN.fullmatch(cell.strip()))


def has_decimal_comma(cell: str) -> bool:
    """Whether a cell of a table without commas between cells is a number with a decimal comma."""
    return len(cell) <= _LONGEST and bool(_HAS_COMMA.fullmatch(cell.strip()))


def has_decimal_commas(columns: Iterable[Sequence[str]], separator: str) -> bool:
    r"""Whether the numbers of a table have decimal commas; a column of lists has them too.

    >>> table = [["0.5", "0.25"], ["0.001", ""], ["128,64", "512,256"]]
    >>> has_decimal_commas(table, "\t"), has_decimal_commas([["0,5"], ["0,1"], ["2.1"]], ";")
    (False, True)
    """
    if separator == ",":
        return False
    commas = points = 0
    for cells in columns:
        commas += any(has_decimal_comma(cell) for cell in cells)
        points += any(
            len(cell) <= _LONGEST and _HAS_POINT.fullmatch(cell.strip()) for cell in cells
        )
    return commas > points


def _may_be_lists(cells: Sequence[str]) -> bool:
    """Whether commas stand between numbers, and none of the cells can only be one number."""
    short = [cell for cell in cells if "," in cell and len(cell) <= _LONGEST]
    return bool(short) and not any(_IN_NO_LIST.search(cell) for cell in short)


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
