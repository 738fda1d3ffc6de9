"""Cells of a CSV file, which spreadsheets must not take for formulas."""

from __future__ import annotations

import re
from typing import Any

from .signs import readable

# What makes a formula of a cell, in Excel, LibreOffice and Sheets; full-width signs do in some.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf|nan")


def cell(value: Any) -> Any:
    r"""The value as a table holds it: text that begins like a formula after an apostrophe.

    Numbers stay, as does text that is one.

    >>> cell("=1+1"), cell("-1.5e3"), cell(-2.0), cell("adam")
    ("'=1+1", '-1.5e3', -2.0, 'adam')
    """
    if not isinstance(value, str):
        return value
    acts = value.startswith(_STARTS) and not _NUMBER.fullmatch(value)
    return readable(f"'{value}" if acts else value)
