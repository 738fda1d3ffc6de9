"""Values on test data: recorded, and left out of what anybody looks at until it is asked for (X3).

A look is written down beside the store, `STORE.test-looks.toml`: each one makes the test set worth
less.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ..disk.file import append_whole
from ..errors import RunError, StoreError
from ..experiment import Experiment
from ..experiment.small_file import bytes_of
from ..experiment.toml.write import toml_text
from ..playbook.metrics import is_test_metric, known_metrics
from ..record import Record, Records
from ..wording import did_you_mean

_LOOK = ("experiment", "looked", "command")
_HEAD = "# When test data were looked at, by whatever command (X3).\n"


def test_metrics(experiment: Experiment, records: Records) -> tuple[str, ...]:
    """The metrics of test data that trials have, but the one that they are judged by.

    Source: X3.
    """
    logged = {name for record in records for name in record.points.metrics}
    return tuple(sorted(name for name in logged if _is_hidden(name, experiment)))


def without_test_values(experiment: Experiment, records: Records) -> Records:
    """The same trials without their values on test data; the metric itself stays.

    Source: X3.
    """

    def shown(record: Record) -> Record:
        hidden = [name for name in record.points.names if _is_hidden(name, experiment)]
        if not hidden:
            return record
        return dataclasses.replace(record, points=record.points.without(hidden))

    return records.mapped(shown)


def recorded_metric(metric: str, experiment: Experiment, records: Records) -> str:
    """The name that trials recorded a metric under: its own, or the one that is taken for it.

    Raises:
        RunError: where no trial has a value of it, with those that they have.

    Source: Q2.
    """
    logged = sorted({name for record in records for name in record.points.metrics})
    if metric in logged:
        return metric
    taken = known_metrics(logged, experiment.names, metric=experiment.metric)
    for own, known in taken.items():
        if known == metric and own in logged:
            return own
    near = did_you_mean(metric, logged)
    every = ", ".join(f"`{name}`" for name in logged)
    known_too = f" Recorded: {every}." if near.startswith("Did") else ""
    raise RunError(f"No trial of `{experiment.name}` has a value of `{metric}`. {near}{known_too}")


def values_at_best(record: Record, experiment: Experiment) -> dict[str, float]:
    """The test values of a trial at, or last before, its best step by the metric.

    Source: X3, K1.
    """
    best = record.best(experiment.metric, maximize=experiment.maximize)
    values = {}
    for name in record.points.metrics:
        series = record.series(name)
        until = series.steps_P <= best.step if best else series.steps_P < 0
        if _is_hidden(name, experiment) and until.any():
            values[name] = float(series.values_P[until][-1])
    return values


def record_look(place: Path, name: str, command: str, when: str = "") -> None:
    """Writes down that an experiment's test values are looked at, now where no time is given.

    Raises:
        StoreError: where that cannot be written, so that nobody looks without a trace.

    Source: X3.
    """
    when = when or datetime.now(UTC).isoformat(timespec="seconds")
    entry = {"experiment": name, "looked": when, "command": command}
    lines = "".join(f"{key} = {toml_text(value)}\n" for key, value in entry.items())
    try:
        append_whole(place, f"\n[[look]]\n{lines}", head=_HEAD)
    except OSError as error:
        raise StoreError(
            f"A look at test data is written down in `{place}`, which cannot be written "
            f"({error.strerror}). Make it writable, or look at no test data."
        ) from error


def looks(place: Path) -> list[Mapping[str, str]]:
    """The looks at test data beside a store, oldest first: `experiment`, `looked`, `command`.

    Source: X3.
    """
    if not place.is_file():
        return []
    try:
        written = tomllib.loads(bytes_of(place).decode("utf-8")).get("look", [])
        return [{key: str(look[key]) for key in _LOOK} for look in written]
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise StoreError(
            f"`{place}`, where looks at test data are written down, cannot be read ({error}). "
            "Mend it, or move it away."
        ) from error


def _is_hidden(name: str, experiment: Experiment) -> bool:
    return name != experiment.metric and is_test_metric(name, experiment.names)
