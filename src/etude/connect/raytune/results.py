"""The results of a trial of Ray Tune: `result.json`, or `progress.csv` where that is absent."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from ...errors import ImportFileError
from ...space import Scalar
from ..base import Row
from ..parsing import files, scalars
from ..parsing.scalars import float_value

RESULTS, TABLE = "result.json", "progress.csv"
ITERATION = "training_iteration"
# Names that Ray adds to the reported values: clocks, places, counters.
BOOKKEEPING = frozenset(
    {
        "agent_timesteps_total",
        "checkpoint_dir_name",
        "config",
        "date",
        "done",
        "episodes_this_iter",
        "episodes_total",
        "experiment_id",
        "experiment_tag",
        "hostname",
        "iterations_since_restore",
        "node_ip",
        "pid",
        "should_checkpoint",
        "time_since_restore",
        "time_this_iter_s",
        "time_total_s",
        "timestamp",
        "timesteps_since_restore",
        "timesteps_this_iter",
        "timesteps_total",
        "trial_id",
        "warmup_time",
        "_time_this_iter_s",
        "_timestamp",
        "_training_iteration",
        ITERATION,
    }
)


@final
@dataclass(frozen=True, kw_only=True)
class Results:
    """The results of a trial, under Ray's own names.

    Args:
        iterations: The last `training_iteration`.
        stopped: Whether the last result was marked `done` when it was written: the trial was ended
            from outside. A trial that ends by itself leaves its last result as it was.
        texts: Names of reported values that are no numbers.
        setting_changed: Whether the setting changed during training, as population based training
            changes it.
    """

    rows: tuple[Row, ...] = ()
    iterations: int = 0
    stopped: bool = False
    wall_s: float = 0.0
    texts: frozenset[str] = frozenset()
    setting_changed: bool = False
    left_out: tuple[str, ...] = ()


def trial_results(folder: Path, step: str, wanted_names: frozenset[str]) -> Results | None:
    """The results in the folder of a trial; None where neither file is there.

    Args:
        folder: The trial's folder.
        step: The column that counts steps.
        wanted_names: Names that count as metrics although Ray adds them itself.
    """
    for name, read in ((RESULTS, _from_json), (TABLE, _from_csv)):
        path = folder / name
        if path.is_file() and path.stat().st_size and files.is_inside(folder, path):
            left_out: list[str] = []
            results = combined_results(read(path, left_out), step, wanted_names)
            place = f"`{folder.name}/{name}`"
            return replace(results, left_out=tuple(f"{place}: {reason}" for reason in left_out))
    return None


def combined_results(
    results: Iterable[Mapping[str, Any]], step: str, wanted_names: frozenset[str]
) -> Results:
    """The results in one; the step of a row without a whole number is its position in the file."""
    rows: list[Row] = []
    texts: set[str] = set()
    last_result: Mapping[str, Any] = {}
    setting: Mapping[str, Scalar] | None = None
    setting_changed = False
    for position, result in enumerate(results, start=1):
        steps = _whole_number(values := dict(_flat(result)), step)
        for name, value in values.items():
            if name == step or (name in BOOKKEEPING and name not in wanted_names):
                continue
            number = _number(value)
            if number is not None:
                rows.append((position if steps is None else steps, name, number))
            elif value is not None:
                texts.add(name)
        last_result = result
        if (current_setting := _setting(result)) is not None:
            setting_changed = setting_changed or setting not in (None, current_setting)
            setting = current_setting
    return Results(
        rows=tuple(rows),
        iterations=_whole_number(last_result, ITERATION) or 0,
        stopped=last_result.get("done") in (True, "True"),
        wall_s=_number(last_result.get("time_total_s")) or 0.0,
        texts=frozenset(texts),
        setting_changed=setting_changed,
    )


def _from_json(path: Path, left_out: list[str]) -> Iterator[Mapping[str, Any]]:
    broken_lines = []
    try:
        for number, line in enumerate(files.lines(path), start=1):
            if not line.strip():
                continue
            try:
                result = json.loads(line)
            except (ValueError, RecursionError):
                result = None
            if isinstance(result, dict):
                yield result
            else:
                broken_lines.append(number)
    except ImportFileError as error:
        left_out.append(str(error))
    if broken_lines:
        many = (
            f"{len(broken_lines)} lines, the first line {broken_lines[0]},"
            if broken_lines[1:]
            else ""
        )
        left_out.append(f"{many or f'line {broken_lines[0]}'} cannot be read; left out.")


def _from_csv(path: Path, left_out: list[str]) -> Iterator[Mapping[str, Any]]:
    try:
        for row in csv.DictReader(files.lines(path)):
            yield {name: _cell(text) for name, text in row.items() if isinstance(name, str)}
    except (ImportFileError, csv.Error) as error:
        left_out.append(str(error))


def _cell(text: object) -> object:
    if not isinstance(text, str) or not text:
        return None
    number = scalars.number_from_text(text)
    return text if number is None else number


def _flat(result: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names joined as Ray joins them: `{"valid": {"loss": 1}}` is `valid/loss`."""
    waiting = [(str(name), value, 1) for name, value in reversed(list(result.items()))]
    while waiting:
        name, value, depth = waiting.pop()
        if not isinstance(value, dict) or name == "config" or depth > scalars.MAX_DEPTH:
            yield name, value
            continue
        inner = [(f"{name}/{key}", inner_value, depth + 1) for key, inner_value in value.items()]
        waiting.extend(reversed(inner))


def _setting(result: Mapping[str, Any]) -> dict[str, Scalar] | None:
    """The setting beside a result; None where none can be read."""
    config = result.get("config")
    try:
        return scalars.flat_setting(config) if isinstance(config, dict) else None
    except ImportFileError:
        return None


def _number(value: object) -> float | None:
    """A value as a number; Ray writes a NaN that is not Python's as the text `null`."""
    return float("nan") if value == "null" else float_value(value)


def _whole_number(result: Mapping[str, Any], name: str) -> int | None:
    number = float_value(result.get(name))
    return int(number) if number is not None and number.is_integer() and number < 2**63 else None
