"""What commands print and write: answers as lines, JSON or CSV, files, and errors."""

from __future__ import annotations

import json as json_format
import math
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import typer

from ..errors import EtudeError, ExperimentError, RunError, TrainError
from ..wording import number

if TYPE_CHECKING:
    from ..finding import Finding, Verdict
    from ..record import Record
    from ..round.result import Result


@final
@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command answers, computed in the one form that is asked for.

    Args:
        lines: What a person reads.
        json: What a program reads.
        csv: The same as a table; None for a command without `--csv`.
        rows: How many of what stand in that table.
    """

    lines: Callable[[], Iterable[str]]
    json: Callable[[], Mapping[str, Any]]
    csv: Callable[[], str] | None = None
    rows: str = ""


def show(answer: Answer, *, json: bool, csv: Path | None = None) -> None:
    """Prints an answer: JSON where it is asked for, else CSV where it is, else lines.

    Raises:
        RunError: where the file of the CSV cannot be written.
    """
    if json:
        print_json(answer.json())
    elif csv is not None and answer.csv is not None:
        _save_csv(answer.csv(), csv, answer.rows)
    else:
        print_lines(answer.lines())


def print_lines(lines: Iterable[str]) -> None:
    """Prints lines, each as soon as it is known."""
    for line in lines:
        typer.echo(line)


def print_json(content: Mapping[str, Any]) -> None:
    """Prints JSON: no NaN in it, for JSON has none."""
    text = json_format.dumps(plain(content), indent=2, allow_nan=False, ensure_ascii=False)
    typer.echo(text)


def plain(value: Any) -> Any:
    """The same as JSON knows it: mappings, lists, text and finite numbers; others become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _save_csv(text: str, path: Path, rows: str) -> None:
    if str(path) == "-":
        typer.echo(text, nl=False)
        return
    write_file(path, text)
    typer.echo(f"Wrote {rows} to {path}")


# --- errors


def exit_code(error: EtudeError) -> int:
    """2 where the input is wrong, 3 where the user's own code stopped the run."""
    return 3 if isinstance(error, TrainError) else 2


def print_error(error: EtudeError) -> None:
    """Says what is wrong on standard error; the user's own traceback where their code raised it."""
    if isinstance(error, TrainError):
        typer.echo(f"{error.user_traceback}\n", err=True)
    if isinstance(error, ExperimentError) and len(error.mistakes) > 1:
        typer.echo(f"{len(error.mistakes)} mistakes:", err=True)
    typer.echo(str(error), err=True)


# --- files


def write_file(path: Path, text: str) -> None:
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


def write_new_file(path: Path, text: str) -> str:
    """Writes a file that nobody has edited; what to say behind its name.

    Raises:
        RunError: where it cannot be written, or somebody's own words stand there.
    """
    try:
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            return ""
        if path.read_text(encoding="utf-8") == text:
            return " (as written before)"
    except OSError as error:
        raise RunError(
            f"`{path}` cannot be written ({error.strerror}). Name another with -o."
        ) from error
    raise RunError(
        f"`{path}` exists already and says something else, so nothing was written. "
        "Name another file with -o, or remove it."
    )


def folder_beside(source: str) -> Path:
    """The folder of the file before, as short as it can be written; here for one from Python."""
    folder = Path(source).parent if source else Path.cwd()
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


# --- lines


def paragraph(text: str, *, indent: str = "", hanging: str = "") -> str:
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


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, each column as wide as its widest cell, the last one left ragged."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def setting_line(setting: Mapping[str, Any]) -> str:
    """A setting on one line."""
    return ", ".join(f"{name} = {number(value)}" for name, value in setting.items())


def store_option(store: str | None) -> str:
    """The option that names the store, as it was typed, for a command to type next."""
    return f" --store {shlex.quote(store)}" if store else ""


def finding_lines(finding: Finding, *, message: str = "") -> list[str]:
    """A finding as lines, its advice below it; one that is acknowledged needs no advice.

    `message` stands in place of its own, where it speaks for others too.
    """
    known = " (acknowledged)" if finding.acknowledged else ""
    line = f"{finding.status} {finding.rule} {finding.check}{known}: {message or finding.message}"
    lines = [paragraph(line, hanging="    ")]
    if finding.advice and not finding.acknowledged:
        lines.append(paragraph(finding.advice, indent="    "))
    return lines


def verdict_lines(verdict: Verdict) -> list[str]:
    """The verdict and its doubts."""
    lines = [paragraph(f"Verdict ({verdict.status}): {verdict.message}")]
    if verdict.doubts:
        lines += ["", "What is doubtful about it:"]
        lines += [paragraph(doubt, indent="  - ", hanging="    ") for doubt in verdict.doubts]
    return lines


def summary_lines(result: Result, *, doubts: bool = True) -> list[str]:
    """The best setting with its values and checkpoint, the verdict and its doubts."""
    verdict = result.verdict if doubts else replace(result.verdict, doubts=())
    return ["", *_best_lines(result), "", *verdict_lines(verdict)]


def _best_lines(result: Result) -> list[str]:
    from ..playbook.metrics import EPOCH

    best, experiment = result.best, result.experiment
    if best is None:
        return ["No trial is feasible: there is no best setting."]
    value = best.best(experiment.metric, maximize=experiment.maximize)
    assert value is not None, "A best trial has a best value. This is a bug."
    values = {
        name: at_step
        for name in best.points.metrics
        if name != EPOCH and (at_step := _value_at(best, name, value.step)) is not None
    }
    return [
        f"Best: trial {best.id} ({best.study}), {experiment.metric} = {number(value.value)} "
        f"at step {value.step:,}",
        paragraph(setting_line(best.setting), indent="  setting: ", hanging="    "),
        paragraph(setting_line(values), indent="  values there: ", hanging="    "),
        *(f"  checkpoint: {path}" for path in result.best_checkpoint),
    ]


def _value_at(record: Record, metric: str, step: int) -> float | None:
    series = record.series(metric)
    values = series.values_P[series.steps_P == step]
    return float(values[0]) if len(values) else None


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(8), duration(200), duration(10_000)
    ('8 s', '3 min', '2.8 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
