"""The state file of an experiment of Ray Tune, `experiment_state-*.json`, and its trials.

Objects that Ray could not write as JSON are pickles in hexadecimal there. Nothing is unpickled; a
message names the settings that hold one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from ...errors import ImportFileError
from ..parsing import files, scalars

PATTERN = "experiment_state-*.json"
PICKLED = "CLOUDPICKLE_FALLBACK"
_LEADING_NUMBER = re.compile(r"\d+")


@final
@dataclass(frozen=True, kw_only=True)
class StateTrial:
    """A trial as the experiment's state has it.

    Args:
        folder: The name of its folder in the experiment's; empty where none is stated.
        config: Its setting, nested as it was given, without pickled values.
        pickled: The names of the pickled values, joined by dots.
        last_result: Its last result.
        length: The `training_iteration` at which it was to stop; None where none is stated.
    """

    name: str
    folder: str
    status: str
    config: Mapping[str, Any]
    pickled: frozenset[str] = frozenset()
    last_result: Mapping[str, Any] = field(default_factory=dict)
    length: int | None = None
    position: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class State:
    """An experiment: its trials in the order in which they were created, and its metric."""

    trials: tuple[StateTrial, ...] = ()
    metric: str = ""
    left_out: tuple[str, ...] = ()


def experiment_state(folder: Path) -> State:
    """The content of an experiment's newest state file, and why some of it cannot be read."""
    state_files = files.regular_files(folder, PATTERN)
    if not state_files:
        return State(
            left_out=(
                f"`{folder.name}` has no `{PATTERN}`: how its trials ended is unknown where no "
                "`error.txt` tells.",
            )
        )
    # The names end in the time at which a run, or its resumption, began.
    newest_file = state_files[-1]
    try:
        content = scalars.json_file(newest_file)
    except ImportFileError as error:
        return State(
            left_out=(
                f"{error} How the trials of `{folder.name}` ended is unknown where no `error.txt` "
                "tells.",
            )
        )
    trials = []
    left_out = []
    for at, entry in enumerate(_entries(content)):
        try:
            trials.append(_trial(entry, at))
        except ImportFileError as error:
            left_out.append(f"`{newest_file.name}`, trial {at + 1}: {error}")
    trials.sort(key=lambda trial: trial.position)
    metric = _table(content.get("runner_data")).get("_metric")
    return State(
        trials=tuple(trials),
        metric=metric if isinstance(metric, str) else "",
        left_out=tuple(left_out),
    )


def _entries(content: Mapping[str, Any]) -> list[Any]:
    """The trials: `trial_data` since Ray 2.5, `checkpoints` before."""
    for key in ("trial_data", "checkpoints"):
        if isinstance(entries := content.get(key), list):
            return entries
    return []


def _trial(entry: object, at: int) -> StateTrial:
    """A trial from its JSON texts: its definition, and where there is a second, its course."""
    keys: dict[str, Any] = {}
    for part in entry if isinstance(entry, list) else [entry]:
        keys |= part if isinstance(part, dict) else _json_entry(part)
    name = keys.get("trial_id")
    if not isinstance(name, str):
        raise ImportFileError("it has no `trial_id`.")
    pickled: set[str] = set()
    config = plain_setting(_table(keys.get("config")), pickled)
    log_folder = keys.get("relative_logdir") or keys.get("logdir") or ""
    tag_number = _LEADING_NUMBER.match(str(keys.get("experiment_tag", "")))
    length = _table(keys.get("stopping_criterion")).get("training_iteration")
    return StateTrial(
        name=name,
        folder=Path(log_folder).name if isinstance(log_folder, str) else "",
        status=str(keys.get("status", "")),
        config=config,
        pickled=frozenset(pickled),
        last_result=_table(keys.get("last_result")),
        length=length if isinstance(length, int) and length > 0 else None,
        position=int(tag_number.group()[:9]) if tag_number else at,
    )


def _json_entry(text: object) -> dict[str, Any]:
    return scalars.json_object(text, "its entry") if isinstance(text, str) else {}


def plain_setting(config: Mapping[str, Any], pickled: set[str] | None = None) -> dict[str, Any]:
    """The setting with None as text and without pickled values, whose names are collected.

    >>> plain_setting({"net": {"norm": None}})
    {'net': {'norm': 'None'}}
    """
    return _plain_setting(config, "", set() if pickled is None else pickled, 1)


def _plain_setting(
    config: Mapping[str, Any], path: str, pickled: set[str], depth: int
) -> dict[str, Any]:
    setting: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{path}{key}"
        if isinstance(value, dict) and value.get("_type") == PICKLED:
            pickled.add(name)
        elif isinstance(value, dict) and depth <= scalars.MAX_DEPTH:
            setting[key] = _plain_setting(value, f"{name}.", pickled, depth + 1)
        else:
            setting[key] = "None" if value is None else value
    return setting


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
