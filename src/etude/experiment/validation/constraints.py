"""The constraints of an experiment: every mistake in them, before any study is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...errors import Mistake, SpaceError
from ...space import Choice, Integer, Real, is_scalar
from ...space.evaluate import NUMBER, Kind, kind_of, kinds
from ...space.expression import Call, Constant, Expression, Name, Tree, parsed
from ...wording import did_you_mean
from ..hyperparameter import Condition, Hyperparameter

_ANY: frozenset[Kind] = frozenset(["number", "text", "truth"])
_SHOWN = 60


def constraint_mistakes(given: object, hyperparameters: Sequence[Hyperparameter]) -> list[Mistake]:
    """One mistake for each constraint that says nothing, or that can never be judged.

    Args:
        given: What stands under `constraints`.
        hyperparameters: Every one of the experiment; what is no domain or value may be anything.
    """
    if not isinstance(given, list | tuple):
        messages = [
            f"needs a list of conditions, found {given!r}. "
            'Write for example ["warmup_steps <= 0.1 * max_steps"].'
        ]
    else:
        by_name: dict[str, list[Hyperparameter]] = {}
        for hyperparameter in hyperparameters:
            by_name.setdefault(hyperparameter.name, []).append(hyperparameter)
        messages = [_message(text, by_name) for text in given]
    return [
        Mistake(where="experiment.constraints", message=message) for message in messages if message
    ]


def _message(text: object, by_name: Mapping[str, list[Hyperparameter]]) -> str:
    """What is wrong with one constraint; empty for nothing."""
    if not isinstance(text, str):
        return f"holds conditions in quotes, found {text!r}. Put it in quotes."
    try:
        expression = parsed(text)
        message = _names_message(expression, by_name) or _kinds_message(expression, by_name)
    except SpaceError as error:
        message = str(error)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return message and f"{message} Found in {shown!r}."


def _names_message(expression: Expression, by_name: Mapping[str, list[Hyperparameter]]) -> str:
    if not expression.names:
        return "a constraint names at least one hyperparameter. Leave it out."
    if "max_steps" in expression.names and "max_steps" in by_name:
        return (
            "`max_steps` is a key of [experiment] and a hyperparameter too, so a constraint on it "
            "could mean either (T4). Give the hyperparameter another name."
        )
    known = sorted({*by_name, "max_steps"})
    for name in expression.names:
        if name not in known:
            near = did_you_mean(name, known)
            return f"a constraint names hyperparameters and `max_steps`, found `{name}`. {near}"
    if _common_conditions(expression.names, by_name):
        return ""
    names = ", ".join(f"`{name}`" for name in expression.names)
    return (
        f"{names} never exist in the same study (R11), so that no study can apply it. "
        "Name what exists together, or leave it out."
    )


def _common_conditions(
    names: Sequence[str], by_name: Mapping[str, list[Hyperparameter]]
) -> set[Condition]:
    """The conditions under which all the names exist together; () for always, none for never."""
    conditions: set[Condition] = {()}
    for name in names:
        variants = {variant.when for variant in by_name.get(name, [])}
        variants |= {()} if name == "max_steps" else set()
        # Two conditions agree where their pairs give no name two values.
        conditions = {
            tuple(sorted(pairs))
            for condition in conditions
            for variant in variants
            if len(pairs := {*condition, *variant}) == len(dict(pairs))
        }
    return conditions


def _kinds_message(expression: Expression, by_name: Mapping[str, list[Hyperparameter]]) -> str:
    of_names: dict[str, frozenset[Kind]] = {
        name: frozenset(kind for one in by_name.get(name, []) for kind in _kinds_of(one.value))
        for name in expression.names
    }
    if "max_steps" in of_names:
        of_names["max_steps"] |= NUMBER
    if "truth" not in kinds(expression.tree, of_names):
        return "a constraint says whether something holds, and this is a value. Compare it."
    for name, text in _texts(expression.tree):
        values = [value for one in by_name.get(name, []) for value in _values(one.value)]
        if values and text not in values and not any(value is None for value in values):
            texts = [value for value in values if isinstance(value, str)]
            return f"`{name}` is never {text!r}. {did_you_mean(text, texts)}"
    return ""


def _kinds_of(value: object) -> frozenset[Kind]:
    if isinstance(value, Real | Integer):
        return NUMBER
    if isinstance(value, Choice):
        return frozenset(kind_of(known) for known in value.values)
    return frozenset([kind_of(value)]) if is_scalar(value) else _ANY


def _values(value: object) -> tuple[object, ...]:
    """The values that a domain may give; (None,) where they cannot be listed."""
    if isinstance(value, Choice):
        return value.values
    return (value,) if is_scalar(value) else (None,)


def _texts(tree: Tree) -> Iterator[tuple[str, str]]:
    """Each name that is compared with a text, and the text."""
    if not isinstance(tree, Call):
        return
    match tree.arguments:
        case (Name(name), Constant(str() as text)) | (Constant(str() as text), Name(name)):
            yield name, text
    for argument in tree.arguments:
        yield from _texts(argument)
