"""Experiment files: TOML in and out of an Experiment."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import ExperimentError, Mistake, SpaceError
from ...space import Choice, Domain, Integer, Real
from ...wording import did_you_mean, nearest
from ..hyperparameter import ROLES, Role, key_path, key_steps
from ..methods import KINDS, from_tables, in_its_table, twice
from ..model import Experiment
from ..validation import mistakes
from .limits import (
    MAX_DEPTH,
    deepest_line,
    has_endless_key,
    is_too_deep,
    shortened,
    too_large,
)
from .statements import Keys, key_lines
from .write import FIELDS, TABLES_OF_THEIR_OWN

_REQUIRED = {
    "metric": 'metric = "valid/error"',
    "max_steps": "max_steps = 2000",
    "trials": "trials = 20",
}
_TABLES = ("experiment", *TABLES_OF_THEIR_OWN, *KINDS)
_RANGE = ("low", "high", "integer", "log", "scale", "limits")
_LIST = ("values", "ordered")
_KEYS = (*_RANGE, *_LIST, "units")
BYTE_ORDER_MARK = "\ufeff"  # some editors of Windows lead a file with it
_SYNTAX_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")


def read(path: Path) -> Experiment:
    """The experiment of a file, named as the file unless it says otherwise.

    What it inherits from a baseline is not in it: `baseline.opened` reads that too.

    Raises:
        ExperimentError: with every mistake of the file, each with its line.
    """
    return loads(text_of(path), file=str(path))


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        ExperimentError: where it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise _refusal(path, "is no UTF-8 text. Save the file as UTF-8.", line=line) from error
    except IsADirectoryError as error:
        message = "is a folder. Name an experiment file in it, for example experiment.toml."
        raise _refusal(path, message) from error
    except FileNotFoundError as error:
        near = nearest(path.name, sorted(each.name for each in path.parent.glob("*.toml")))
        way_out = f"Did you mean `{near}`?" if near else "`etude new DIR` writes a first one."
        message = f"there is no such file. {way_out}"
        raise _refusal(path, message) from error
    except OSError as error:
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
    meant = _meant(data)
    tables = {meant.get(key, key): value for key, value in data.items()}
    given = _given(tables)
    given.setdefault("name", name or Path(file).stem or "experiment")
    # A number that no float holds cannot even be shown: nothing else is asked of such a file.
    unfit = [*_unknown(data, tables), *_missing(tables), *twice(tables)]
    found = too_large(data) or unfit + [in_its_table(each, tables) for each in mistakes(given)]
    if "name" not in _table(tables.get("experiment")):
        found = [_of_file(one, given["name"]) for one in found]
    if found:
        lines = key_lines(text)
        lines |= {(meant.get(keys[0], keys[0]), *keys[1:]): line for keys, line in lines.items()}
        raise ExperimentError(_placed(found, lines, file))
    return Experiment(**given)


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


def _meant(data: Mapping[str, Any]) -> dict[str, str]:
    """Misspelt tables by what they mean, so that one slip is not told as many."""
    near = {key: nearest(key, _TABLES) for key in data if key not in _TABLES}
    return {key: table for key, table in near.items() if table and table not in data}


def _given(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an experiment as the file has them, domains built or failed."""
    table = data.get("experiment", {})
    given = {key: value for key, value in _table(table).items() if key in FIELDS}
    given |= {key: data[key] for key in ("configurations",) if key in data} | from_tables(data)
    return given | {role: _members(role, data[role]) for role in ROLES if role in data}


def _members(role: Role, members: object) -> Any:
    if not isinstance(members, Mapping):
        return members
    return {
        name: _conditional(role, value) if name == "when" else _domain(role, value)
        for name, value in members.items()
    }


def _conditional(role: Role, tables: object) -> Any:
    if not isinstance(tables, Mapping):
        return tables
    return {
        name: {text: _members(role, inner) for text, inner in by_value.items()}
        if isinstance(by_value, Mapping)
        else by_value
        for name, by_value in tables.items()
    }


def _domain(role: Role, value: object) -> object:
    if role == "fixed" or not isinstance(value, Mapping):
        return value
    try:
        return _built(value)
    except SpaceError as error:
        return error


