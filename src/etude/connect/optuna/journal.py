"""The journal of Optuna: a line is a JSON record of an operation, replayed from first to last.

Records are replayed as Optuna replays them: trials are counted over all studies, a study that
exists is not created twice, and a trial that has ended changes no more. A worker that died in the
middle of a line leaves half a record, and the next worker writes behind it: the half is left out,
and what follows counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, final

from ...errors import ImportFileError
from ..parsing import files
from ..parsing.scalars import float_value
from .studies import (
    DIRECTIONS,
    METRIC_NAMES,
    STATES,
    StoredStudy,
    StoredTrial,
    elapsed_s,
    objectives,
)

Fields: TypeAlias = Mapping[str, Any]
# The largest step that a store can hold.
MAX_STEP = 1 << 63
# Heuristic: a line has one record, and another for each worker that died in it.
MAX_PIECES = 16
_START = '{"op_code"'
_ENDED = ("COMPLETE", "PRUNED", "FAIL")


@final
@dataclass
class _Trial:
    number: int
    state: str
    start: object
    end: object = None
    parameters: dict[str, tuple[float, str]] = field(default_factory=dict)
    values: dict[int, float] = field(default_factory=dict)
    intermediate_values: dict[int, float] = field(default_factory=dict)
    user_attributes: set[str] = field(default_factory=set)


@final
@dataclass
class _Study:
    name: str
    directions: tuple[str, ...]
    objectives: tuple[str, ...] = ()
    trials: list[_Trial] = field(default_factory=list)


@final
@dataclass
class _Replay:
    """The studies and trials after the records so far; None stands for a deleted study."""

    studies: list[_Study | None] = field(default_factory=list)
    trials: list[_Trial] = field(default_factory=list)

    def study(self, record: Fields) -> _Study:
        index = _index(record, "study_id")
        study = self.studies[index] if index < len(self.studies) else None
        if study is None:
            raise ImportFileError("names a study that is not there")
        return study

    def trial(self, record: Fields) -> _Trial:
        index = _index(record, "trial_id")
        if index >= len(self.trials):
            raise ImportFileError("names a trial that is not there")
        if self.trials[index].state in _ENDED:
            raise ImportFileError("changes a trial that had ended")
        return self.trials[index]


def studies(path: Path) -> list[StoredStudy]:
    """Every study of a journal.

    Raises:
        ImportFileError: for a file without a single record.
    """
    replay = _Replay()
    lines_of: dict[str, list[int]] = {}
    replayed = 0
    for number, line in enumerate(files.lines(path), start=1):
        for record in _records(line):
            try:
                _apply(replay, record)
            except ImportFileError as reason:
                lines_of.setdefault(str(reason), []).append(number)
            else:
                replayed += 1
    if not replayed:
        raise ImportFileError(
            f"`{path}` is no Optuna journal: none of its lines is a record that can be played. "
            "A journal begins with the record of a study, `op_code` 0."
        )
    left_out = tuple(_message(path, reason, lines) for reason, lines in lines_of.items())
    return [_stored_study(study, left_out) for study in replay.studies if study is not None]


def _message(path: Path, reason: str, lines: list[int]) -> str:
    several = f"{len(lines)} records, the first in line {lines[0]}," if lines[1:] else ""
    return f"`{path.name}`: {several or f'line {lines[0]}'} left out: {reason}."


def _stored_study(study: _Study, left_out: tuple[str, ...]) -> StoredStudy:
    trials = tuple(
        StoredTrial(
            number=trial.number,
            state=trial.state,
            parameters=trial.parameters,
            values=trial.values,
            intermediate_values=tuple(trial.intermediate_values.items()),
            wall_s=elapsed_s(trial.start, trial.end),
            user_attributes=frozenset(trial.user_attributes),
        )
        for trial in study.trials
    )
    return StoredStudy(
        name=study.name,
        directions=study.directions,
        objectives=study.objectives,
        trials=trials,
        left_out=left_out,
    )


def _records(line: str) -> Iterator[object]:
    """The records of a line; None for each piece that is no record."""
    line = line.strip()
    decoder = json.JSONDecoder()
    position = 0
    for _ in range(MAX_PIECES):
        if not 0 <= position < len(line):
            return
        try:
            record, position = decoder.raw_decode(line, position)
        except (ValueError, RecursionError):
            record, position = None, line.find(_START, position + 1)
        yield record


def _apply(replay: _Replay, record: object) -> None:
    if not isinstance(record, dict):
        raise ImportFileError("it is half a record, or none")
    code = record.get("op_code")
    if isinstance(code, bool) or not isinstance(code, int) or code not in _OPERATIONS:
        raise ImportFileError("its `op_code` is unknown")
    _OPERATIONS[code](replay, record)


def _create_study(replay: _Replay, record: Fields) -> None:
    name = _text(record, "study_name")
    codes = record.get("directions")
    if not isinstance(codes, list) or not codes:
        raise ImportFileError("has no `directions`")
    if all(study is None or study.name != name for study in replay.studies):
        directions = tuple(_name_of(DIRECTIONS, code, "directions") for code in codes)
        replay.studies.append(_Study(name, directions))


def _delete_study(replay: _Replay, record: Fields) -> None:
    replay.study(record)
    replay.studies[_index(record, "study_id")] = None


def _study_attribute(replay: _Replay, record: Fields) -> None:
    study = replay.study(record)
    if METRIC_NAMES in (attributes := _table(record, "system_attr")):
        study.objectives = objectives(attributes[METRIC_NAMES])


def _create_trial(replay: _Replay, record: Fields) -> None:
    study = replay.study(record)
    state = _name_of(STATES, record.get("state", 0), "state")
    trial = _Trial(
        len(study.trials), state, record.get("datetime_start"), record.get("datetime_complete")
    )
    texts = _table(record, "distributions")
    for name, number in _table(record, "params").items():
        trial.parameters[name] = (_number(number, "params"), str(texts.get(name)))
    value = record.get("value")
    _set_values(trial, record.get("values") if value is None else [value])
    for text, reported in _table(record, "intermediate_values").items():
        step = _step(int(text) if text.isdecimal() and len(text) < 20 else None)
        trial.intermediate_values[step] = _number(reported, "intermediate_values")
    trial.user_attributes.update(_table(record, "user_attrs"))
    study.trials.append(trial)
    replay.trials.append(trial)


def _set_parameter(replay: _Replay, record: Fields) -> None:
    trial = replay.trial(record)
    number = _number(record.get("param_value_internal"), "param_value_internal")
    trial.parameters[_text(record, "param_name")] = (number, _text(record, "distribution"))


def _set_state(replay: _Replay, record: Fields) -> None:
    trial = replay.trial(record)
    state = _name_of(STATES, record.get("state"), "state")
    _set_values(trial, record.get("values"))
    if state == "RUNNING" != trial.state:
        trial.start = record.get("datetime_start")
    trial.end = record.get("datetime_complete")
    trial.state = state


def _set_intermediate_value(replay: _Replay, record: Fields) -> None:
    trial = replay.trial(record)
    trial.intermediate_values[_step(record.get("step"))] = _number(
        record.get("intermediate_value"), "intermediate_value"
    )


def _set_user_attribute(replay: _Replay, record: Fields) -> None:
    replay.trial(record).user_attributes.update(_table(record, "user_attr"))


def _ignore(replay: _Replay, record: Fields) -> None:
    """An operation that changes no value of a trial."""


_OPERATIONS: Mapping[int, Callable[[_Replay, Fields], None]] = {
    0: _create_study,
    1: _delete_study,
    2: _ignore,
    3: _study_attribute,
    4: _create_trial,
    5: _set_parameter,
    6: _set_state,
    7: _set_intermediate_value,
    8: _set_user_attribute,
    9: _ignore,
}


def _set_values(trial: _Trial, values: object) -> None:
    if values is None:
        return
    if not isinstance(values, list):
        raise ImportFileError("has no list of values")
    trial.values = {at: _number(value, "values") for at, value in enumerate(values)}


def _index(record: Fields, key: str) -> int:
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ImportFileError(f"has no `{key}`")
    return value


def _step(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_STEP:
        raise ImportFileError("has no whole number as a step")
    return value


def _text(record: Fields, key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str):
        raise ImportFileError(f"has no `{key}`")
    return value


def _table(record: Fields, key: str) -> dict[str, Any]:
    value = record.get(key, {})
    if not isinstance(value, dict):
        raise ImportFileError(f"has no table `{key}`")
    return value


def _number(value: object, key: str) -> float:
    if (number := float_value(value)) is None:
        raise ImportFileError(f"has no number in `{key}`")
    return number


def _name_of(names: tuple[str, ...], code: object, key: str) -> str:
    if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code < len(names):
        raise ImportFileError(f"has an unknown `{key}`")
    return names[code]
