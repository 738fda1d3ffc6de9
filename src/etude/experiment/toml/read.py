"""Experiment files: TOML in and out of an Experiment."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import ExperimentError, Mistake
from ...wording import nearest
from ..experiment import Experiment
from ..hyperparameter import Keys, key_steps
from ..small_file import bytes_of
from ..tables import experiment_of, intended_tables
from .limits import MAX_DEPTH, deepest_line, has_endless_key, is_too_deep, shortened
from .statements import key_lines

BYTE_ORDER_MARK = "\ufeff"  # some editors of Windows lead a file with it
_SYNTAX_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")


def read(path: Path) -> Experiment:
    """The experiment of a file, named as the file unless it says otherwise.

    What it inherits from a baseline is not in it: `baseline.read_with_baseline` reads that too.

    Raises:
        ExperimentError: with every mistake of the file, each with its line.
    """
    return loads(text_in(path), file=str(path))


def text_in(path: Path) -> str:
    """The text of a file.

    Raises:
        ExperimentError: where it cannot be read.
    """
    try:
        return bytes_of(path).decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _refusal(path, "is no UTF-8 text. Save the file as UTF-8.", line=line) from error
    except IsADirectoryError as error:
        message = "is a folder. Name an experiment file in it, for example experiment.toml."
        raise _refusal(path, message) from error
    except FileNotFoundError as error:
        near = nearest(path.name, sorted(file.name for file in path.parent.glob("*.toml")))
        way_out = f"Did you mean `{near}`?" if near else "`etude new DIR` writes a first one."
        message = f"there is no such file. {way_out}"
        raise _refusal(path, message) from error
    except OSError as error:
        message = f"cannot be read: {error.strerror}. Name an experiment file."
        if isinstance(error, PermissionError):
            message = f"cannot be read: {error.strerror}. Check its permissions."
        raise _refusal(path, message) from error


def loads(text: str, *, file: str = "", name: str = "") -> Experiment:
    """The experiment that a TOML text describes.

    Args:
        text: TOML.
        file: What mistakes name as their file.
        name: Of the experiment, if the text gives none; else the file's name without its suffix.

    Raises:
        ExperimentError: with every mistake of the text, each with its line.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    data = parsed(text, file)
    try:
        return experiment_of(data, name=name or Path(file).stem or "experiment")
    except ExperimentError as error:
        intended, lines = intended_tables(data), key_lines(text)
        lines |= {(intended.get(keys[0], keys[0]), *keys[1:]): at for keys, at in lines.items()}
        raise ExperimentError(_mistakes_with_lines(error.mistakes, lines, file)) from None


# --- reading


def _refusal(path: Path | str, message: str, *, line: int = 0) -> ExperimentError:
    return ExperimentError((Mistake(where="", message=message, file=str(path), line=line),))


def parsed(text: str, file: str) -> dict[str, Any]:
    """What a TOML text says.

    Raises:
        ExperimentError: with its line, if it is no TOML.
    """
    try:
        if not has_endless_key(text):
            data = tomllib.loads(text)
            if not is_too_deep(data):
                return data
        raise RecursionError
    except RecursionError:
        message = (
            f"nests tables or lists more than {MAX_DEPTH} deep. Look here for a bracket or a dot "
            "too many; conditions on conditions need three steps each."
        )
        raise _refusal(file, message, line=deepest_line(text)) from None
    except ValueError as error:
        place = _SYNTAX_PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        reason = _SYNTAX_PLACE.sub("", str(error))
        column = f" at column {place[2]}" if place and place[2] else ""
        message = (
            f"is no TOML: {reason[:1].lower()}{reason[1:]}{column}. Look for a missing quote, "
            "bracket or `=` here or in the line above, or for a key or table given twice."
        )
        raise _refusal(file, message, line=line) from error


def error_with_lines(error: ExperimentError, text: str, file: str) -> ExperimentError:
    """The same mistakes with the lines of the file in which they stand."""
    return ExperimentError(_mistakes_with_lines(error.mistakes, key_lines(text), file))


def _mistakes_with_lines(
    mistakes: Sequence[Mistake], lines: Mapping[Keys, int], file: str
) -> tuple[Mistake, ...]:
    in_file = [
        Mistake(
            where=mistake.where,
            message=shortened(mistake.message),
            file=file,
            line=_line(lines, mistake.where),
        )
        for mistake in mistakes
    ]
    return tuple(sorted(in_file, key=lambda mistake: mistake.line))


def _line(lines: Mapping[Keys, int], where: str) -> int:
    keys = key_steps(where)
    while keys and keys not in lines:
        keys = keys[:-1]
    return lines.get(keys, 1)
