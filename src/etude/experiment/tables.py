"""An experiment as the tables of its file, in plain data: what TOML says, without its text."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from ..errors import ExperimentError, Mistake, SpaceError
from ..space import Choice, Domain, Integer, Real, Scalar
from ..wording import did_you_mean, nearest
from .experiment import Experiment
from .hyperparameter import ROLES, Role, key_path
from .methods import KINDS
from .resources import table_of
from .validation import mistakes

# Tables beside [experiment].
_OPTIONAL_TABLES = ("names", "configurations", "resources", "track")
TABLES_OF_THEIR_OWN = (*ROLES, *_OPTIONAL_TABLES)
# In the tables [search] and [schedule].
_OPTION_FIELDS = tuple(f"{kind}_options" for kind in KINDS)
FIELDS = {
    field.name: field
    for field in fields(Experiment)
    if field.name not in (*TABLES_OF_THEIR_OWN, *_OPTION_FIELDS)
}
_REQUIRED = {
    "metric": 'metric = "valid/error"',
    "max_steps": "max_steps = 2000",
    "trials": "trials = 20",
}
_TABLES = ("experiment", *TABLES_OF_THEIR_OWN, *KINDS)
# Of a file's name too long for a folder's, so much is proposed.
_FIT = 60
_RANGE = ("low", "high", "integer", "log", "scale", "limits")
_LIST = ("values", "ordered")
_KEYS = (*_RANGE, *_LIST, "units")


# --- from an experiment to its tables


def tables_of(experiment: Experiment) -> dict[str, Any]:
    """The tables of a file that describes this experiment, defaults left out.

    `experiment_of` gives the experiment back as it was.
    """
    own: dict[str, Any] = {"name": experiment.name}
    for key, field in FIELDS.items():
        value = getattr(experiment, key)
        has_table = key in KINDS and getattr(experiment, f"{key}_options")
        if key != "name" and value != field.default and not has_table:
            own[key] = value
    tables: dict[str, Any] = {"experiment": own}
    for kind in KINDS:
        if options := getattr(experiment, f"{kind}_options"):
            tables[kind] = {"name": getattr(experiment, kind), **options}
    for key in TABLES_OF_THEIR_OWN:
        value = getattr(experiment, key)
        if value := table_of(value) if key == "resources" else value:
            tables[key] = value
    return {key: plain_value(table) for key, table in tables.items()}


def plain_value(value: Domain | Scalar | Sequence[Any] | Mapping[str, Any]) -> Any:
    """A value as TOML holds it: a range is a table, a choice a list or, with more to say, a table.

    >>> plain_value(Integer(1, 64, log=True))
    {'low': 1, 'high': 64, 'integer': True, 'log': True}
    """
    if isinstance(value, Real | Integer | Choice):
        value = _domain_table(value)
    if isinstance(value, Mapping):
        return {key: plain_value(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain_value(inner) for inner in value]
    return value


def _domain_table(domain: Domain) -> Mapping[str, Any] | Sequence[Scalar]:
    """The keys of a domain; of a choice with nothing more to say, its values."""
    units = {"units": domain.units} if domain.units else {}
    if isinstance(domain, Choice):
        ordered = {"ordered": True} if domain.ordered else {}
        more = ordered | units
        return {"values": domain.values, **more} if more else domain.values
    table: dict[str, Any] = {"low": domain.low, "high": domain.high}
    if isinstance(domain, Integer):
        table["integer"] = True
    if domain.scale == "log":
        table["log"] = True
    elif domain.scale != "linear":
        table["scale"] = domain.scale
    return table | units | ({"limits": domain.limits} if domain.limits else {})


# --- from tables to their experiment


def experiment_of(data: Mapping[str, Any], *, name: str = "experiment") -> Experiment:
    """The experiment that the tables of a file describe.

    Args:
        data: What TOML says.
        name: Of the experiment, if the tables give none.

    Raises:
        ExperimentError: with every mistake, none of which knows its line.
    """
    intended = intended_tables(data)
    tables = {intended.get(key, key): value for key, value in data.items()}
    values = _values_of_fields(tables)
    values.setdefault("name", name)
    # A number that no float holds cannot even be shown: nothing else is asked of such a file.
    problems = _too_large(data) or [
        *_unknown(data, tables),
        *_missing(tables),
        *_named_twice(tables),
        *(_in_its_table(mistake, tables) for mistake in mistakes(values)),
    ]
    if "name" not in _table(tables.get("experiment")):
        problems = [_of_file(mistake, values["name"]) for mistake in problems]
    if problems:
        raise ExperimentError(tuple(problems))
    return Experiment(**values)


def intended_tables(data: Mapping[str, Any]) -> dict[str, str]:
    """Misspelt tables by what they mean, so that one slip is not reported as many."""
    near = {key: nearest(key, _TABLES) for key in data if key not in _TABLES}
    return {key: table for key, table in near.items() if table and table not in data}


def _values_of_fields(tables: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an experiment as the file has them, domains built or failed."""
    own = _table(tables.get("experiment", {}))
    values = {key: value for key, value in own.items() if key in FIELDS}
    values |= {key: tables[key] for key in _OPTIONAL_TABLES if key in tables}
    for kind in KINDS:
        if isinstance(table := tables.get(kind), Mapping):
            values[kind] = table.get("name", "")
            values[f"{kind}_options"] = {key: one for key, one in table.items() if key != "name"}
    return values | {role: _members(role, tables[role]) for role in ROLES if role in tables}


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
        return _domain_of(value)
    except SpaceError as error:
        return error


