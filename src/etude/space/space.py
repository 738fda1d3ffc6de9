"""Space: the domains that vary together, with the unit cube on one side and settings on the other.

Axes: D hyperparameters that vary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

from ..errors import SpaceError
from .domains import Domain
from .evaluate import holds
from .expression import Expression, parsed
from .values import Scalar


@final
@dataclass(frozen=True)
class Space:
    """The hyperparameters that a study varies, sorted by name: a file's order means nothing.

    Args:
        domains: By name.
        constraints: Expressions that hold in every setting that is tried.
        known: The values of the names in `constraints` that do not vary.

    Raises:
        SpaceError: for a constraint that cannot be read, or with a name that has no value.
    """

    domains: Mapping[str, Domain]
    constraints: tuple[str, ...] = ()
    known: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sorts the domains by name, and reads the constraints."""
        object.__setattr__(self, "domains", dict(sorted(self.domains.items())))
        object.__setattr__(self, "constraints", tuple(self.constraints))
        names = {*self.domains, *self.known}
        for expression in self.expressions:
            if missing := [name for name in expression.names if name not in names]:
                raise SpaceError(
                    f"`{expression.text}` names `{missing[0]}`, which has no value in this space. "
                    "Give it a domain, or its value in `known`."
                )

    @property
    def dimensions(self) -> int:
        """D, the number of hyperparameters that vary."""
        return len(self.domains)

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """The constraints, parsed."""
        return tuple(parsed(text) for text in self.constraints)

    def setting(self, unit_D: Sequence[float]) -> dict[str, Scalar]:
        """The setting at a point of the unit cube, coordinates in the order of the names."""
        pairs = zip(self.domains.items(), unit_D, strict=True)
        return {name: domain.value(float(unit)) for (name, domain), unit in pairs}

    def unit(self, setting: Mapping[str, Scalar]) -> list[float]:
        """The point of the unit cube at which `setting` lies."""
        return [domain.unit(setting[name]) for name, domain in self.domains.items()]

    def admits(self, setting: Mapping[str, Scalar]) -> bool:
        """Whether a setting satisfies every constraint."""
        return all(holds(one, {**self.known, **setting}) for one in self.expressions)
