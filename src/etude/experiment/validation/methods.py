"""The search and the schedule of an experiment: their names, their options, what they exclude."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...errors import Mistake
from ...space import Choice, Domain, Integer, Real, Scalar, is_number, plain
from ...wording import did_you_mean
from ..hyperparameter import Hyperparameter
from ..methods import KINDS, METHODS, SEARCHES, Kind, Options, schedule_method
from .fields import MAX_TRIALS, mistake_at


def method_mistakes(
    given: Mapping[str, Any], hyperparameters: Sequence[Hyperparameter]
) -> list[Mistake]:
    """Every mistake about the search and the schedule in these fields of an experiment."""
    # What one of the two excludes is known where it is known itself, whatever the other is.
    of_search, of_schedule = (list(_method(kind, given)) for kind in ("search", "schedule"))
    return [
        *(of_search or _search(given, hyperparameters)),
        *(of_schedule or _schedule(given, hyperparameters, knows_search=not of_search)),
    ]


# --- names and options


def _method(kind: Kind, given: Mapping[str, Any]) -> Iterator[Mistake]:
    name = given.get(kind, "quasi_random" if kind == "search" else None)
    options = given.get(f"{kind}_options") or {}
    if name is None and kind == "schedule" and not options:
        return
    if not isinstance(name, str) or name not in METHODS[kind]:
        yield mistake_at(["experiment", kind], _name_message(kind, name))
    elif not isinstance(options, Mapping):
        message = f'needs a table of options, found {options!r}. Write name = "{name}" below it.'
        yield mistake_at([kind], message)
    else:
        yield from _options(kind, name, options)


def _name_message(kind: Kind, name: object) -> str:
    """Why this names no search, or no schedule."""
    known = list(METHODS[kind])
    if name is None or name == "":
        names = ", ".join(f"`{one}`" for one in known)
        return f"needs the name of a {kind}, found none. Known: {names}."
    other = KINDS[1 - KINDS.index(kind)]
    if isinstance(name, str) and name in METHODS[other]:
        return f'names no {kind}: `{name}` is a {other}. Write {other} = "{name}".'
    return f"names no {kind}, found {name!r}. {did_you_mean(str(name), known)}"


def _options(kind: Kind, name: str, options: Options) -> Iterator[Mistake]:
    known = METHODS[kind][name].options
    for key, value in options.items():
        if key not in known:
            way_out = did_you_mean(str(key), list(known)) if known else "It takes no options."
            yield mistake_at([kind, key], f"`{name}` has no option `{key}`. {way_out}")
        elif message := known[key](value):
            yield mistake_at([kind, key], message)


# --- the search


def _search(
    given: Mapping[str, Any], hyperparameters: Sequence[Hyperparameter]
) -> Iterator[Mistake]:
    name = given.get("search", "quasi_random")
    method = SEARCHES[name]
    if name == "grid":
        points = (given.get("search_options") or {}).get("points")
        yield from _grid(points, [one for one in hyperparameters if one.role == "nuisance"])
    if given.get("studies") == "merged" and (method.adaptive or not method.samples_space):
        message = (
            "a merged study deals its scientific values evenly to sampled points (R14), which "
            f'`{name}` does not give. Write search = "quasi_random", or studies = "split".'
        )
        yield mistake_at(["experiment", "search"], message)
    if given.get("configurations") and given.get("search_options"):
        message = (
            "settings listed by hand leave nothing to search (R12). Remove [search], or remove "
            "the configurations."
        )
        yield mistake_at(["search"], message)


def _grid(points: object, nuisance: Sequence[Hyperparameter]) -> Iterator[Mistake]:
    """Axes that are not there, that cannot have points, or too many points in all."""
    ranges = {one.name for one in nuisance if not isinstance(one.value, Choice)}
    for name in points if isinstance(points, Mapping) else ():
        if name not in ranges:
            near = did_you_mean(str(name), sorted(ranges))
            message = f"gives points to a nuisance range, found `{name}`. {near}"
            if any(one.name == name for one in nuisance):
                message = f"`{name}` is a list, and a grid has all of its values. Leave it out."
            yield mistake_at(["search", "points", name], message)
    # Under each condition stands the grid of one study: the axes that exist there.
    for when in {one.when for one in nuisance}:
        axes = [one for one in nuisance if set(one.when) <= set(when)]
        size = math.prod(_axis_size(axis, points) for axis in axes)
        if size > MAX_TRIALS:
            message = (
                f"the grid would have {size:,} points, and {MAX_TRIALS:,} is the most. Above two "
                'dimensions random points serve better (Q9): write search = "quasi_random", or '
                "give fewer points or axes."
            )
            yield mistake_at(["search", "points"], message)
            return


def _axis_size(axis: Hyperparameter, points: object) -> int:
    if isinstance(axis.value, Choice):
        return len(axis.value.values)
    count = points.get(axis.name, 1) if isinstance(points, Mapping) else points or 1
    return int(plain(count))


# --- the schedule


def _schedule(
    given: Mapping[str, Any], hyperparameters: Sequence[Hyperparameter], *, knows_search: bool
) -> Iterator[Mistake]:
    name, options = given.get("schedule"), given.get("schedule_options") or {}
    yield from _steps_beyond_the_end(options, given.get("max_steps"))
    if name == "replay" and not options:
        message = (
            "a replay needs its changes. Write them below [schedule]; `etude next --replay` writes "
            "those that a population found."
        )
        yield mistake_at(["experiment", "schedule"], message)
    rows = given.get("configurations", ())
    # Configurations that are no list are refused elsewhere.
    rows = rows if isinstance(rows, Sequence) else ()
    yield from _changes_of_nothing(options.get("changes", ()), hyperparameters, rows)
    yield from _changes_of_another_kind(options.get("changes", ()), hyperparameters)
    if schedule_method(name).population and knows_search:
        yield from _population(given)


def _steps_beyond_the_end(options: Options, max_steps: object) -> Iterator[Mistake]:
    """Intervals and changes that come too late to decide anything."""
    if not isinstance(max_steps, int):
        return
    for key in ("min_steps", "interval"):
        if key in options and plain(options[key]) >= max_steps:
            message = (
                f"leaves nothing to decide before the end: {options[key]} steps of max_steps = "
                f"{max_steps}. Write at most half of it."
            )
            yield mistake_at(["schedule", key], message)
    steps = [change["step"] for change in options.get("changes", ())]
    if any(step >= max_steps for step in steps):
        message = (
            f"needs steps before the end, found {', '.join(map(str, steps))} of max_steps = "
            f"{max_steps}. Leave out what comes later."
        )
        yield mistake_at(["schedule", "changes"], message)


def _changes_of_nothing(
    changes: Sequence[Mapping[str, Any]],
    hyperparameters: Sequence[Hyperparameter],
    configurations: Sequence[Any],
) -> Iterator[Mistake]:
    """Changes of hyperparameters that are not there."""
    listed = {name for row in configurations if isinstance(row, Mapping) for name in row}
    known = {one.name for one in hyperparameters} | listed
    for name in dict.fromkeys(name for change in changes for name in change):
        if name not in known | {"step"}:
            near = did_you_mean(str(name), sorted(known))
            message = f"changes a hyperparameter that there is, found `{name}`. {near}"
            yield mistake_at(["schedule", "changes"], message)


def _changes_of_another_kind(
    changes: Sequence[Mapping[str, Any]], hyperparameters: Sequence[Hyperparameter]
) -> Iterator[Mistake]:
    """Changes to what no hyperparameter of the name can have: a store would refuse the trial.

    A schedule may leave a range, as one that decays does; it may not leave a list.
    """
    messages = (
        _change_message(name, plain(value), [one for one in hyperparameters if one.name == name])
        for change in changes
        for name, value in change.items()
    )
    for message in dict.fromkeys(filter(None, messages)):
        yield mistake_at(["schedule", "changes"], message)


def _change_message(name: str, value: Scalar, known: Sequence[Hyperparameter]) -> str:
    wants = [_wanted(one.value, value) for one in known]
    if not wants or not all(wants):
        return ""
    return f"changes `{name}` to {wants[0]}, found {value!r}. Write one, or leave it out."


def _wanted(domain: Domain | Scalar, value: Scalar) -> str:
    """What a value should be in place of this one, in words; empty where it may be."""
    if isinstance(domain, Choice) and value not in domain.values:
        return f"one of {', '.join(map(repr, domain.values))}"
    if isinstance(domain, Real) and not is_number(value):
        return "a number"
    if isinstance(domain, Integer) and not (is_number(value) and float(value) % 1 == 0):
        return "a whole number"
    return ""


def _population(given: Mapping[str, Any]) -> Iterator[Mistake]:
    """What a population cannot have: one member, a merged study, a search that adapts."""
    trials, merged = given.get("trials"), given.get("studies") == "merged"
    if isinstance(trials, int) and 0 < trials < 2 and not given.get("configurations"):
        message = "a population needs 2 members or more, found trials = 1. W4 has 8."
        yield mistake_at(["experiment", "trials"], message)
    search = given.get("search", "quasi_random")
    if merged or SEARCHES[search].adaptive:
        refused = "merged studies" if merged else f"`{search}`"
        message = (
            f"population based training changes settings by itself, which {refused} cannot follow. "
            'Write studies = "split" and search = "quasi_random".'
        )
        yield mistake_at(["experiment", "schedule"], message)