def _domain_of(table: Mapping[str, Any]) -> Domain:
    if any(isinstance(value, Mapping) for value in table.values()):
        raise SpaceError(
            "a range or a list holds no tables. Conditions stand below `when`: "
            "[nuisance.when.NAME.VALUE]. A name that has dots needs quotes: "
            f'"NAME.{next(iter(table))}" = ...'
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
    unknown = []
    for key, value in data.items():
        if key in FIELDS and not (key in KINDS and isinstance(value, Mapping)):
            message = f"`{key}` stands outside of every table. Put it below [experiment]."
            unknown.append(Mistake(where=key_path([key]), message=message))
        elif key not in _TABLES:
            message = f"an experiment file has no table `{key}`. {did_you_mean(key, _TABLES)}"
            unknown.append(Mistake(where=key_path([key]), message=message))
        elif key == "experiment" and not isinstance(value, Mapping):
            message = f"needs a table, found {value!r}. Write [experiment] above its keys."
            unknown.append(Mistake(where="experiment", message=message))
    for key in _table(tables.get("experiment")):
        if key not in FIELDS:
            near = did_you_mean(key, list(FIELDS))
            message = f"[experiment] has no key `{key}`. {near}"
            unknown.append(Mistake(where=key_path(["experiment", key]), message=message))
    return unknown


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


def _named_twice(tables: Mapping[str, Any]) -> list[Mistake]:
    """A mistake for a search or a schedule that [experiment] names and that has a table too."""
    own = _table(tables.get("experiment"))
    return [
        Mistake(
            where=key_path(["experiment", kind]),
            message=f"[{kind}] names the {kind} as well. Keep one of the two: options need the "
            "table.",
        )
        for kind in KINDS
        if kind in own and isinstance(tables.get(kind), Mapping)
    ]


def _in_its_table(mistake: Mistake, tables: Mapping[str, Any]) -> Mistake:
    """The mistake where it stands: a search named in [search] is not below [experiment]."""
    for kind in KINDS:
        if mistake.where == f"experiment.{kind}" and isinstance(tables.get(kind), Mapping):
            return replace(mistake, where=kind if "name" not in tables[kind] else f"{kind}.name")
    return mistake


def _of_file(mistake: Mistake, name: str) -> Mistake:
    """The mistake; or, where it is about the name that the file lends, one that says so."""
    if mistake.where != "experiment.name":
        return mistake
    fit = re.sub(r"[^A-Za-z0-9._-]+", "-", name[:_FIT]).strip("-._") or "experiment"
    message = (
        f"the name is the file's, {name!r}, and names a folder too, so it takes letters, digits, "
        f'`.`, `_` and `-`. Write for example `name = "{fit}"` below [experiment].'
    )
    return Mistake(where="experiment", message=message)


def _too_large(data: Mapping[str, Any]) -> list[Mistake]:
    """A mistake for each whole number beyond what a float holds."""
    return [
        Mistake(where=key_path(keys), message="needs a number below 1.8e308. Take a smaller one.")
        for keys, value in _plain_values(data, ())
        if isinstance(value, int) and abs(value) > sys.float_info.max
    ]


def _plain_values(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _plain_values(inner, (*keys, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _plain_values(inner, keys)
    else:
        yield keys, value


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
