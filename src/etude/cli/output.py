"""What commands print and write: answers as lines, JSON or CSV, files, and errors."""

from __future__ import annotations

import json as json_format
import math
import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from ..disk.file import is_blank, write_whole
from ..errors import EtudeError, ExperimentError, InputError, RunError, TrainError
from ..text import signs
from ..wording import FULL_DIGITS, number, sentence_case, shortened
from .terminal import bold, dim, say, say_plain, unwritable

if TYPE_CHECKING:
    from ..advise.ending import Ending
    from ..finding import Finding
    from ..round.result import Result

# The form of what is said: more lines, or words of one, are not read.
_MOST_SHOWN = 3
_SENTENCE_WORDS = 20
_RULE = re.compile(r"\b[A-Z]\d{1,2}\b")


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
        say(line)


def print_json(content: Mapping[str, Any]) -> None:
    """Prints JSON: no NaN in it, for JSON has none; signs that act or hide as their numbers."""
    text = json_format.dumps(plain(content), indent=2, allow_nan=False, ensure_ascii=False)
    say_plain(signs.escaped(text, lambda sign: json_format.dumps(sign)[1:-1]))


def plain(value: Any) -> Any:
    """The same as JSON knows it: mappings, lists, text and finite numbers; others become null."""
    if isinstance(value, Mapping):
        return {signs.storable(str(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return signs.storable(value) if isinstance(value, str) else value


def _save_csv(text: str, path: Path, rows: str) -> None:
    if str(path) == "-":
        say_plain(text, nl=False)
        return
    write_file(path, text)
    say(f"Wrote {rows} to {path}")


# --- errors


def exit_code(error: EtudeError) -> int:
    """2 where the input is wrong, 3 where the user's own code stopped the run."""
    return 3 if isinstance(error, TrainError) else 2


def as_etude_error(error: EtudeError | OSError) -> EtudeError:
    """The error; of a file or a folder that was named, in words, where no command has better ones.

    Raises:
        OSError: the same, where it names no file: a bug of ours, or of the machine.
    """
    if isinstance(error, EtudeError):
        return error
    if known := unwritable(error):
        return known
    if error.filename is None:
        raise error
    return InputError(f"`{os.fsdecode(error.filename)}` cannot be used: {error.strerror}.")


def print_error(error: EtudeError) -> None:
    """Says what is wrong on standard error; the user's own traceback where their code raised it."""
    if isinstance(error, TrainError) and error.user_traceback:
        say(f"{error.user_traceback}\n", err=True)
    if isinstance(error, ExperimentError) and len(error.mistakes) > 1:
        say(f"{len(error.mistakes)} mistakes:", err=True)
    say(error.summary if isinstance(error, TrainError) else str(error), err=True)


# --- files


def write_file(path: Path, text: str) -> None:
    """Writes a file that the user named.

    Raises:
        RunError: where it cannot be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        raise RunError(
            f"`{path}` cannot be written ({error.strerror}). Name another file."
        ) from error


def write_new_file(path: Path, text: str, *, named: bool = True) -> str:
    """Writes a file that nobody has edited; what to say behind its name.

    One with nothing in it is what a power cut left, and is written again.

    Args:
        path: The file.
        text: What it holds.
        named: Whether the command has the option -o, which names another.

    Raises:
        RunError: where it cannot be written, or somebody's own words stand there.
    """
    from ..experiment.small_file import holds

    try:
        if not path.is_file() or is_blank(path):
            write_whole(path, text)
            return ""
        if holds(path, text):
            return " (as written before)"
    except OSError as error:
        raise RunError(
            f"`{path}` cannot be written ({error.strerror})." + " Name another with -o." * named
        ) from error
    raise RunError(
        f"`{path}` exists already and says something else, so nothing was written. "
        + ("Name another file with -o, or remove it." if named else "Remove or rename it.")
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
    return textwrap.fill(
        text,
        _width(),
        initial_indent=indent,
        subsequent_indent=hanging or indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _width() -> int:
    return min(shutil.get_terminal_size().columns, 110)


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, each column as wide as its widest cell, the last one left ragged."""
    cells = [[signs.line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def setting_line(setting: Mapping[str, Any], digits: int = FULL_DIGITS) -> str:
    """A setting on one line."""
    pairs = [f"{name} = {number(value, digits)}" for name, value in setting.items()]
    return ", ".join(map(signs.line, pairs))


def sound(result: Result, file: Path, store: str | None) -> Result:
    """The result itself.

    Raises:
        TrainError: where an error of the code or the machine ended most of a study.
    """
    from ..round.retry import refuse_code_failures

    again = f"etude run {shlex.quote(str(file))} --retry-errors{store_option(store)}"
    refuse_code_failures(result, again=again)
    return result


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


def ending_lines(ending: Ending) -> list[str]:
    """An ending as lines: verdict, table, why not yet, what next, with a line between them."""
    parts = (
        [headline(ending)],
        [*table_part(ending), *best_lines(ending)],
        why_lines(ending),
        step_lines(ending),
    )
    return [line for part in parts if part for line in ("", *part)]


def headline(ending: Ending) -> str:
    """The word of a verdict, and its line."""
    return paragraph(f"{bold(ending.word)}  {ending.line}")


def table_part(ending: Ending) -> list[str]:
    """The table, a little to the right."""
    return [f"  {line}" for line in table_lines(ending.table)] if ending.table else []


def best_lines(ending: Ending) -> list[str]:
    """The best setting, and where it is kept."""
    return [paragraph(line, indent="  ", hanging="    ") for line in ending.best]


def why_lines(ending: Ending) -> list[str]:
    """The reasons with their rules at the right edge; then how many more there are, and where."""
    if not (ending.reasons or ending.hidden):
        return []
    lines = [(reason.text, reason.rules) for reason in ending.first_reasons]
    more = [f"  {ending.hidden} more: {ending.more}"] if ending.hidden else []
    return [f"{ending.why}:", *ruled_lines(lines), *more]


def step_lines(ending: Ending) -> list[str]:
    """What to do next, the first thing first; commands stand in a column."""
    if not ending.steps:
        return []
    width = max(len(step.command) for step in ending.steps)
    lines = []
    for step in ending.steps:
        cost = f" ({step.cost})" if step.cost else ""
        command = f"{step.command.ljust(width)}  " if step.command else ""
        hanging = "  " + " " * len(command)
        lines.append(paragraph(f"{command}{step.text}{cost}", indent="  ", hanging=hanging))
    return ["Next, most telling first:" if len(lines) > 1 else "Next:", *lines]


def ruled_lines(lines: Sequence[tuple[str, Sequence[str]]], indent: str = "  ") -> list[str]:
    """Lines with the ids of their rules at the right edge, dim where a terminal can."""
    if not sys.stdout.isatty():
        width = max((len(text) for text, _ in lines), default=0)
        return [f"{indent}{text.ljust(width)}  {rule_ids(rules)}".rstrip() for text, rules in lines]
    width = _width()
    ruled = []
    for text, rules in lines:
        ids = rule_ids(rules)
        wrapped = textwrap.wrap(
            text,
            width - len(ids) - 2,
            initial_indent=indent,
            subsequent_indent=f"{indent}  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        edge = " " * max(2, width - len(wrapped[0]) - len(ids))
        ruled += [f"{wrapped[0]}{edge}{dim(ids)}" if ids else wrapped[0]]
        ruled += wrapped[1:]
    return ruled


def rule_ids(rules: Sequence[str]) -> str:
    """Rules as they stand at the edge of a line: three, and how many more."""
    more = f" +{len(rules) - 3}" if len(rules) > 3 else ""
    return f"{', '.join(rules[:3])}{more}"


def shown(sentences: Sequence[str]) -> list[str]:
    """The first sentences in few words, their rules apart, and how many more the JSON has."""
    lines = ruled_lines([apart(sentence) for sentence in sentences[:_MOST_SHOWN]])
    more = len(sentences) - _MOST_SHOWN
    return [*lines, f"  {more} more: --json"] if more > 0 else lines


def apart(sentence: str) -> tuple[str, tuple[str, ...]]:
    """A sentence in few words, and the rules that stand in it."""
    rules = tuple(dict.fromkeys(_RULE.findall(sentence)))
    bare = re.sub(r"^[A-Z]\d{1,2}: ", "", sentence)
    bare = re.sub(r" ?\((?:[A-Z]\d{1,2}(?:, )?)+\)", "", bare)
    return sentence_case(shortened(bare, _SENTENCE_WORDS)), rules


def checkpoint_lines(result: Result) -> list[str]:
    """Where the best checkpoint is, if there is one."""
    return [f"  Its checkpoint: {path}" for path in result.best_checkpoint]


def judged_lines(result: Result) -> list[str]:
    """That another metric judges the trials than the one they were trained by; else nothing."""
    if result.trained is None:
        return []
    now, then = result.experiment, result.trained
    return [
        f"Judged by `{now.metric}` ({now.objective.better} is better), run by `{then.metric}`. "
        "Nothing was trained again."
    ]


def hidden_test_lines(result: Result) -> list[str]:
    """That values on test data are recorded and not shown; nothing where there are none."""
    names = result.test_metrics
    if not names or result.shows_test:
        return []
    listed = ", ".join(f"`{name}`" for name in names)
    return [paragraph(f"Not shown, since they are of test data (X3): {listed}. --test shows them.")]
