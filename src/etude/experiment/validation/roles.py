"""What the roles of an experiment may hold, and what they and their conditions exclude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import Mistake, SpaceError
from ...space import Choice, Integer, Real, is_scalar, value_text
from ...wording import did_you_mean
from ..hyperparameter import ROLES, Condition, Hyperparameter, Role, key_path, table_keys
from .fields import FIELD_CHECKS, mistake_at


def table_mistakes(given: Mapping[str, Any]) -> list[Mistake]:
    """What is no table of hyperparameters with names, or no table of conditions."""
    return [mistake for role in ROLES for mistake in _table_mistakes(given.get(role, {}), (role,))]


def value_mistakes(hyperparameters: Sequence[Hyperparameter], *, merged: bool) -> list[Mistake]:
    """One mistake for each hyperparameter whose value does not fit its role.

    Args:
        hyperparameters: Those of every role, in the order of the file.
        merged: Whether the experiment has one study that samples the scientific values too.
    """
    return [
        mistake_at(hyperparameter.keys, message)
        for hyperparameter in hyperparameters
        if (message := _value_message(hyperparameter.role, hyperparameter.value, merged=merged))
    ]


def observed_mistakes(observed: Any, hyperparameters: Sequence[Hyperparameter]) -> list[Mistake]:
    """Names under `observed` that no hyperparameter with a range has."""
    if FIELD_CHECKS["observed"](observed):
        return []  # a mistake of its own
    ranges = {one.name for one in hyperparameters if isinstance(one.value, Real | Integer)}
    known = sorted(ranges)
    return [
        Mistake(
            where="experiment.observed",
            message=f"names hyperparameters with a range, found `{name}`. "
            + did_you_mean(name, known),
        )
        for name in observed
        if name not in ranges
    ]


def role_mistakes(hyperparameters: Sequence[Hyperparameter]) -> list[Mistake]:
    """What roles and conditions may not do together.

    A condition names a scientific value that there is, conditions run in no circle, and a
    hyperparameter has one role at a time.
    """
    return [
        *_conditions(hyperparameters),
        *_circles(hyperparameters),
        *_two_roles(hyperparameters),
    ]


def as_table(value: object) -> Mapping[Any, Any]:
    """The table, or an empty one for what is none."""
    return value if isinstance(value, Mapping) else {}


# --- what one role may hold


def _table_mistakes(members: object, keys: tuple[object, ...]) -> list[Mistake]:
    if not isinstance(members, Mapping):
        message = f"needs a table, found {members!r}. Write `name = ...` below it."
        return [mistake_at(keys, message)]
    mistakes = [
        mistake_at((*keys, name), f"a hyperparameter's name is a text, found {name!r}. Name it.")
        for name in members
        if not isinstance(name, str) or not name
    ]
    if "when" not in members:
        return mistakes
    tables, rule = members["when"], "`when` is reserved for conditions and needs tables"
    for scientific, by_value in as_table(tables).items():
        for value, inner in as_table(by_value).items():
            mistakes += _table_mistakes(inner, (*keys, "when", scientific, value))
    candidates = (tables, *as_table(tables).values())
    way_out = f"Write [{key_path([str(key) for key in keys])}.when.NAME.VALUE]."
    return mistakes + [
        mistake_at((*keys, "when"), f"{rule}, found {table!r}. {way_out}")
        for table in candidates
        if not isinstance(table, Mapping)
    ]


def _value_message(role: Role, value: object, *, merged: bool) -> str:
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
    of_range = {"low", "high", "values"}
    if isinstance(value, Mapping) and value and not of_range & value.keys():
        return (
            "a fixed hyperparameter needs one value (R4), found a table: TOML reads a dot in a "
            f'name as one. Quote a name that has dots: "NAME.{next(iter(value))}" = ...'
        )
    return (
        f"a fixed hyperparameter needs one text, boolean or finite number (R4), found {value!r}. "
        "Write one value, or move the range to [nuisance]."
    )


_ROLE_CHECKS = {"scientific": _scientific, "nuisance": _nuisance, "fixed": _fixed}


# --- what roles and conditions may not do together


def _conditions(hyperparameters: Sequence[Hyperparameter]) -> list[Mistake]:
    """One mistake for each table under a condition that names nothing, or that can never hold."""
    scientific: dict[str, list[Hyperparameter]] = {}
    for hyperparameter in hyperparameters:
        if hyperparameter.role == "scientific":
            scientific.setdefault(hyperparameter.name, []).append(hyperparameter)
    # A condition at any depth has a table, and is judged once.
    tables: dict[tuple[Role, Condition], None] = dict.fromkeys(
        (one.role, one.when[:depth])
        for one in hyperparameters
        for depth in range(1, len(one.when) + 1)
    )
    return [
        mistake_at(table_keys(role, when), message)
        for role, when in tables
        if (message := _condition_message(when, scientific))
    ]


def _condition_message(when: Condition, scientific: Mapping[str, list[Hyperparameter]]) -> str:
    name, text = when[-1]
    if name not in scientific:
        near = did_you_mean(name, sorted(scientific))
        way_out = near if scientific else f"List the values of `{name}` under [scientific]."
        return f"a condition names a scientific hyperparameter (R11), found `{name}`. {way_out}"
    variants = [(variant.when, variant.value) for variant in scientific[name]]
    if any(not isinstance(value, Choice) for _, value in variants):
        return ""  # a mistake of its own
    texts_by_condition = [(condition, _texts(value)) for condition, value in variants]
    if not any(text in texts for _, texts in texts_by_condition):
        near = did_you_mean(text, [known for _, texts in texts_by_condition for known in texts])
        return f"a condition names a value of `{name}` (R11), found `{text}`. {near}"
    if any(text in texts and _can_meet(condition, when) for condition, texts in texts_by_condition):
        return ""
    return (
        f"`{name}` is never `{text}` here: the conditions around exclude it (R11). "
        "Leave one of the conditions out."
    )


def _texts(value: object) -> list[str]:
    return [value_text(known) for known in value.values] if isinstance(value, Choice) else []


def _circles(hyperparameters: Sequence[Hyperparameter]) -> list[Mistake]:
    """One mistake for each scientific hyperparameter that no order can settle.

    Those whose conditions are all settled are settled in turn; what is left waits for itself.
    """
    waiting = [one for one in hyperparameters if one.role == "scientific"]
    conditions = {name for one in hyperparameters for name, _ in one.when}
    settled = conditions - {one.name for one in waiting}
    while free := [one for one in waiting if settled.issuperset(dict(one.when))]:
        settled.update(one.name for one in free)
        waiting = [one for one in waiting if one not in free]
    names = ", ".join(f"`{name}`" for name in sorted({one.name for one in waiting}))
    message = (
        f"the conditions of {names} run in a circle, so that none can be settled first (R11). "
        "Let one of them stand without a condition."
    )
    return [mistake_at(one.keys, message) for one in waiting]


def _two_roles(hyperparameters: Sequence[Hyperparameter]) -> list[Mistake]:
    """One mistake for each hyperparameter that can exist beside another of its name."""
    mistakes = []
    scientific = {one.name for one in hyperparameters if one.role == "scientific"}
    namesakes: dict[str, list[Hyperparameter]] = {}
    for one in hyperparameters:
        if not scientific.issuperset(dict(one.when)):
            continue
        earlier = namesakes.setdefault(one.name, [])
        if other := next((other for other in earlier if _can_meet(one.when, other.when)), None):
            message = (
                f"a hyperparameter has one role at a time (R4), but `{one.name}` "
                f"also stands at `{other.path}`. Remove one of the two."
            )
            mistakes.append(mistake_at(one.keys, message))
        earlier.append(one)
    return mistakes


def _can_meet(left: Condition, right: Condition) -> bool:
    """Whether a study may satisfy both conditions: they ask no two values of one name."""
    pairs = set(left) | set(right)
    return len(pairs) == len(dict(pairs))
