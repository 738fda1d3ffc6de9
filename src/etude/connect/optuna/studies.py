"""Studies as Optuna keeps them, the same for a database and a journal."""

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
class KeptTrial:
    """A trial as it is written.

    Args:
        parameters: For each name the number that stands for its value, and the JSON text of its
            distribution, which says what the number means.
        values: By the position of the objective.
        reported: Steps and intermediate values.
        notes: The keys of its user attributes.
    """

    number: int
    state: str
    parameters: Mapping[str, tuple[float, str]]
    values: Mapping[int, float]
    reported: tuple[tuple[int, float], ...]
    wall_s: float = 0.0
    notes: frozenset[str] = frozenset()


@final
@dataclass(frozen=True, kw_only=True)
class KeptStudy:
    """A study as it is written; `objectives` are its metric names, empty where it has none."""

    name: str
    directions: tuple[str, ...]
    objectives: tuple[str, ...]
    trials: tuple[KeptTrial, ...]
    left_out: tuple[str, ...] = ()


def elapsed_s(start: object, end: object) -> float:
    """Seconds between two times as text; 0 where one of them is no time."""
    try:
        between = datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(start))
    except (ValueError, TypeError):
        return 0.0
    return max(between.total_seconds(), 0.0)


def objectives(attribute: object) -> tuple[str, ...]:
    """The names that a study gives its objectives; empty for anything but a list of texts."""
    if not isinstance(attribute, list):
        return ()
    return tuple(name for name in attribute if isinstance(name, str))
