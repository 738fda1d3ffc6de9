"""Hyperparameter: one name in one role, under the scientific values it exists for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final

from .space import Domain, Scalar, value_text

Role: TypeAlias = Literal["scientific", "nuisance", "fixed"]
Condition: TypeAlias = tuple[tuple[str, str], ...]
Members: TypeAlias = Mapping[str, Any]

ROLES: tuple[Role, ...] = ("scientific", "nuisance", "fixed")


@final
@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter in its role, where `when` lists the scientific values it exists under (R11).

    `value` is a Choice when scientific, a Domain when nuisance, a plain value when fixed.
    """

    name: str
    role: Role
    value: Domain | Scalar
    when: Condition = ()

    @property
    def path(self) -> str:
        """Its key in an experiment file, for example `nuisance.when.optimizer.adam.beta1`."""
        steps = [step for name, value in self.when for step in ("when", name, value)]
        return ".".join([self.role, *steps, self.name])

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
