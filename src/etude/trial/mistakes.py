"""What a training loop is told that calls its trial in a way that cannot be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NoReturn

from ..playbook.metrics import is_training_value, misreport_message
from ..text.signs import text_of

_READ: Final = 'Read a hyperparameter as `trial["{name}"]`'
_WHOLE: Final = "`trial.setting` is the plain dict of all hyperparameters."
# What scripts ask of a mapping, or of another tool's trial, and what there is in its place.
_ELSEWHERE: Final = {
    "get": _READ + '; `"{name}" in trial` tells whether there is one.',
    "suggest_": _READ + "; its range stands in the experiment file.",
    **dict.fromkeys(("items", "values", "params", "config", "hparams", "copy"), _WHOLE),
    "should_prune": "Leave it out: a trial that is to stop is left at its next report.",
    "number": "`trial.id` is its number.",
}
_PUBLIC: Final = (
    "evaluates",
    "evaluation_steps",
    "final_step",
    "folder",
    "log",
    "max_steps",
    "metric",
    "report",
    "restore",
    "save",
    "seed",
    "setting",
    "steps",
    "tracker",
)


def attribute_message(attribute: str, names: Iterable[str]) -> str:
    """Why a trial has no such attribute, and what there is in its place.

    >>> attribute_message("lr", ["lr"])
    'A trial has no attribute `lr`. Read the hyperparameter as `trial["lr"]`.'
    >>> attribute_message("reports", ["lr"])
    'A trial has no attribute `reports`. Did you mean `report`?'
    """
    known = list(names)
    found = f"A trial has no attribute `{attribute}`."
    if attribute in known:
        return f'{found} Read the hyperparameter as `trial["{attribute}"]`.'
    for asked, there in _ELSEWHERE.items():
        if attribute == asked or (asked[-1] == "_" and attribute.startswith(asked)):
            return f"{found} {there.format(name=known[0] if known else 'learning_rate')}"
    near = get_close_matches(attribute, _PUBLIC, n=1, cutoff=0.7)
    return f"{found} Did you mean `{near[0]}`?" if near else found


def refuse_values(
    call: str, values: object, metric: str, mistyped: Callable[[str], NoReturn]
) -> None:
    """Refuses what is no mapping, with how the trial is called."""
    if hasattr(values, "items"):
        return
    mistyped(
        f"`{call}` takes a step and a dict of values by name, got {_shown(values)} for the dict. "
        f'Write `trial.{call}(step, {{"{metric}": ...}})`.'
    )


def refuse_nested(
    values: Mapping[str, object], metric: str, mistyped: Callable[[str], NoReturn]
) -> None:
    """Refuses a value that is a dict of values itself, with how it is written."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            inner = next(iter(value), metric.rpartition("/")[2])
            mistyped(
                f"`{name}` is a dict, and values are numbers. Give each of its numbers a name of "
                f'its own: {{"{name}/{inner}": ...}}.'
            )


def misreport(names: Sequence[str], metric: str, step: int) -> str:
    """Why a first report without the metric is a mistake; empty for values of the training alone.

    A loop may report its training loss at each step, and the metric where it evaluates.

    >>> misreport(["train/loss"], "valid/loss", 0)
    ''
    """
    if names and all(map(is_training_value, names)):
        return ""
    return misreport_message(metric, list(names), step)


def numbers(
    step: int,
    values: Mapping[str, float],
    name_of: Callable[[object], str],
    mistyped: Callable[[str], NoReturn],
) -> dict[str, float]:
    """The values as plain numbers, by plain names; `mistyped` raises what is said of another type.

    Raises:
        TypeError: for None, which a metric may be that cannot be computed for one setting.
    """
    try:
        return {name_of(name): float(value) for name, value in values.items()}
    except (TypeError, ValueError, OverflowError):  # which of them it is, is looked for now
        found = {}
    for given, value in values.items():
        name, number = name_of(given), number_of(value)
        if number is None and value is None:
            raise TypeError(number_message(name, value, step)) from None
        if number is None:
            mistyped(number_message(name, value, step))
        found[name] = number
    return found


def number_of(value: object) -> float | None:
    """The number that a value of any library is; None where it is none, or are several.

    A whole number beyond what a float holds is infinite, as it is in any other type.

    >>> number_of("0.5"), number_of(-(10**400)), number_of([0.5]), number_of(None)
    (0.5, -inf, None, None)
    """
    try:
        return float(value)  # type: ignore[arg-type]  # numbers of any library, or an error
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]  # a number it is
    except (TypeError, ValueError):
        pass
    try:  # an array of one value, which some libraries convert and others do not
        return float(value.item())  # type: ignore[attr-defined]  # asked for below
    except (AttributeError, TypeError, ValueError, RuntimeError):
        return None


def number_message(name: str, value: object, step: int) -> str:
    """Why a value cannot be recorded, and what to pass in its place."""
    size = getattr(value, "size", 1)
    several = isinstance(size, int) and size > 1
    hint = "Report one number for it, such as their mean" if several else "Report a number"
    return f"`{name}` at step {step} is no number: got {_shown(value)}. {hint}."


def _shown(value: object) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"{type(value).__name__} of shape {tuple(shape)}"
    return "None" if value is None else f"{text_of(value, repr)[:60]} ({type(value).__name__})"
