"""What experiments usually have hyperparameters for, by their optimizer and kind of problem."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, final

from .catalogue import known_optimizer


@final
@dataclass(frozen=True, kw_only=True)
class Problem:
    """A kind of problem: the hyperparameters that its published trainings set, and a source.

    Args:
        hyperparameters: Names of the catalogue, beside those of the optimizer.
        source: The rules and a publication.
    """

    hyperparameters: tuple[str, ...]
    source: str


def problem(kind: str) -> Problem:
    """The kind of problem of this name.

    >>> problem("tabular").hyperparameters
    ('batch_size', 'dropout', 'weight_decay')
    """
    return problems()[kind]


@cache
def problems() -> Mapping[str, Problem]:
    """Every kind of problem that `[experiment] kind` may name."""
    return {
        name: Problem(hyperparameters=tuple(table["hyperparameters"]), source=table["source"])
        for name, table in _tables()["kinds"].items()
    }


def of_optimizer(optimizer: str) -> tuple[str, ...]:
    """The hyperparameters of an optimizer, by the catalogue's names; none where it is not known.

    >>> of_optimizer("AdamW"), of_optimizer("lion")
    (('learning_rate', 'beta1', 'beta2', 'epsilon', 'weight_decay'), ())
    """
    return tuple(_tables()["optimizers"].get(known_optimizer(optimizer), ()))


@cache
def _tables() -> Mapping[str, Any]:
    text = files(__package__).joinpath("problems.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
