"""The searches and schedules by name, and what each may be told.

Literals: an experiment is checked without loading any of them; tests hold them to the registries
and to the arguments that each takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from ..errors import Mistake
from ..space import Choice, is_number, is_scalar, plain
from ..wording import did_you_mean
from .hyperparameter import Hyperparameter, key_path

Options: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[object], str]

KINDS = ("search", "schedule")
# As many trials as an experiment may have.
MAX_GRID = 1_000_000


# --- what one option may hold: a sentence about what is wrong, or nothing


def whole(low: int, example: int) -> Check:
    """A check of whole numbers from `low` on."""

    def check(given: object) -> str:
        value = plain(given)
        if isinstance(value, int) and not isinstance(value, bool) and value >= low:
            return ""
        return f"needs a whole number, {low} or more, found {given!r}. Write for example {example}."

    return check


def within(low: float, high: float, example: float) -> Check:
    """A check of numbers from `low` to `high`, both included."""

    def check(given: object) -> str:
        if is_number(given) and low <= given <= high:
            return ""
        between = f"{low:g} or more" if high == math.inf else f"from {low:g} to {high:g}"
        return f"needs a number {between}, found {given!r}. Write for example {example:g}."

    return check


def _points(value: object) -> str:
    check = whole(1, 5)
    if not isinstance(value, Mapping):
        return check(value)
    wrong = [f"`{name}` {message}" for name, one in value.items() if (message := check(one))]
    return " ".join(wrong)


def _eta(value: object) -> str:
    if is_number(value) and value >= 2:
        return ""
    return (
        f"lets 1 / eta of the trials go on at each rung, so it needs 2 or more, found {value!r}. "
        "Write for example 3."
    )


def _factor(value: object) -> str:
    if is_number(value) and value > 1:
        return ""
    return (
        f"multiplies or divides a value, so it needs a number above 1, found {value!r}. "
        "Write for example 1.2."
    )


def _changes(value: object) -> str:
    example = "Write for example [{ step = 100, learning_rate = 0.01 }]."
    if not isinstance(value, list | tuple) or not value:
        return f"needs a list of changes, each with its step, found {value!r}. {example}"
    steps: list[Any] = [one.get("step") if isinstance(one, Mapping) else None for one in value]
    if any(whole(1, 1)(step) for step in steps):
        return f"needs a whole `step`, 1 or more, in each change, found {value!r}. {example}"
    if any(not is_scalar(each) for one in value for each in one.values()):
        return f"takes one text, boolean or number for each name, found {value!r}. {example}"
    if sorted(set(steps)) != steps:
        return f"needs rising steps, found {', '.join(map(str, steps))}. Put them in order."
    return ""


SEARCHES: dict[str, dict[str, Check]] = {
    "quasi_random": {},
    "random": {},
    "grid": {"points": _points},
    "listed": {},
    "imported": {},
    "bayesian": {"start": within(0.0, 1.0, 0.25)},
}
SCHEDULES: dict[str, dict[str, Check]] = {
    "asha": {"eta": _eta, "min_steps": whole(1, 100), "brackets": whole(1, 2)},
    "pbt": {
        "interval": whole(1, 100),
        "quantile": within(0.0, 0.5, 0.25),
        "resample": within(0.0, 1.0, 0.25),
        "factor": _factor,
    },
    "replay": {"changes": _changes},
}
METHODS = {"search": SEARCHES, "schedule": SCHEDULES}
# Searches that learn from results, and those whose points are no samples of a space: neither
# covers the scientific values of a merged study evenly.
ADAPTIVE = ("bayesian",)
UNSAMPLED = ("grid", "listed")
# Schedules that go on from checkpoints and from nothing else.
FROM_CHECKPOINTS = ("pbt", "replay")


# --- an experiment's fields


def method_mistakes(given: Mapping[str, Any], flattened: Sequence[Hyperparameter]) -> list[Mistake]:
    """Every mistake about the search and the schedule in these fields of an experiment."""
    found = [mistake for kind in KINDS for mistake in _method(kind, given)]
    return found or [*_searching(given, flattened), *_scheduling(given, flattened)]


def from_tables(tables: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the tables [search] and [schedule] of a file give."""
    given: dict[str, Any] = {}
    for kind in KINDS:
        if isinstance(table := tables.get(kind), Mapping):
            given[kind] = table.get("name", "")
            given[f"{kind}_options"] = {key: one for key, one in table.items() if key != "name"}
    return given


