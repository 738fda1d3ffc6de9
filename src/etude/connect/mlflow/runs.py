"""Experiments and runs of MLflow, as both of its stores hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from ..base import Row

PARENT_TAG = "mlflow.parentRunId"


@final
@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that was not deleted.

    Args:
        name: Its run id.
        params: Names and values, all of them text.
        status: MLflow's word: FINISHED, FAILED, KILLED, RUNNING, SCHEDULED.
        parent: The run id of the run around it; empty for none.
    """

    name: str
    params: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    status: str
    wall_s: float
    parent: str = ""


@final
@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Runs that MLflow holds together, and what could not be read of them."""

    name: str
    runs: tuple[Run, ...]
    told: tuple[str, ...] = ()


def wall_s(start_ms: object, end_ms: object) -> float:
    """The seconds between two times of MLflow; 0 where one is missing."""
    if not isinstance(start_ms, int) or not isinstance(end_ms, int):
        return 0.0
    return max(0, end_ms - start_ms) / 1000
