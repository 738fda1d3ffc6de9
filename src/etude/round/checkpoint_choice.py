"""Retrospective selection: of a trial's checkpoints that are left, the best by any metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..experiment.objective import Objective
from ..record import Record
from ..train.predictions import Predicted, read_predictions


def checkpoints_best_first(record: Record, objective: Objective, folder: Path) -> list[Path]:
    """The folders of a trial's checkpoints, the best first, of equals the earlier one.

    Each is judged by the metric at its step, whichever metric that is: training chose which ones
    to keep by its own, and who judges by another chooses among these.

    Args:
        record: The trial.
        objective: What judges.
        folder: That of its checkpoints.

    Source: K1, Q2.
    """
    ranked = sorted(_judged(record, objective))
    paths = (folder / str(step) for _, step in ranked)
    return [path for path in paths if path.is_dir()]


def predictions_of(checkpoints: Sequence[Path]) -> list[Predicted]:
    """What the first of these checkpoints made of chosen examples; none where it saved none.

    Source: E7.
    """
    return read_predictions(*checkpoints[:1])


def _judged(record: Record, objective: Objective) -> Iterator[tuple[float, int]]:
    """The loss and the step of each checkpoint that has a value."""
    series = record.series(objective.metric)
    values = dict(zip(series.steps_P.tolist(), series.values_P.tolist(), strict=True))
    for one in record.checkpoints:
        value = values.get(one.step)
        if value is not None and math.isfinite(value):
            yield objective.loss(value), one.step
