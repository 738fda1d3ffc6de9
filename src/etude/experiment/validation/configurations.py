"""Merged studies and configurations listed by hand, and what each of them excludes.

Split: one study for each scientific setting. Merged: one study that samples the scientific values
too. Listed: the settings of each study written by hand, as `[[configurations]]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import prod
from typing import Any, TypeAlias

from ...errors import Mistake, SpaceError
from ...space import Choice, Domain, Integer, Real, Scalar, is_number, is_scalar, plain
from ..hyperparameter import Hyperparameter, table_keys
from .fields import mistake_at

Configuration: TypeAlias = Mapping[str, Scalar]

# In a row: the seed of the split of the data that this setting is trained on. It is no part of what
# the code is handed as its hyperparameters.
SPLIT_SEED = "split_seed"
# Heuristic: beyond a factor of a hundred, a linear axis shows the largest values only.
LOG_ABOVE = 100.0


def configuration_mistakes(
    given: Mapping[str, Any], hyperparameters: Sequence[Hyperparameter]
) -> list[Mistake]:
    """Every mistake about configurations and merged studies in these fields of an experiment."""
    rows = given.get("configurations", ())
    if not isinstance(rows, list | tuple):
        message = f"needs tables, found {rows!r}. Write [[configurations]] above each of them."
        return [mistake_at(["configurations"], message)]
    if rows:
        return [*_rows(rows), *_excluded(rows, given, hyperparameters)]
    mistakes = list(_merged(given, hyperparameters)) if given.get("studies") == "merged" else []
    if given.get("search") == "listed":
        message = (
            "`listed` trains settings written by hand, and there are none. Write them below "
            "[[configurations]], one table each, or leave `search` out."
        )
        mistakes.append(mistake_at(["experiment", "search"], message))
    return mistakes


def configurations(rows: Sequence[Configuration]) -> tuple[Configuration, ...]:
    """The rows as plain dicts of plain values, in their order, names sorted."""
    return tuple(
        {name: plain(value) for name, value in sorted(row.items(), key=lambda pair: pair[0])}
        for row in rows
    )


def listed_hyperparameters(rows: object) -> list[Hyperparameter]:
    """The hyperparameters of configurations listed by hand, as far as the rows can be read."""
    listed = rows if isinstance(rows, list | tuple) else []
    tables = [row for row in listed if isinstance(row, Mapping)]
    hyperparameters = []
    for name in sorted({name for row in tables for name in row if isinstance(name, str)}):
        values = [plain(row[name]) for row in tables if is_scalar(row.get(name))]
        with suppress(SpaceError):  # values that are a mistake of their own
            if values:
                hyperparameters.append(Hyperparameter(name, "nuisance", listed_domain(values)))
    return hyperparameters


def listed_domain(values: Sequence[Scalar]) -> Domain:
    """The domain that values listed by hand span: a range for numbers, else a Choice.

    >>> listed_domain([0.1, 0.001, 0.01]) == Real(0.001, 0.1, log=True)
    True
    >>> listed_domain(["relu", "gelu", "relu"]).values
    ('relu', 'gelu')
    """
    if not all(is_number(value) for value in values):
        return Choice(_distinct(values))
    numbers = sorted(float(value) for value in values)
    low, high = numbers[0], numbers[-1]
    wide = low > 0 and high >= LOG_ABOVE * low
    try:
        if all(isinstance(value, int) for value in values):
            return Integer(int(low), int(high), log=wide)
        return Real(low, high, log=wide)
    except SpaceError:  # one value only, or ends that floating point cannot span
        return Choice(_distinct(sorted(values, key=float)), ordered=True)


def _distinct(values: Sequence[Scalar]) -> list[Scalar]:
    """The values without repetitions; 1 and true are not the same, nor are 1 and 1.0."""
    distinct: dict[tuple[type, Scalar], Scalar] = {}
    for value in values:
        distinct.setdefault((type(value), value), value)
    return list(distinct.values())


# --- one merged study


def _merged(
    given: Mapping[str, Any], hyperparameters: Sequence[Hyperparameter]
) -> Iterator[Mistake]:
    # One mistake for each table of conditions, named by the first that stands in it.
    first_of: dict[tuple[str, ...], Hyperparameter] = {}
    for hyperparameter in hyperparameters:
        if hyperparameter.when:
            keys = table_keys(hyperparameter.role, hyperparameter.when)
            first_of.setdefault(keys, hyperparameter)
    for keys, hyperparameter in first_of.items():
        name, text = hyperparameter.when[-1]
        message = (
            f"`{hyperparameter.name}` exists only where `{name}` is `{text}`, but a merged study "
            'samples all scientific values over one space (R14). Write studies = "split", or let '
            "it stand without a condition."
        )
        yield mistake_at(keys, message)
    scientific = [one.value for one in hyperparameters if one.role == "scientific" and not one.when]
    values = prod(len(domain.values) for domain in scientific if isinstance(domain, Choice))
    trials = given.get("trials")
    if isinstance(trials, int) and 1 <= trials < values:
        message = (
            f"a merged study covers its scientific values evenly (R14), but {trials} trials cannot "
            f"give each of {values} one. Write at least trials = {values}; several times as many "
            "leave some for the nuisance hyperparameters."
        )
        yield mistake_at(["experiment", "trials"], message)


# --- configurations listed by hand


def _rows(rows: Sequence[Any]) -> Iterator[Mistake]:
    tables = [row for row in rows if isinstance(row, Mapping)]
    names = dict.fromkeys(name for row in tables[:1] for name in row)
    for position, row in enumerate(rows):
        where = ["configurations", str(position)]
        if not isinstance(row, Mapping) or not row:
            message = f"needs a table of values, found {row!r}. Write `name = value` below it."
            yield mistake_at(where, message)
            continue
        yield from _cells(where, row)
        missing = ", ".join(f"`{name}`" for name in names if name not in row)
        more = ", ".join(f"`{name}`" for name in row if name not in names)
        if missing or more:
            wrong = f"{missing} is missing" if missing else f"{more} is new"
            message = (
                f"every configuration names the same hyperparameters (R12), here {wrong}. "
                "Give a value in all of them, or move what never changes to [fixed]."
            )
            yield mistake_at(where, message)


def _cells(where: Sequence[str], row: Mapping[Any, Any]) -> Iterator[Mistake]:
    for name, value in row.items():
        if not isinstance(name, str) or name in ("", "when"):
            message = f"a hyperparameter's name is a text other than `when`, found {name!r}."
            yield mistake_at([*where, str(name)], f"{message} Name it.")
        elif not is_scalar(value):
            message = (
                f"a configuration takes one text, boolean or finite number, found {value!r}. "
                "Write one value; a range belongs in [nuisance], without configurations."
            )
            yield mistake_at([*where, name], message)
        elif name == SPLIT_SEED and not _is_seed(value):
            message = (
                f"`{SPLIT_SEED}` is the seed of a split of the data, a whole number from 0 on, "
                f"found {value!r}. Write for example `{SPLIT_SEED} = 1`, or name yours otherwise."
            )
            yield mistake_at([*where, name], message)


def _is_seed(value: Scalar) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _excluded(
    rows: Sequence[Any], given: Mapping[str, Any], hyperparameters: Sequence[Hyperparameter]
) -> Iterator[Mistake]:
    """What may not stand beside configurations."""
    yield from _two_roles(rows, hyperparameters)
    yield from _without_domain(rows)
    if any(one.role == "nuisance" for one in hyperparameters):
        message = (
            "settings listed by hand leave nothing to search (R12). Remove [nuisance], or remove "
            "the configurations."
        )
        yield mistake_at(["nuisance"], message)
    if given.get("studies") == "merged":
        message = (
            "a merged study samples its scientific values (R14), and configurations are not "
            'sampled. Write studies = "split", or remove the configurations.'
        )
        yield mistake_at(["experiment", "studies"], message)
    if given.get("trials") not in (None, 0, len(rows)):
        message = (
            f"a study of {len(rows)} configurations has as many trials, found {given['trials']!r}. "
            "Leave `trials` out."
        )
        yield mistake_at(["experiment", "trials"], message)


def _two_roles(rows: Sequence[Any], hyperparameters: Sequence[Hyperparameter]) -> Iterator[Mistake]:
    paths = {one.name: one.path for one in hyperparameters if one.role != "nuisance"}
    for position, name in _first_named(rows):
        if name in paths:
            message = (
                f"a hyperparameter has one role at a time (R4), but `{name}` also stands at "
                f"`{paths[name]}`. Remove one of the two."
            )
            yield mistake_at(["configurations", str(position), name], message)


def _without_domain(rows: Sequence[Any]) -> Iterator[Mistake]:
    """Values of one name that no domain can hold together, such as 1 and "1"."""
    for position, name in _first_named(rows):
        cells = [row[name] for row in rows if isinstance(row, Mapping) and name in row]
        try:
            listed_domain([plain(cell) for cell in cells if is_scalar(cell)] or [0])
        except SpaceError as error:
            yield mistake_at(["configurations", str(position), name], str(error))


def _first_named(rows: Sequence[Any]) -> list[tuple[int, str]]:
    """Every name with the position of the first row that has it."""
    positions: dict[str, int] = {}
    for position, row in enumerate(rows):
        for name in row if isinstance(row, Mapping) else ():
            if isinstance(name, str) and name:
                positions.setdefault(name, position)
    return [(position, name) for name, position in positions.items()]
