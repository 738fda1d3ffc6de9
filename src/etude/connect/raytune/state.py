"""What Ray Tune states of an experiment as a whole: `experiment_state-*.json`, and its trials.

Objects that Ray could not write as JSON are pickles in hexadecimal there. They stay what they are:
a setting that holds one is told, nothing is unpickled.
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
_LEADING = re.compile(r"\d+")


@final
@dataclass(frozen=True, kw_only=True)
class StatedTrial:
    """A trial as the experiment's state tells it.

    Args:
        folder: The name of its folder in the experiment's; empty where none is stated.
        tree: Its setting, nested as it was given, without what is pickled.
        pickled: The names of what is pickled in it, joined by dots.
        last: Its last result.
        length: The `training_iteration` at which it was to stop; None where nothing says so.
    """

    name: str
    folder: str
    status: str
    tree: Mapping[str, Any]
    pickled: frozenset[str] = frozenset()
    last: Mapping[str, Any] = field(default_factory=dict)
    length: int | None = None
    position: int = 0


@final
@dataclass(frozen=True, kw_only=True)
class State:
    """The experiment: its trials in the order in which they were made, and its own metric."""

    trials: tuple[StatedTrial, ...] = ()
    metric: str = ""
    left_out: tuple[str, ...] = ()


def state(folder: Path) -> State:
    """What the newest state file of an experiment says; of what cannot be read, why."""
    found = files.files(folder, PATTERN)
    if not found:
        return State(
            left_out=(f"`{folder.name}` has no `{PATTERN}`: how its trials ended is unknown.",)
        )
    # The names end in the time at which a run, or its resumption, began.
    newest = found[-1]
    try:
        whole = scalars.from_json(newest)
    except ImportFileError as error:
        return State(left_out=(f"{error} How the trials of `{folder.name}` ended is unknown.",))
    trials = []
    told = []
    for at, entry in enumerate(_entries(whole)):
        try:
            trials.append(_trial(entry, at))
        except ImportFileError as error:
            told.append(f"`{newest.name}`, trial {at + 1}: {error}")
    trials.sort(key=lambda one: one.position)
    metric = _table(whole.get("runner_data")).get("_metric")
    return State(
        trials=tuple(trials),
        metric=metric if isinstance(metric, str) else "",
        left_out=tuple(told),
    )


def _entries(whole: Mapping[str, Any]) -> list[Any]:
    """The trials: `trial_data` since Ray 2.5, `checkpoints` before."""
    for key in ("trial_data", "checkpoints"):
        if isinstance(found := whole.get(key), list):
            return found
    return []


def _trial(entry: object, at: int) -> StatedTrial:
    """A trial from its one or two JSON texts: what it is, and how it went."""
    known: dict[str, Any] = {}
    for part in entry if isinstance(entry, list) else [entry]:
        known |= part if isinstance(part, dict) else _parsed(part)
    name = known.get("trial_id")
    if not isinstance(name, str):
        raise ImportFileError("it has no `trial_id`.")
    pickled: set[str] = set()
    tree = plain(_table(known.get("config")), pickled)
    where = known.get("relative_logdir") or known.get("logdir") or ""
    number = _LEADING.match(str(known.get("experiment_tag", "")))
    length = _table(known.get("stopping_criterion")).get("training_iteration")
    return StatedTrial(
        name=name,
        folder=Path(where).name if isinstance(where, str) else "",
        status=str(known.get("status", "")),
        tree=tree,
        pickled=frozenset(pickled),
        last=_table(known.get("last_result")),
        length=length if isinstance(length, int) and length > 0 else None,
        position=int(number.group()[:9]) if number else at,
    )


def _parsed(text: object) -> dict[str, Any]:
    return scalars.json_object(text, "its entry") if isinstance(text, str) else {}


def plain(tree: Mapping[str, Any], pickled: set[str] | None = None) -> dict[str, Any]:
    """The tree with None as text and without what is pickled, whose names are gathered.

    >>> plain({"net": {"norm": None}})
    {'net': {'norm': 'None'}}
    """
    return _plain(tree, "", set() if pickled is None else pickled, 1)


def _plain(tree: Mapping[str, Any], path: str, pickled: set[str], depth: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{path}{key}"
        if isinstance(value, dict) and value.get("_type") == PICKLED:
            pickled.add(name)
        elif isinstance(value, dict) and depth <= scalars.MAX_DEPTH:
            kept[key] = _plain(value, f"{name}.", pickled, depth + 1)
        else:
            kept[key] = "None" if value is None else value
    return kept


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
