"""What a trial of Ray Tune reported: `result.json`, or `progress.csv` where that is absent."""

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
from ..parsing.scalars import real

ITERATION = "training_iteration"
# What Ray writes beside the values that were reported: clocks, places, counters.
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
    """What a trial reported, in Ray's own names.

    Args:
        iterations: The last `training_iteration`.
        stopped: Whether the last result was marked `done` when it was written: the trial was ended
            from outside. One that ends by itself leaves its last result as it was.
        texts: Names of what is reported but is no number.
        resettled: Whether the setting changed on the way, as population based training does.
    """

    rows: tuple[Row, ...] = ()
    iterations: int = 0
    stopped: bool = False
    wall_s: float = 0.0
    texts: frozenset[str] = frozenset()
    resettled: bool = False
    left_out: tuple[str, ...] = ()


def reported(folder: Path, step: str, asked: frozenset[str]) -> Results | None:
    """What is in the folder of a trial; None where neither file is.

    Args:
        folder: The trial's folder.
        step: The column that counts steps.
        asked: Names that are values although Ray keeps books under them.
    """
    for name, read in (("result.json", _from_json), ("progress.csv", _from_csv)):
        path = folder / name
        if path.is_file() and path.stat().st_size and files.inside(folder, path):
            told: list[str] = []
            found = gathered(read(path, told), step, asked)
            where = f"`{folder.name}/{name}`"
            return replace(found, left_out=tuple(f"{where}: {reason}" for reason in told))
    return None


def gathered(results: Iterable[Mapping[str, Any]], step: str, asked: frozenset[str]) -> Results:
    """The rows of results; one without a whole number of steps stands where it is in the file."""
    rows: list[Row] = []
    texts: set[str] = set()
    last: Mapping[str, Any] = {}
    setting: Mapping[str, Scalar] | None = None
    resettled = False
    for at, one in enumerate(results, start=1):
        now = _whole(flat := dict(_flat(one)), step)
        for name, value in flat.items():
            if name == step or (name in BOOKKEEPING and name not in asked):
                continue
            number = _number(value)
            if number is not None:
                rows.append((at if now is None else now, name, number))
            elif value is not None:
                texts.add(name)
        last = one
        if (now_set := _setting(one)) is not None:
            resettled = resettled or setting not in (None, now_set)
            setting = now_set
    return Results(
        rows=tuple(rows),
        iterations=_whole(last, ITERATION) or 0,
        stopped=last.get("done") in (True, "True"),
        wall_s=_number(last.get("time_total_s")) or 0.0,
        texts=frozenset(texts),
        resettled=resettled,
    )


def _from_json(path: Path, told: list[str]) -> Iterator[Mapping[str, Any]]:
    broken = []
    try:
        for number, line in enumerate(files.lines(path), start=1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                yield found
            else:
                broken.append(number)
    except ImportFileError as error:
        told.append(str(error))
    if broken:
        many = f"{len(broken)} lines, the first line {broken[0]}," if broken[1:] else ""
        told.append(f"{many or f'line {broken[0]}'} cannot be read; left out.")


def _from_csv(path: Path, told: list[str]) -> Iterator[Mapping[str, Any]]:
    try:
        for one in csv.DictReader(files.lines(path)):
            yield {name: _cell(text) for name, text in one.items() if isinstance(name, str)}
    except (ImportFileError, csv.Error) as error:
        told.append(str(error))


def _cell(text: object) -> object:
    if not isinstance(text, str) or not text:
        return None
    number = scalars.number(text)
    return text if number is None else number


def _flat(one: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names as Ray joins them: `{"valid": {"loss": 1}}` is `valid/loss`."""
    waiting = [(str(name), value, 1) for name, value in reversed(list(one.items()))]
    while waiting:
        name, value, depth = waiting.pop()
        if not isinstance(value, dict) or name == "config" or depth > scalars.MAX_DEPTH:
            yield name, value
            continue
        inner = [(f"{name}/{key}", below, depth + 1) for key, below in value.items()]
        waiting.extend(reversed(inner))


def _setting(one: Mapping[str, Any]) -> dict[str, Scalar] | None:
    """The setting that stands beside a result; None where there is none that can be read."""
    config = one.get("config")
    try:
        return scalars.flat(config) if isinstance(config, dict) else None
    except ImportFileError:
        return None


def _number(value: object) -> float | None:
    """A value as a number; Ray writes a NaN that is not Python's own as the text `null`."""
    return float("nan") if value == "null" else real(value)


def _whole(one: Mapping[str, Any], name: str) -> int | None:
    number = real(one.get(name))
    return int(number) if number is not None and number.is_integer() and number < 2**63 else None
