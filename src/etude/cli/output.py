"""What people read on the terminal: results as lines, errors without a traceback of ours."""

from __future__ import annotations

import json
import math
import shlex
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import EtudeError, ExperimentError, RunError, TrainError
from ..wording import number

if TYPE_CHECKING:
    from ..finding import Finding, Verdict


def exit_code(error: EtudeError) -> int:
    """2 where the input is wrong, 3 where the user's own code stopped the run."""
    return 3 if isinstance(error, TrainError) else 2


def tell(error: EtudeError) -> None:
    """Says what is wrong on standard error; the user's own traceback where their code raised it."""
    if isinstance(error, TrainError):
        typer.echo(f"{error.user_traceback}\n", err=True)
    if isinstance(error, ExperimentError) and len(error.mistakes) > 1:
        typer.echo(f"{len(error.mistakes)} mistakes:", err=True)
    typer.echo(str(error), err=True)


def write(path: Path, text: str) -> None:
    """Writes a file that the user named.

    Raises:
        RunError: where it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"`{path}` cannot be written ({error.strerror}). Name another file."
        ) from error


def print_json(content: Mapping[str, Any]) -> None:
    """Prints JSON: no NaN in it, for JSON has none."""
    typer.echo(json.dumps(plain(content), indent=2, allow_nan=False, ensure_ascii=False))


def plain(value: Any) -> Any:
    """The same as JSON knows it: mappings, lists, text and finite numbers; others become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def setting_line(setting: Mapping[str, Any]) -> str:
    """A setting on one line."""
    return ", ".join(f"{name} = {number(value)}" for name, value in setting.items())


def verdict_lines(verdict: Verdict) -> list[str]:
    """The verdict and its doubts."""
    lines = [wrapped(f"Verdict ({verdict.status}): {verdict.message}")]
    if verdict.doubts:
        lines += ["", "What is doubtful about it:"]
        lines += [wrapped(doubt, indent="  - ", hanging="    ") for doubt in verdict.doubts]
    return lines


def at_store(store: str | None) -> str:
    """The option that names the store, as it was typed, for a command to type next."""
    return f" --store {shlex.quote(store)}" if store else ""


def wrapped(text: str, *, indent: str = "", hanging: str = "") -> str:
    """Text broken between words to the width of the terminal; as it is where there is none."""
    if not sys.stdout.isatty():
        return indent + text
    width = min(shutil.get_terminal_size().columns, 110)
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=hanging or indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def finding_lines(finding: Finding, *, message: str = "") -> list[str]:
    """A finding as lines, its advice below it; one that is acknowledged needs no advice.

    `message` stands in place of its own, where it speaks for others too.
    """
    known = " (acknowledged)" if finding.acknowledged else ""
    said = message or finding.message
    line = f"{finding.status} {finding.rule} {finding.check}{known}: {said}"
    lines = [wrapped(line, hanging="    ")]
    if finding.advice and not finding.acknowledged:
        lines.append(wrapped(finding.advice, indent="    "))
    return lines


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, each column as wide as its widest cell, the last one left ragged."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(8), duration(200), duration(10_000)
    ('8 s', '3 min', '2.8 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
