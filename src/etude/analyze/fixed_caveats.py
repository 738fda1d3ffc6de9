"""What was held fixed: every conclusion holds only there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from ..finding import Finding
from ..space import Scalar
from ..study import Study


@final
@dataclass(frozen=True)
class Caveat:
    """A hyperparameter held at one value, in the studies named."""

    hyperparameter: str
    value: Scalar
    studies: tuple[str, ...]


@final
@dataclass(frozen=True)
class FixedCaveats:
    """Every fixed hyperparameter and value once, by name; `studies` are all there are."""

    caveats: tuple[Caveat, ...]
    studies: tuple[str, ...]


def fixed_caveats(studies: Sequence[Study]) -> FixedCaveats:
    """Every fixed hyperparameter with its value and the studies that hold it.

    Source: R5.
    """
    raise NotImplementedError


def findings(result: FixedCaveats) -> list[Finding]:
    """One finding a hyperparameter and value.

    Source: R5.
    """
    raise NotImplementedError
