"""Values as an experiment file writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...space import Domain, Scalar
from ..experiment import Experiment
from ..hyperparameter import ROLES, Keys, Members, key_path, quoted
from ..methods import KINDS
from ..tables import plain_value, tables_of


def toml_text(value: Domain | Scalar | Sequence[Any] | Mapping[str, Any]) -> str:
    """A value as an experiment file writes it.

    >>> from etude.space import Integer
    >>> print(toml_text(Integer(1, 64, log=True)))
    { low = 1, high = 64, integer = true, log = true }
    """
    plain = plain_value(value)
    if isinstance(plain, str):
        return quoted(plain)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float):
        mantissa, mark, exponent = repr(plain).partition("e")
        return f"{mantissa}e{int(exponent)}" if mark else mantissa
    if isinstance(plain, int):
        return repr(plain)
    if isinstance(plain, Sequence):
        return f"[{', '.join(toml_text(part) for part in plain)}]"
    inner = ", ".join(f"{key_path([key])} = {toml_text(part)}" for key, part in plain.items())
    return f"{{ {inner} }}" if inner else "{}"


def dumps(experiment: Experiment) -> str:
    """The experiment as TOML, defaults left out; `loads` gives it back as it was."""
    tables = tables_of(experiment)
    lines = ["[experiment]", *_pairs(tables["experiment"])]
    for kind in KINDS:
        if kind in tables:
            lines += ["", f"[{kind}]", *_pairs(tables[kind])]
    for role in ROLES:
        lines += _table_lines((role,), tables.get(role, {}))
    for key in ("names", "resources", "track"):
        if key in tables:
            lines += ["", f"[{key}]", *_pairs(tables[key])]
    for row in tables.get("configurations", ()):
        lines += ["", "[[configurations]]", *_pairs(row)]
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
