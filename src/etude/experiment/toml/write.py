"""Values as an experiment file writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from ...space import Choice, Domain, Integer, Scalar
from ..hyperparameter import ROLES, Members, key_path, quoted
from ..methods import KINDS
from ..model import Experiment
from .statements import Keys


def toml_text(value: Domain | Scalar | Sequence[Any] | Mapping[str, Any]) -> str:
    """A value as an experiment file writes it.

    >>> print(toml_text(Integer(1, 64, log=True)))
    { low = 1, high = 64, integer = true, log = true }
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        mantissa, mark, exponent = repr(value).partition("e")
        return f"{mantissa}e{int(exponent)}" if mark else mantissa
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, Choice) and not value.ordered and not value.units:
        return toml_text(value.values)
    if isinstance(value, Sequence):
        return f"[{', '.join(toml_text(each) for each in value)}]"
    parts = value if isinstance(value, Mapping) else _parts(value)
    inner = ", ".join(f"{key_path([key])} = {toml_text(part)}" for key, part in parts.items())
    return f"{{ {inner} }}" if inner else "{}"


def _parts(domain: Domain) -> dict[str, Any]:
    """The keys of a domain's inline table."""
    units = {"units": domain.units} if domain.units else {}
    if isinstance(domain, Choice):
        ordered = {"ordered": True} if domain.ordered else {}
        return {"values": domain.values, **ordered, **units}
    parts: dict[str, Any] = {"low": domain.low, "high": domain.high}
    if isinstance(domain, Integer):
        parts["integer"] = True
    if domain.scale == "log":
        parts["log"] = True
    elif domain.scale != "linear":
        parts["scale"] = domain.scale
    return parts | units | ({"limits": domain.limits} if domain.limits else {})


def dumps(experiment: Experiment) -> str:
    """The experiment as TOML, defaults left out; `loads` gives it back as it was."""
    lines = ["[experiment]", f"name = {quoted(experiment.name)}"]
    for key, each in FIELDS.items():
        value = getattr(experiment, key)
        told = key in KINDS and getattr(experiment, f"{key}_options")  # in a table of its own
        if key != "name" and value != each.default and not told:
            lines.append(f"{key} = {toml_text(value)}")
    for kind in KINDS:
        if options := getattr(experiment, f"{kind}_options"):
            members = {"name": getattr(experiment, kind), **options}
            lines += ["", f"[{kind}]", *_pairs(members)]
    for role in ROLES:
        lines += _table_lines((role,), getattr(experiment, role))
    for one in experiment.configurations:
        lines += ["", "[[configurations]]", *_pairs(one)]
    return "\n".join(lines) + "\n"


def _table_lines(keys: Keys, members: Members) -> Iterator[str]:
    """A table and those of its conditions; a header where no deeper one implies it."""
    plain = _pairs({name: value for name, value in members.items() if name != "when"})
    conditions = members.get("when", {})
    deeper = [
        line
        for name, by_value in conditions.items()
        for line in _condition_lines((*keys, "when", name), by_value)
    ]
    if plain or (len(keys) > 1 and not deeper and "when" not in members):
        yield from ("", f"[{key_path(keys)}]", *plain)
    if "when" in members and not conditions:
        yield from ("", f"[{key_path((*keys, 'when'))}]")
    yield from deeper


def _pairs(members: Mapping[str, Any]) -> list[str]:
    return [f"{key_path([name])} = {toml_text(value)}" for name, value in members.items()]


def _condition_lines(keys: Keys, by_value: Mapping[str, Members]) -> Iterator[str]:
    if not by_value:
        yield from ("", f"[{key_path(keys)}]")
    for text, members in by_value.items():
        yield from _table_lines((*keys, text), members)


TABLES_OF_THEIR_OWN = (*ROLES, "configurations")  # tables beside [experiment]
OPTION_FIELDS = tuple(f"{kind}_options" for kind in KINDS)  # in the tables [search] and [schedule]
FIELDS = {
    each.name: each
    for each in fields(Experiment)
    if each.name not in (*TABLES_OF_THEIR_OWN, *OPTION_FIELDS)
}
