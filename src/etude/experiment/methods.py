"""The registry of searches and schedules: what each may be told, and what others must know of it.

An experiment is checked without loading any of them: `etude.search` maps the same names to classes,
and a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, final

from ..space import is_number, is_scalar, plain

Kind: TypeAlias = Literal["search", "schedule"]
Options: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[object], str]

KINDS: tuple[Kind, ...] = ("search", "schedule")


@final
@dataclass(frozen=True)
class Method:
    """A search or a schedule by its name.

    Args:
        name: As a file writes it.
        kind: `search` for where settings come from; `schedule` for what stops, continues or changes
            trials while they train.
        options: What it may be told, by name, each with the check of its value.
        adaptive: Its moves depend on results: `Search.adapts` of its class.
        samples_space: Its points are samples of a space, so that a merged study can deal its
            scientific values evenly to them; of a search that adapts, they are not even (R14).
        explores: It spreads its trials over the space, and an adaptive search can learn from them
            when exploration is over (X1).
        hands_over: Advice replaces it by an adaptive search as soon as the space is refined; one
            that a person chose is replaced only on request (X1).
        trained_elsewhere: Another tool trains its trials, so that nothing can be run from here.
        needs_checkpoints: It goes on from checkpoints and from nothing else.
        population: Its trials are members that depend on each other: a larger population would have
            been trained otherwise from its first generation on (W4).
    """

    name: str
    kind: Kind = field(kw_only=True)
    options: Mapping[str, Check] = field(default_factory=dict, kw_only=True)
    adaptive: bool = field(default=False, kw_only=True)
    samples_space: bool = field(default=False, kw_only=True)
    explores: bool = field(default=False, kw_only=True)
    hands_over: bool = field(default=False, kw_only=True)
    trained_elsewhere: bool = field(default=False, kw_only=True)
    needs_checkpoints: bool = field(default=False, kw_only=True)
    population: bool = field(default=False, kw_only=True)


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
    messages = [f"`{name}` {message}" for name, given in value.items() if (message := check(given))]
    return " ".join(messages)


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
    steps: list[Any] = [
        change.get("step") if isinstance(change, Mapping) else None for change in value
    ]
    if any(whole(1, 1)(step) for step in steps):
        return f"needs a whole `step`, 1 or more, in each change, found {value!r}. {example}"
    if any(not is_scalar(given) for change in value for given in change.values()):
        return f"takes one text, boolean or number for each name, found {value!r}. {example}"
    if sorted(set(steps)) != steps:
        return f"needs rising steps, found {', '.join(map(str, steps))}. Put them in order."
    return ""


_METHODS = (
    Method("quasi_random", kind="search", samples_space=True, explores=True, hands_over=True),
    Method("random", kind="search", samples_space=True, explores=True),
    Method("grid", kind="search", options={"points": _points}),
    Method("listed", kind="search"),
    Method(
        "imported",
        kind="search",
        samples_space=True,
        explores=True,
        hands_over=True,
        trained_elsewhere=True,
    ),
    Method(
        "bayesian",
        kind="search",
        options={"start": within(0.0, 1.0, 0.25)},
        adaptive=True,
        samples_space=True,
    ),
    Method(
        "asha",
        kind="schedule",
        options={"eta": _eta, "min_steps": whole(1, 100), "brackets": whole(1, 2)},
        adaptive=True,
    ),
    Method(
        "pbt",
        kind="schedule",
        options={
            "interval": whole(1, 100),
            "quantile": within(0.0, 0.5, 0.5),
            "parents": within(0.0, 0.5, 0.25),
            "resample": within(0.0, 1.0, 0.1),
            "factor": _factor,
        },
        adaptive=True,
        needs_checkpoints=True,
        population=True,
    ),
    Method(
        "replay",
        kind="schedule",
        options={"changes": _changes},
        adaptive=True,
        needs_checkpoints=True,
    ),
)
METHODS: Mapping[Kind, Mapping[str, Method]] = {
    kind: {method.name: method for method in _METHODS if method.kind == kind} for kind in KINDS
}
SEARCHES, SCHEDULES = METHODS["search"], METHODS["schedule"]
_NO_SCHEDULE = Method("", kind="schedule")


def schedule_method(name: str | None) -> Method:
    """The entry of a schedule; without one (None), an entry without options and traits."""
    return SCHEDULES[name] if name else _NO_SCHEDULE


def plain_options(options: Options) -> dict[str, Any]:
    """Options in Python's own types, lists as tuples: what a file gives back as it was."""
    return {name: _plain(value) for name, value in options.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain_options(value)
    if isinstance(value, list | tuple):
        return tuple(_plain(part) for part in value)
    return plain(value)
