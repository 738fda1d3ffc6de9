"""What an experiment may hold: every mistake of its fields, found at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...errors import Mistake, SpaceError
from ...space import Choice, Integer, Real, is_number, is_scalar, plain, value_text
from ...wording import did_you_mean as did_you_mean
from ...wording import nearest as nearest
from ..hyperparameter import (
    ROLES,
    Condition,
    Hyperparameter,
    Members,
    Role,
    flat,
    key_path,
    table_keys,
)
from ..methods import method_mistakes
from .configurations import STUDY_DESIGNS, by_hand, configuration_mistakes
from .constraints import constraint_mistakes

# The rules that speak of a design, before a step is trained; a test holds them to `design`.
DESIGN_RULES = (
    *("Q11", "Q9", "R13", "R15", "R3", "R4", "R6", "R7", "R9", "S10", "S3", "T4", "T8", "W4"),
)
# Heuristic: above what anybody trains, below what no longer fits into memory.
MAX_TRIALS, MAX_EVALUATIONS, MAX_STEPS = 1_000_000, 1_000_000, 10**12
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TRAIN = re.compile(r".+\.py:[A-Za-z_][A-Za-z0-9_]*")


def mistakes(given: Mapping[str, Any]) -> list[Mistake]:
    """Every mistake of these fields of an experiment; an empty list means it can be built.

    A SpaceError may stand where a domain could not be built: it is told as a mistake, and nothing
    else is said about that hyperparameter.
    """
    found = [
        Mistake(where=f"experiment.{key}", message=message)
        for key, check in _CHECKS.items()
        if key in given
        and not (key == "trials" and given.get("configurations"))
        and (message := check(given[key]))
    ]
    for role in ROLES:
        found += _shape(given.get(role, {}), (role,))
    flattened = [
        one
        for role in ROLES
        for one in flat(role, with_choices(given.get(role, {}), lists=role != "fixed"))
    ]
    merged = given.get("studies") == "merged"
    found += [
        _mistake(one.keys, text)
        for one in flattened
        if (text := _value(one.role, one.value, merged=merged))
    ]
    found += configuration_mistakes(given, flattened) + method_mistakes(given, flattened)
    found += [
        Mistake(where="experiment.constraints", message=message)
        for message in constraint_mistakes(
            given.get("constraints", ()), [*flattened, *by_hand(given.get("configurations", ()))]
        )
    ]
    found += _unknown_ranges(given.get("observed", ()), flattened)
    return found + _conditions(flattened) + _circles(flattened) + _two_roles(flattened)


def with_choices(members: Members, *, lists: bool = True) -> dict[str, Any]:
    """The members of a role as plain dicts, lists turned into choices where they may be.

    What has no place in a role is left out here and named by `mistakes`.
    """
    return {
        name: _conditional(value, lists=lists) if name == "when" else _plain(value, lists=lists)
        for name, value in _table(members).items()
        if isinstance(name, str) and name
    }


def _conditional(tables: object, *, lists: bool) -> dict[str, dict[str, Any]]:
    return {
        scientific: {
            value_text(value): with_choices(inner, lists=lists)
            for value, inner in _table(by_value).items()
            if is_scalar(value)
        }
        for scientific, by_value in _table(tables).items()
        if isinstance(scientific, str)
    }


def _plain(value: Any, *, lists: bool) -> Any:
    if not lists or not isinstance(value, list | tuple):
        return plain(value)
    try:
        return Choice(value)
    except SpaceError as error:
        return error


def _table(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


# --- what one key may hold: a sentence about what is wrong, or nothing


def _whole(low: int, example: int, high: float = 2**63 - 1) -> Callable[[object], str]:
    def check(given: object) -> str:
        value, way_out = plain(given), f"Write for example {example}."
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            return f"needs a whole number, {low} or more, found {value!r}. {way_out}"
        return "" if value <= high else f"takes {high:,} at most, found {value:,}. {way_out}"

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


def _studies(value: object) -> str:
    if value in STUDY_DESIGNS:
        return ""
    way_out = did_you_mean(str(value), list(STUDY_DESIGNS))
    return f"needs the way that studies are made (R13, R14), found {value!r}. {way_out}"


def _examples(value: object) -> str:
    return "" if value is None else _whole(1, 10_000)(value)


def _seconds(value: object) -> str:
    if value is None or (is_number(value) and value > 0):
        return ""
    return f"needs seconds above 0, found {value!r}. Leave it out for no limit."


def _threshold(value: object) -> str:
    if value is False or (is_number(value) and value > 0):
        return ""
    return (
        f"needs a number above 0 (times the first loss) or false, found {value!r}. "
        "Write for example 100, or false to switch the rule off."
    )


def _parent(value: object) -> str:
    return "" if value is None else _name(value)


def _baseline(value: object) -> str:
    return "" if value is None else _text(value)


def _acknowledge(value: object) -> str:
    if not isinstance(value, list | tuple):
        return f'needs a list of rule ids, found {value!r}. Write for example ["S3"].'
    unknown = [each for each in value if each not in DESIGN_RULES]
    if not unknown:
        return ""
    near = did_you_mean(str(unknown[0]).upper(), DESIGN_RULES)
    return f"names rules that speak of a design, found {unknown[0]!r}. {near}"


def _observed(value: object) -> str:
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return ""
    return f'needs a list of names, found {value!r}. Write for example ["learning_rate"].'


_CHECKS: dict[str, Callable[[object], str]] = {
    "name": _name,
    "question": _text,
    "notes": _text,
    "metric": _metric,
    "maximize": _flag,
    "max_steps": _whole(1, 2000, MAX_STEPS),
    "trials": _whole(1, 20, MAX_TRIALS),
    "evaluations": _whole(1, 50, MAX_EVALUATIONS),
    "train": _train,
    "studies": _studies,
    "seed": _whole(0, 0),
    "validation_examples": _examples,
    "max_trial_s": _seconds,
    "diverged_above": _threshold,
    "keep_checkpoints": _whole(1, 1),
    "parent": _parent,
    "baseline": _baseline,
    "acknowledge": _acknowledge,
    "observed": _observed,
}


# --- what the roles may hold


def _mistake(keys: Iterable[object], message: str) -> Mistake:
    return Mistake(where=key_path([str(key) for key in keys]), message=message)


def _shape(members: object, keys: tuple[object, ...]) -> list[Mistake]:
    if not isinstance(members, Mapping):
        return [_mistake(keys, f"needs a table, found {members!r}. Write `name = ...` below it.")]
    found = [
        _mistake((*keys, name), f"a hyperparameter's name is a text, found {name!r}. Name it.")
        for name in members
        if not isinstance(name, str) or not name
    ]
    if "when" not in members:
        return found
    tables, text = members["when"], "`when` is reserved for conditions and needs tables"
    for scientific, by_value in _table(tables).items():
        for value, inner in _table(by_value).items():
            found += _shape(inner, (*keys, "when", scientific, value))
    wrong = [each for each in (tables, *_table(tables).values()) if not isinstance(each, Mapping)]
    way_out = f"Write [{key_path([str(key) for key in keys])}.when.NAME.VALUE]."
    return found + [_mistake((*keys, "when"), f"{text}, found {one!r}. {way_out}") for one in wrong]


def _value(role: Role, value: object, *, merged: bool) -> str:
    if merged and role == "scientific" and isinstance(value, Real | Integer):
        return ""  # sampled, as R14 has it
    return str(value) if isinstance(value, SpaceError) else _ROLE_CHECKS[role](value)


def _scientific(value: object) -> str:
    if not isinstance(value, Choice):
        return (
            "a scientific hyperparameter needs a list of values, one study for each (R13), "
            f"found {value!r}. List the values that the question compares"
            + (
                ', or write studies = "merged" in [experiment] to sample the range (R14).'
                if isinstance(value, Real | Integer)
                else "."
            )
        )
    if len(value.values) < 2:
        return (
            "a scientific hyperparameter needs two values or more to compare (R4), found one. "
            "Add a value, or move it to [fixed]."
        )
    return ""


def _nuisance(value: object) -> str:
    if isinstance(value, Real | Integer | Choice):
        return ""
    return (
        f"a nuisance hyperparameter needs a range or a list (R4), found {value!r}. "
        "Write { low = ..., high = ... }, or move it to [fixed]."
    )


def _fixed(value: object) -> str:
    if is_scalar(value):
        return ""
    return (
        f"a fixed hyperparameter needs one text, boolean or finite number (R4), found {value!r}. "
        "Write one value, or move the range to [nuisance]."
    )


_ROLE_CHECKS = {"scientific": _scientific, "nuisance": _nuisance, "fixed": _fixed}


# --- what roles and conditions may not do together


def _conditions(flattened: list[Hyperparameter]) -> list[Mistake]:
    """One mistake for each table under a condition that names nothing, or that can never hold."""
    scientific: dict[str, list[Hyperparameter]] = {}
    for one in flattened:
        if one.role == "scientific":
            scientific.setdefault(one.name, []).append(one)
    tables: dict[tuple[Role, Condition], None] = dict.fromkeys(
        (one.role, one.when[: depth + 1]) for one in flattened for depth in range(len(one.when))
    )
    return [
        _mistake(table_keys(role, when), message)
        for role, when in tables
        if (message := _condition(when, scientific))
    ]


def _unknown_ranges(observed: Any, flattened: list[Hyperparameter]) -> list[Mistake]:
    if _observed(observed):
        return []  # a mistake of its own
    known = sorted({one.name for one in flattened if isinstance(one.value, Real | Integer)})
    return [
        Mistake(
            where="experiment.observed",
            message=f"names hyperparameters with a range, found `{name}`. "
            + did_you_mean(name, known),
        )
        for name in observed
        if name not in known
    ]


def _condition(when: Condition, scientific: Mapping[str, list[Hyperparameter]]) -> str:
    name, text = when[-1]
    if name not in scientific:
        near = did_you_mean(name, sorted(scientific))
        way_out = near if scientific else f"List the values of `{name}` under [scientific]."
        return f"a condition names a scientific hyperparameter (R11), found `{name}`. {way_out}"
    variants = [(one.when, one.value) for one in scientific[name]]
    if any(not isinstance(value, Choice) for _, value in variants):
        return ""  # a mistake of its own
    texts = [(known, _texts(value)) for known, value in variants]
    if not any(text in known for _, known in texts):
        near = did_you_mean(text, [each for _, known in texts for each in known])
        return f"a condition names a value of `{name}` (R11), found `{text}`. {near}"
    if any(text in known and _can_meet(its_when, when) for its_when, known in texts):
        return ""
    return (
        f"`{name}` is never `{text}` here: the conditions around exclude it (R11). "
        "Leave one of the conditions out."
    )


def _texts(value: object) -> list[str]:
    return [value_text(each) for each in value.values] if isinstance(value, Choice) else []


def _circles(flattened: list[Hyperparameter]) -> list[Mistake]:
    waiting = [one for one in flattened if one.role == "scientific"]
    known = {name for one in flattened for name, _ in one.when} - {one.name for one in waiting}
    while free := [one for one in waiting if known.issuperset(dict(one.when))]:
        known.update(one.name for one in free)
        waiting = [one for one in waiting if one not in free]
    names = ", ".join(f"`{name}`" for name in sorted({one.name for one in waiting}))
    message = (
        f"the conditions of {names} run in a circle, so that none can be settled first (R11). "
        "Let one of them stand without a condition."
    )
    return [_mistake(one.keys, message) for one in waiting]


def _two_roles(flattened: list[Hyperparameter]) -> list[Mistake]:
    found = []
    scientific = {one.name for one in flattened if one.role == "scientific"}
    clear = [one for one in flattened if scientific.issuperset(dict(one.when))]
    for position, one in enumerate(clear):
        for other in clear[:position]:
            if one.name == other.name and _can_meet(one.when, other.when):
                message = (
                    f"a hyperparameter has one role at a time (R4), but `{one.name}` also stands "
                    f"at `{other.path}`. Remove one of the two."
                )
                found.append(_mistake(one.keys, message))
                break
    return found


def _can_meet(left: Condition, right: Condition) -> bool:
    pairs = set(left) | set(right)
    return len(pairs) == len(dict(pairs))
