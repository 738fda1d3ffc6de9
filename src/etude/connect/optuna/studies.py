"""Studies as Optuna stores them, the same for a database and a journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import final

# In the order of Optuna's own numbers, which a journal writes.
STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
DIRECTIONS = ("NOT_SET", "MINIMIZE", "MAXIMIZE")
# The study's attribute that names its objectives.
METRIC_NAMES = "study:metric_names"


@final
@dataclass(frozen=True, kw_only=True)
class StoredTrial:
    """A trial as it is stored.

    Args:
        parameters: By name, the number that stands for the value, and the distribution as JSON
            text, which says what the number means.
        values: The returned values, by the position of the objective.
        intermediate_values: The reported values with their steps.
        user_attributes: The keys of its user attributes.
    """

    number: int
    state: str
    parameters: Mapping[str, tuple[float, str]]
    values: Mapping[int, float]
    intermediate_values: tuple[tuple[int, float], ...]
    wall_s: float = 0.0
    user_attributes: frozenset[str] = frozenset()


@final
@dataclass(frozen=True, kw_only=True)
class StoredStudy:
    """A study as it is stored; `objectives` are its metric names, empty where it has none."""

    name: str
    directions: tuple[str, ...]
    objectives: tuple[str, ...]
    trials: tuple[StoredTrial, ...]
    left_out: tuple[str, ...] = ()


def elapsed_s(start: object, end: object) -> float:
    """The seconds between two times as text; 0 where one of them is no time."""
    try:
        elapsed = datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(start))
    except (ValueError, TypeError):
        return 0.0
    return max(elapsed.total_seconds(), 0.0)


def objectives(attribute: object) -> tuple[str, ...]:
    """The names that a study gives its objectives; empty for anything but a list of texts."""
    if not isinstance(attribute, list):
        return ()
    return tuple(name for name in attribute if isinstance(name, str))
