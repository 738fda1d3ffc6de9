"""Experiments and runs of MLflow, the same for both of its stores."""

from __future__ import annotations

from collections.abc import Sequence
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
        parent: The run id of its parent run; empty for none.
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
    """An experiment of MLflow with its runs; `left_out` says what of it could not be read."""

    name: str
    runs: tuple[Run, ...]
    left_out: tuple[str, ...] = ()


def deleted_experiment(name: str) -> Experiment:
    """An experiment that was deleted in MLflow, without runs."""
    message = f"The experiment `{name}` was deleted in MLflow, and is left out."
    return Experiment(name=name, runs=(), left_out=(message,))


def without_deleted(
    name: str, runs: Sequence[Run | None], left_out: Sequence[str] = ()
) -> Experiment:
    """An experiment without its deleted runs, for which None stands."""
    messages = list(left_out)
    if deleted := sum(run is None for run in runs):
        messages.append(f"Runs of `{name}` deleted in MLflow, and left out: {deleted}.")
    return Experiment(
        name=name,
        runs=tuple(run for run in runs if run is not None),
        left_out=tuple(messages),
    )


def wall_s(start_ms: object, end_ms: object) -> float:
    """The seconds between two times of MLflow; 0 where one is missing."""
    if not isinstance(start_ms, int) or not isinstance(end_ms, int):
        return 0.0
    return max(0, end_ms - start_ms) / 1000
