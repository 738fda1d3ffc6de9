"""The one place that prints: a text as a terminal can hold it, in bold or dim where it has such."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from io import StringIO
from typing import Any

import typer

from ..text.masking import without_password
from ..text.signs import bounded, readable, storable

# Signs that no text has stand for a beginning and an end until a line is printed: what is hidden
# in a name is replaced between them.
_BOLD, _DIM, _END = "\ufdd0", "\ufdd1", "\ufdd2"
_CODES = {_BOLD: "\x1b[1m", _DIM: "\x1b[2m", _END: "\x1b[0m"}
# As a line is made, bold at its head and dim at its end: such a sign elsewhere is somebody's name.
_TEXT = f"[^{_BOLD}{_DIM}{_END}]"
_STYLED = re.compile(
    rf"(?:( {{0,40}})({_BOLD})({_TEXT}*)({_END}))?({_TEXT}*)(?:({_DIM})({_TEXT}*)({_END}))?"
)
# Whatever Typer shows of what was typed.
_UsageError: Any = typer.BadParameter.__mro__[2]
# More of one text is read by nobody; a program reads JSON, which is whole.
_MOST = 50_000


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Prints a text for people: no sign of it acts on the terminal, no password stands in it."""
    stream = sys.stderr if err else sys.stdout
    typer.echo(printable(text, styled=stream.isatty()), err=err, nl=nl)


def say_plain(text: str, *, nl: bool = True) -> None:
    """Prints a text for programs, whole: JSON and CSV are made so that they can be printed."""
    typer.echo(text, nl=nl)


def printable(text: str, *, styled: bool = False) -> str:
    r"""The text as a terminal can hold it; styles are codes where it has them.

    >>> printable(bold("BETTER") + "  a\x1b[2J"), printable(bold("a"), styled=True)
    ('BETTER  a�[2J', '\x1b[1ma\x1b[0m')
    """
    text = bounded(text, _MOST)
    if not any(code in text for code in _CODES):
        return _safe(text)
    return "\n".join(_printable(line, styled) for line in text.replace("\r\n", "\n").split("\n"))


def _printable(line: str, styled: bool) -> str:
    found = _STYLED.fullmatch(line)
    if found is None:
        return _safe(line)
    codes = _CODES if styled else dict.fromkeys(_CODES, "")
    pieces = found.groups(default="")
    return "".join(codes[piece] if piece in codes else _safe(piece) for piece in pieces)


def _safe(text: str) -> str:
    return readable(without_password(storable(text))).expandtabs(4)


def bold(text: str) -> str:
    """The text in bold where a terminal can."""
    return f"{_BOLD}{text}{_END}"


def dim(text: str) -> str:
    """The text dim where a terminal can."""
    return f"{_DIM}{text}{_END}"


def usage_error(perform: Callable[[], object]) -> int:
    """The exit code of a command; what was typed wrong is printed as Typer says it."""
    try:
        code = perform()
    except _UsageError as error:
        text = StringIO()
        error.show(file=text)
        say(text.getvalue(), err=True, nl=False)
        return int(error.exit_code)
    except typer.Abort:
        say("Aborted!", err=True)
        return 1
    return code if isinstance(code, int) else 0


def hold_any_text() -> None:
    """Lets both streams print every text, whatever the terminal's alphabet is."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