def in_its_table(mistake: Mistake, tables: Mapping[str, Any]) -> Mistake:
    """The mistake where it stands: a search named in [search] is not below [experiment]."""
    for kind in KINDS:
        if mistake.where == f"experiment.{kind}" and isinstance(tables.get(kind), Mapping):
            return replace(mistake, where=kind if "name" not in tables[kind] else f"{kind}.name")
    return mistake


def twice(tables: Mapping[str, Any]) -> list[Mistake]:
    """A search or a schedule that is named in [experiment] and has a table too."""
    experiment = tables.get("experiment")
    named = experiment if isinstance(experiment, Mapping) else {}
    return [
        _mistake(
            ["experiment", kind],
            f"[{kind}] names the {kind} as well. Keep one of the two: options need the table.",
        )
        for kind in KINDS
        if kind in named and isinstance(tables.get(kind), Mapping)
    ]


def plain_options(options: Options) -> dict[str, Any]:
    """Options in Python's own types, lists as tuples: what a file gives back as it was."""
    return {name: _plain(value) for name, value in options.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain_options(value)
    return (
        tuple(_plain(each) for each in value) if isinstance(value, list | tuple) else plain(value)
    )


def _method(kind: str, given: Mapping[str, Any]) -> Iterator[Mistake]:
    name = given.get(kind, "quasi_random" if kind == "search" else None)
    options = given.get(f"{kind}_options") or {}
    if name is None and kind == "schedule" and not options:
        return
    if not isinstance(name, str) or name not in METHODS[kind]:
        yield _mistake(["experiment", kind], _unnamed(kind, name))
    elif not isinstance(options, Mapping):
        message = f'needs a table of options, found {options!r}. Write name = "{name}" below it.'
        yield _mistake([kind], message)
    else:
        yield from _options(kind, name, options)


def _unnamed(kind: str, name: object) -> str:
    """Why this names no search, or no schedule."""
    known = list(METHODS[kind])
    if name is None or name == "":
        listed = ", ".join(f"`{one}`" for one in known)
        return f"needs the name of a {kind}, found none. Known: {listed}."
    other = KINDS[1 - KINDS.index(kind)]
    if name in METHODS[other]:
        return f'names no {kind}: `{name}` is a {other}. Write {other} = "{name}".'
    return f"names no {kind}, found {name!r}. {did_you_mean(str(name), known)}"


def _options(kind: str, name: str, options: Options) -> Iterator[Mistake]:
    known = METHODS[kind][name]
    for key, value in options.items():
        if key not in known:
            has = did_you_mean(str(key), list(known)) if known else "It takes no options."
            yield _mistake([kind, str(key)], f"`{name}` has no option `{key}`. {has}")
        elif message := known[key](value):
            yield _mistake([kind, key], message)


def _searching(given: Mapping[str, Any], flattened: Sequence[Hyperparameter]) -> Iterator[Mistake]:
    search = given.get("search", "quasi_random")
    if search == "grid":
        points = (given.get("search_options") or {}).get("points")
        yield from _axes(points, [one for one in flattened if one.role == "nuisance"])
    if given.get("studies") == "merged" and search in (*ADAPTIVE, *UNSAMPLED):
        message = (
            "a merged study deals its scientific values evenly to sampled points (R14), which "
            f'`{search}` does not give. Write search = "quasi_random", or studies = "split".'
        )
        yield _mistake(["experiment", "search"], message)
    if given.get("configurations") and given.get("search_options"):
        message = (
            "settings listed by hand leave nothing to search (R12). Remove [search], or remove "
            "the configurations."
        )
        yield _mistake(["search"], message)


def _axes(points: object, nuisance: Sequence[Hyperparameter]) -> Iterator[Mistake]:
    """Axes that are not there, that cannot have points, or too many points in all."""
    ranges = {one.name for one in nuisance if not isinstance(one.value, Choice)}
    for name in points if isinstance(points, Mapping) else ():
        if name not in ranges:
            has = did_you_mean(str(name), sorted(ranges))
            message = f"gives points to a nuisance range, found `{name}`. {has}"
            if any(one.name == name for one in nuisance):
                message = f"`{name}` is a list, and a grid has all of its values. Leave it out."
            yield _mistake(["search", "points", str(name)], message)
    conditions = {one.when for one in nuisance}
    for when in conditions:
        here = [one for one in nuisance if set(one.when) <= set(when)]
        size = math.prod(_size(one, points) for one in here)
        if size > MAX_GRID:
            message = (
                f"the grid would have {size:,} points, and {MAX_GRID:,} is the most. Above two "
                'dimensions random points serve better (Q9): write search = "quasi_random", or '
                "give fewer points or axes."
            )
            yield _mistake(["search", "points"], message)
            return


def _size(one: Hyperparameter, points: object) -> int:
    if isinstance(one.value, Choice):
        return len(one.value.values)
    count = points.get(one.name, 1) if isinstance(points, Mapping) else points or 1
    return int(plain(count))


def _unknown(
    rows: Sequence[Mapping[str, Any]],
    flattened: Sequence[Hyperparameter],
    configurations: Sequence[Any],
) -> Iterator[Mistake]:
    """Changes of hyperparameters that are not there."""
    listed = {name for row in configurations if isinstance(row, Mapping) for name in row}
    known = {one.name for one in flattened} | listed
    for name in dict.fromkeys(name for row in rows for name in row):
        if name not in known | {"step"}:
            has = did_you_mean(str(name), sorted(known))
            message = f"changes a hyperparameter that there is, found `{name}`. {has}"
            yield _mistake(["schedule", "changes"], message)


def _scheduling(given: Mapping[str, Any], flattened: Sequence[Hyperparameter]) -> Iterator[Mistake]:
    schedule, options = given.get("schedule"), given.get("schedule_options") or {}
    max_steps, trials = given.get("max_steps"), given.get("trials")
    for key in ("min_steps", "interval"):
        if isinstance(max_steps, int) and key in options and plain(options[key]) >= max_steps:
            message = (
                f"leaves nothing to decide before the end: {options[key]} steps of max_steps = "
                f"{max_steps}. Write at most half of it."
            )
            yield _mistake(["schedule", key], message)
    steps = [one["step"] for one in options.get("changes", ())]
    if isinstance(max_steps, int) and [step for step in steps if step >= max_steps]:
        message = (
            f"needs steps before the end, found {', '.join(map(str, steps))} of max_steps = "
            f"{max_steps}. Leave out what comes later."
        )
        yield _mistake(["schedule", "changes"], message)
    if schedule == "replay" and not options:
        message = (
            "a replay needs its changes. Write them below [schedule]; `etude next --replay` writes "
            "those that a population found."
        )
        yield _mistake(["experiment", "schedule"], message)
    listed = given.get("configurations", ())
    rows = listed if isinstance(listed, Sequence) else ()  # anything else is refused elsewhere
    yield from _unknown(options.get("changes", ()), flattened, rows)
    if schedule != "pbt":
        return
    if isinstance(trials, int) and 0 < trials < 2 and not given.get("configurations"):
        message = "a population needs 2 members or more, found trials = 1. W4 has 8."
        yield _mistake(["experiment", "trials"], message)
    if given.get("studies") == "merged" or given.get("search") in ADAPTIVE:
        what = "merged studies" if given.get("studies") == "merged" else f"`{given['search']}`"
        message = (
            f"population based training changes settings by itself, which {what} cannot follow. "
            'Write studies = "split" and search = "quasi_random".'
        )
        yield _mistake(["experiment", "schedule"], message)


def _mistake(keys: Sequence[str], message: str) -> Mistake:
    return Mistake(where=key_path(keys), message=message)
