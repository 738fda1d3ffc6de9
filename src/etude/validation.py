"""What an experiment may hold: every mistake of its fields, found at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from .errors import Mistake, SpaceError
from .hyperparameter import ROLES, Condition, Hyperparameter, Members, flat
from .space import Choice, Integer, Real, Scalar, is_number, value_text

# Literals, so that an experiment is checked without loading a search; a test holds them against the registry.
SEARCHES = ("quasi_random",)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TRAIN = re.compile(r".+\.py:[A-Za-z_][A-Za-z0-9_]*")


def did_you_mean(name: str, known: list[str]) -> str:
    """A sentence with the nearest known name, or with all of them."""
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"Known: {', '.join(f'`{one}`' for one in known)}." if known else "There is none."


def mistakes(given: Mapping[str, Any]) -> list[Mistake]:
    """Every mistake of these fields of an experiment; an empty list means it can be built."""
    found = [
        Mistake(where=f"experiment.{key}", message=message)
        for key, check in _CHECKS.items()
        if key in given and (message := check(given[key]))
    ]
    shaped = {role: given.get(role, {}) for role in ROLES}
    broken = [mistake for role in ROLES for mistake in _shape(role, shaped[role], role)]
    if broken:
        return found + broken
    flattened = [one for role in ROLES for one in flat(role, with_choices(shaped[role]))]
    found += [mistake for one in flattened for mistake in _value(one)]
    return found + _conditions(flattened) + _two_roles(flattened)


# --- what one key may hold: a sentence about what is wrong, or nothing


def _whole(low: int) -> Any:
    def check(value: object) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and value >= low:
            return ""
        return f"needs a whole number of at least {low}, found {value!r}. Write {max(low, 1)} or more."

    return check


def _text(value: object) -> str:
    return "" if isinstance(value, str) else f"needs text, found {value!r}. Put it in quotes."


def _flag(value: object) -> str:
    if isinstance(value, bool):
        return ""
    return f"needs true or false, found {value!r}. Write true or false, without quotes."


def _name(value: object) -> str:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return ""
    return (
        f"names a folder too, so it takes letters, digits, `.`, `_` and `-`, found {value!r}. "
        'Write for example "optimizer-2".'
    )


def _metric(value: object) -> str:
    if isinstance(value, str) and value:
        return ""
    return f'needs the name of a reported metric, found {value!r}. Write for example "valid/error".'


def _train(value: object) -> str:
    if value is None or (isinstance(value, str) and _TRAIN.fullmatch(value)):
        return ""
    return f'needs "file.py:function", found {value!r}. Write for example "train.py:train".'


def _search(value: object) -> str:
    if value in SEARCHES:
        return ""
    return f"names no search, found {value!r}. {did_you_mean(str(value), list(SEARCHES))}"


def _examples(value: object) -> str:
    return "" if value is None else str(_whole(1)(value))


def _seconds(value: object) -> str:
    if value is None or (is_number(value) and float(value) > 0):  # type: ignore[arg-type]  # a number
        return ""
    return f"needs seconds above 0, found {value!r}. Leave it out for no limit."


def _threshold(value: object) -> str:
    if value is False or (is_number(value) and float(value) > 0):  # type: ignore[arg-type]  # a number
        return ""
    return (
        f"needs a number above 0 (times the first loss) or false, found {value!r}. "
        "Write for example 100, or false to switch the rule off."
    )


def _parent(value: object) -> str:
    return "" if value is None else _name(value)


_CHECKS: dict[str, Any] = {
    "name": _name,
    "question": _text,
    "notes": _text,
    "metric": _metric,
    "maximize": _flag,
    "max_steps": _whole(1),
    "trials": _whole(1),
    "evaluations": _whole(1),
    "train": _train,
    "search": _search,
    "seed": _whole(0),
    "validation_examples": _examples,
    "max_trial_s": _seconds,
    "diverged_above": _threshold,
    "keep_checkpoints": _whole(1),
    "parent": _parent,
}


# --- what the roles may hold


def _shape(role: Role, members: object, path: str) -> list[Mistake]:
    if not isinstance(members, Mapping):
        return [Mistake(where=path, message=f"needs a table, found {members!r}. Write `name = ...`.")]
    found: list[Mistake] = []
    for scientific, by_value in _table(members.get("when", {}), f"{path}.when", found).items():
        inner_path = f"{path}.when.{scientific}"
        for text, inner in _table(by_value, inner_path, found).items():
            found += _shape(role, inner, f"{inner_path}.{text}")
    return found


def _table(value: object, path: str, found: list[Mistake]) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    message = f"`when` is reserved for conditions and needs a table, found {value!r}. Write [{path}.VALUE]."
    found.append(Mistake(where=path, message=message))
    return {}


def _value(one: Hyperparameter) -> list[Mistake]:
    message = ""
    if one.role == "scientific" and not isinstance(one.value, Choice):
        message = (
            f"a scientific hyperparameter needs a list of values, one study for each (R13), "
            f"found {one.value!r}. List the values that the question compares."
        )
    elif one.role == "scientific" and len(one.value.values) < 2:  # type: ignore[union-attr]  # a Choice
        message = (
            "a scientific hyperparameter needs two values or more to compare (R4), found one. "
            "Add a value, or move it to [fixed]."
        )
    elif one.role == "nuisance" and not isinstance(one.value, Real | Integer | Choice):
        message = (
            f"a nuisance hyperparameter needs a range or a list (R4), found {one.value!r}. "
            "Write { low = ..., high = ... }, or move it to [fixed]."
        )
    elif one.role == "fixed" and not isinstance(one.value, bool | int | float | str):
        message = (
            f"a fixed hyperparameter needs one value (R4), found {one.value!r}. "
            "Write one value, or move the range to [nuisance]."
        )
    return [Mistake(where=one.path, message=message)] if message else []


def _conditions(flattened: list[Hyperparameter]) -> list[Mistake]:
    values: dict[str, list[str]] = {}
    for one in flattened:
        if one.role == "scientific" and isinstance(one.value, Choice):
            values.setdefault(one.name, []).extend(value_text(value) for value in one.value.values)
    found = []
    for path, name, text in dict.fromkeys(
        (one.path.removesuffix(f".{one.name}"), name, text) for one in flattened for name, text in one.when
    ):
        if name not in values:
            message = (
                f"a condition names a scientific hyperparameter (R11), found `{name}`. "
                f"{did_you_mean(name, sorted(values))}"
            )
            found.append(Mistake(where=path, message=message))
        elif text not in values[name]:
            message = (
                f"a condition names a value of `{name}` (R11), found `{text}`. "
                f"{did_you_mean(text, values[name])}"
            )
            found.append(Mistake(where=path, message=message))
    return found


def _two_roles(flattened: list[Hyperparameter]) -> list[Mistake]:
    found = []
    for position, one in enumerate(flattened):
        for other in flattened[:position]:
            if one.name == other.name and _can_meet(one.when, other.when):
                message = (
                    f"a hyperparameter has one role at a time (R4), but `{one.name}` also stands at "
                    f"`{other.path}`. Remove one of the two."
                )
                found.append(Mistake(where=one.path, message=message))
                break
    return found


def _can_meet(left: Condition, right: Condition) -> bool:
    known = dict(left)
    return all(known.get(name, text) == text for name, text in right)


def with_choices(members: Members, *, lists: bool = True) -> dict[str, Any]:
    """The members of a role as plain dicts, lists turned into choices where they may be."""
    whole: dict[str, Any] = {}
    for name, value in members.items():
        if name == "when":
            whole[name] = {
                scientific: {text: with_choices(inner, lists=lists) for text, inner in by_value.items()}
                for scientific, by_value in value.items()
            }
        else:
            whole[name] = _choice(value) if lists and isinstance(value, list | tuple) else value
    return whole


def _choice(values: list[Scalar] | tuple[Scalar, ...]) -> Choice | list[Scalar] | tuple[Scalar, ...]:
    try:
        return Choice(values)
    except SpaceError:
        return values