def _built(table: Mapping[str, Any]) -> Domain:
    if any(isinstance(value, Mapping) for value in table.values()):
        raise SpaceError(
            "a range or a list holds no tables. Conditions stand below `when`: "
            "[nuisance.when.NAME.VALUE]."
        )
    unknown = [key for key in table if key not in _KEYS]
    if unknown:
        near = [f"has no key `{key}`. {did_you_mean(key, _KEYS)}" for key in unknown]
        raise SpaceError(f"a range or a list {' It '.join(near)}")
    needed = ("values",) if any(key in table for key in _LIST) else ("low", "high")
    missing = [key for key in needed if key not in table]
    if missing:
        raise SpaceError(
            "a range needs `low` and `high`, a list needs `values`; "
            f"`{'` and `'.join(missing)}` is missing. Add it."
        )
    if "values" in needed and any(key in table for key in _RANGE):
        raise SpaceError(
            "a range has `low` and `high`, a list has `values`; found keys of both. Keep one kind."
        )
    options = dict(table)
    if "values" in needed:
        return Choice(options.pop("values"), **options)
    whole = options.pop("integer", False)
    if not isinstance(whole, bool):
        raise SpaceError(f"`integer` needs true or false, found {whole!r}. Write integer = true.")
    kind = Integer if whole else Real
    return kind(options.pop("low"), options.pop("high"), **options)


def _unknown(data: Mapping[str, Any], tables: Mapping[str, Any]) -> list[Mistake]:
    found = []
    for key, value in data.items():
        if key in FIELDS and not (key in KINDS and isinstance(value, Mapping)):
            message = f"`{key}` stands outside of every table. Put it below [experiment]."
            found.append(Mistake(where=key_path([key]), message=message))
        elif key not in _TABLES:
            message = f"an experiment file has no table `{key}`. {did_you_mean(key, _TABLES)}"
            found.append(Mistake(where=key_path([key]), message=message))
        elif key == "experiment" and not isinstance(value, Mapping):
            message = f"needs a table, found {value!r}. Write [experiment] above its keys."
            found.append(Mistake(where="experiment", message=message))
    for key in _table(tables.get("experiment")):
        if key not in FIELDS:
            near = did_you_mean(key, list(FIELDS))
            message = f"[experiment] has no key `{key}`. {near}"
            found.append(Mistake(where=key_path(["experiment", key]), message=message))
    return found


def _missing(data: Mapping[str, Any]) -> list[Mistake]:
    table = data.get("experiment", {})
    if not isinstance(table, Mapping):
        return []
    written = {nearest(key, list(FIELDS)) for key in table if key not in FIELDS} | set(data)
    return [
        Mistake(where="experiment", message=f"`{key}` is required. Write for example `{example}`.")
        for key, example in _REQUIRED.items()
        if key not in table
        and key not in written
        and not (key == "trials" and data.get("configurations"))
    ]


def _of_file(mistake: Mistake, name: str) -> Mistake:
    """The mistake; or, where it is about the name that the file lends, one that says so."""
    if mistake.where != "experiment.name":
        return mistake
    fit = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._") or "experiment"
    message = (
        f"the name is the file's, {name!r}, and names a folder too, so it takes letters, digits, "
        f'`.`, `_` and `-`. Write for example `name = "{fit}"` below [experiment].'
    )
    return Mistake(where="experiment", message=message)


def placed(error: ExperimentError, text: str, file: str) -> ExperimentError:
    """The same mistakes with the lines of the file in which they stand."""
    return ExperimentError(_placed(error.mistakes, key_lines(text), file))


def _placed(found: Sequence[Mistake], lines: Mapping[Keys, int], file: str) -> tuple[Mistake, ...]:
    placed = [
        Mistake(
            where=one.where, message=shortened(one.message), file=file, line=_line(lines, one.where)
        )
        for one in found
    ]
    return tuple(sorted(placed, key=lambda one: one.line))


def _line(lines: Mapping[Keys, int], where: str) -> int:
    keys = key_steps(where)
    while keys and keys not in lines:
        keys = keys[:-1]
    return lines.get(keys, 1)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


# --- writing
