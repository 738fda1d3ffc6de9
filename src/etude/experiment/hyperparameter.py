"""Hyperparameter: one name in one role, under the scientific values it exists for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

from ..space import Domain, Scalar, value_text
from ..text.signs import escaped, storable

Role: TypeAlias = Literal["scientific", "nuisance", "fixed"]
Condition: TypeAlias = tuple[tuple[str, str], ...]
Members: TypeAlias = Mapping[str, Any]
# The steps to a key of an experiment file.
Keys: TypeAlias = tuple[str, ...]

ROLES: tuple[Role, ...] = ("scientific", "nuisance", "fixed")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@final
@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter in its role; `when` lists the scientific values it exists under (R11).

    `value` is a Choice when scientific, a Domain when nuisance, a plain value when fixed.
    """

    name: str
    role: Role
    value: Domain | Scalar
    when: Condition = ()

    @property
    def table(self) -> tuple[str, ...]:
        """The steps to the table that it stands in."""
        return table_keys(self.role, self.when)

    @property
    def keys(self) -> tuple[str, ...]:
        """The steps to its key in an experiment file."""
        return (*self.table, self.name)

    @property
    def path(self) -> str:
        """Its key in an experiment file, for example `nuisance.when.optimizer.adam.beta1`."""
        return key_path(self.keys)

    def exists(self, scientific: Mapping[str, Scalar]) -> bool:
        """Whether it exists under these scientific values."""
        return all(
            name in scientific and value_text(scientific[name]) == text for name, text in self.when
        )


def flat(role: Role, members: Members, when: Condition = ()) -> Iterator[Hyperparameter]:
    """The hyperparameters of a role one by one, the nested `when` tables unfolded."""
    for name, value in members.items():
        if name != "when":
            yield Hyperparameter(name, role, value, when)
            continue
        for scientific, by_value in value.items():
            for text, inner in by_value.items():
                yield from flat(role, inner, (*when, (scientific, text)))


def table_keys(role: Role, when: Condition) -> tuple[str, ...]:
    """The steps to the table of a role under these conditions."""
    return (role, *(step for name, text in when for step in ("when", name, text)))


def key_path(keys: Sequence[str]) -> str:
    """The steps to a key as TOML writes them, quoted where they must be.

    >>> key_path(["nuisance", "when", "rate", "0.1", "momentum"])
    'nuisance.when.rate."0.1".momentum'
    """
    return ".".join(key if _BARE.fullmatch(key) else quoted(key) for key in keys)


def key_steps(path: str) -> tuple[str, ...]:
    """The steps of a path that `key_path` wrote.

    >>> key_steps('nuisance.when.rate."0.1".momentum')
    ('nuisance', 'when', 'rate', '0.1', 'momentum')
    """
    steps = []
    inner: Any = tomllib.loads(f"[{path}]")
    while inner:
        [(step, inner)] = inner.items()
        steps.append(step)
    return tuple(steps)


def quoted(text: str) -> str:
    """A text as TOML writes it: JSON's escapes, and others for what acts or hides.

    >>> quoted("adam")
    '"adam"'
    """
    written = json.dumps(storable(text), ensure_ascii=False)
    return escaped(written, lambda sign: f"\\U{ord(sign):08x}")
