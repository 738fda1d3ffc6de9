"""An import that is typed again: whether a store holds these results already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...experiment import Experiment
from ...record import POINT, UNKNOWN_SEED, Points, Record, Records
from ...space import Scalar
from ...study import Study
from ..base import Row, SourceTrial
from .assemble import ImportedExperiment
from .trials import trial_end


def difference(imported: ImportedExperiment, stored: Experiment, records: Records) -> str:
    """How a stored import differs from this one, in words; empty where it does not.

    One that waits for its values still differs in nothing, nor does one that is not stored yet.
    """
    if imported.experiment.objective != stored.objective:
        return "it is judged by another metric, or the other way round"
    for study, trials in imported.studies:
        if how := _difference(study, trials, records, stored.metric):
            return how
    is_same = imported.experiment == stored
    return "" if is_same else "its space or its length is another one"


def _difference(study: Study, trials: Sequence[SourceTrial], records: Records, metric: str) -> str:
    stored = records.of_study(study.name)[:]
    if stored and len(stored) != len(trials):
        return f"it has {len(stored)} trials of study `{study.name}`, these are {len(trials)}"
    for trial, record in zip(trials, stored, strict=False):
        if not _is_of(trial, record, study) or not _is_outcome(trial, record, metric):
            return f"trial `{record.name or record.id}` is not the same"
    return ""


def is_whole(imported: ImportedExperiment, records: Records) -> bool:
    """Whether every trial is stored, and none waits for its values."""
    wanted = sum(len(trials) for _, trials in imported.studies)
    return records.count() == wanted and not records.count("pending")


def _is_of(trial: SourceTrial, record: Record, study: Study) -> bool:
    """Whether it is a record of this trial, whatever became of it."""
    seed = UNKNOWN_SEED if trial.seed is None else trial.seed
    is_named = (record.name, record.seed) == (trial.name, seed)
    return is_named and _is_setting(record.setting, study.setting(trial.setting))


def _is_setting(one: Mapping[str, Scalar], other: Mapping[str, Scalar]) -> bool:
    return one.keys() == other.keys() and all(_are_same(one[name], other[name]) for name in one)


def _are_same(one: Scalar, other: Scalar) -> bool:
    return one == other or (one != one and other != other)  # not a number


def _is_outcome(trial: SourceTrial, record: Record, metric: str) -> bool:
    if record.status == "pending":
        return True
    end = trial_end(trial, record.id, metric)
    if end is None:
        return record.status == "running" and _are_points(record, trial.rows)
    outcome = (record.status, record.reason, record.steps)
    return outcome == (end.status, end.reason, end.steps) and _are_points(record, trial.rows)


def _are_points(record: Record, rows: Sequence[Row]) -> bool:
    names = sorted({name for _, name, _ in rows})
    if names != record.points.metrics:
        return False
    codes = {name: code for code, name in enumerate(names)}
    coded = [(step, codes[name], value) for step, name, value in rows]
    points = Points(np.array(coded, POINT), tuple(names))
    return all(_is_series(record, points, name) for name in names)


def _is_series(record: Record, points: Points, name: str) -> bool:
    one, other = record.series(name), points.series(name)
    return np.array_equal(one.steps_P, other.steps_P) and np.array_equal(
        one.values_P, other.values_P, equal_nan=True
    )
