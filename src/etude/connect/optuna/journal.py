"""Optuna's journal: one JSON record a line, each an operation, played from the first to the last.

Played as Optuna plays it: trials are counted over all studies, a study that exists is not made
twice, and a trial that has ended changes no more. A worker that died in the middle of a line leaves
half a record, and the next worker goes on behind it: the half is left out, what follows counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, final

from ...errors import ImportFileError
from ..parsing import files
from ..parsing.scalars import real
from .studies import (
    DIRECTIONS,
    METRIC_NAMES,
    STATES,
    KeptStudy,
    KeptTrial,
    elapsed_s,
    objectives,
)

Fields: TypeAlias = Mapping[str, Any]
# What a store can hold.
MAX_STEP = 1 << 63
# Heuristic: a line has one record, and one more for each worker that died in it.
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
    reported: dict[int, float] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)


@final
@dataclass
class _Study:
    name: str
    directions: tuple[str, ...]
    objectives: tuple[str, ...] = ()
    trials: list[_Trial] = field(default_factory=list)


@final
@dataclass
class _Played:
    """What the records so far amount to; a deleted study keeps its place and is None."""

    studies: list[_Study | None] = field(default_factory=list)
    trials: list[_Trial] = field(default_factory=list)

    def study(self, one: Fields) -> _Study:
        at = _whole(one, "study_id")
        found = self.studies[at] if at < len(self.studies) else None
        if found is None:
            raise ImportFileError("names a study that is not there")
        return found

    def trial(self, one: Fields) -> _Trial:
        at = _whole(one, "trial_id")
        if at >= len(self.trials):
            raise ImportFileError("names a trial that is not there")
        if self.trials[at].state in _ENDED:
            raise ImportFileError("changes a trial that had ended")
        return self.trials[at]


def studies(path: Path) -> list[KeptStudy]:
    """Every study of a journal.

    Raises:
        ImportFileError: for a file without a single record.
    """
    played = _Played()
    told: dict[str, list[int]] = {}
    read = 0
    for number, line in enumerate(files.lines(path), start=1):
        for one in _records(line):
            try:
                _play(played, one)
            except ImportFileError as reason:
                told.setdefault(str(reason), []).append(number)
            else:
                read += 1
    if not read:
        raise ImportFileError(
            f"`{path}` is no Optuna journal: none of its lines is a record that can be played. "
            "A journal begins with the record of a study, `op_code` 0."
        )
    left_out = tuple(_sentence(path, reason, lines) for reason, lines in told.items())
    return [_kept(study, left_out) for study in played.studies if study is not None]


def _sentence(path: Path, reason: str, lines: list[int]) -> str:
    many = f"{len(lines)} records, the first in line {lines[0]}," if lines[1:] else ""
    return f"`{path.name}`: {many or f'line {lines[0]}'} left out: {reason}."


def _kept(study: _Study, left_out: tuple[str, ...]) -> KeptStudy:
    trials = tuple(
        KeptTrial(
            number=one.number,
            state=one.state,
            parameters=one.parameters,
            values=one.values,
            reported=tuple(one.reported.items()),
            wall_s=elapsed_s(one.start, one.end),
            notes=frozenset(one.notes),
        )
        for one in study.trials
    )
    return KeptStudy(
        name=study.name,
        directions=study.directions,
        objectives=study.objectives,
        trials=trials,
        left_out=left_out,
    )


def _records(line: str) -> Iterator[object]:
    """The records of a line; None for each piece that is none."""
    line = line.strip()
    decoder = json.JSONDecoder()
    at = 0
    for _ in range(MAX_PIECES):
        if not 0 <= at < len(line):
            return
        try:
            found, at = decoder.raw_decode(line, at)
        except (ValueError, RecursionError):
            found, at = None, line.find(_START, at + 1)
        yield found


def _play(played: _Played, one: object) -> None:
    if not isinstance(one, dict):
        raise ImportFileError("it is half a record, or none")
    code = one.get("op_code")
    if isinstance(code, bool) or not isinstance(code, int) or code not in _OPERATIONS:
        raise ImportFileError("its `op_code` is unknown")
    _OPERATIONS[code](played, one)


def _create_study(played: _Played, one: Fields) -> None:
    name = _text(one, "study_name")
    codes = one.get("directions")
    if not isinstance(codes, list) or not codes:
        raise ImportFileError("has no `directions`")
    if all(study is None or study.name != name for study in played.studies):
        directions = tuple(_member(DIRECTIONS, code, "directions") for code in codes)
        played.studies.append(_Study(name, directions))


def _delete_study(played: _Played, one: Fields) -> None:
    played.study(one)
    played.studies[_whole(one, "study_id")] = None


def _study_attribute(played: _Played, one: Fields) -> None:
    study = played.study(one)
    if METRIC_NAMES in (attributes := _table(one, "system_attr")):
        study.objectives = objectives(attributes[METRIC_NAMES])


def _create_trial(played: _Played, one: Fields) -> None:
    study = played.study(one)
    state = _member(STATES, one.get("state", 0), "state")
    trial = _Trial(
        len(study.trials), state, one.get("datetime_start"), one.get("datetime_complete")
    )
    texts = _table(one, "distributions")
    for name, number in _table(one, "params").items():
        trial.parameters[name] = (_number(number, "params"), str(texts.get(name)))
    value = one.get("value")
    _set_values(trial, one.get("values") if value is None else [value])
    for step, reported in _table(one, "intermediate_values").items():
        trial.reported[_step(int(step) if step.isdecimal() and len(step) < 20 else None)] = _number(
            reported, "intermediate_values"
        )
    trial.notes.update(_table(one, "user_attrs"))
    study.trials.append(trial)
    played.trials.append(trial)


def _set_parameter(played: _Played, one: Fields) -> None:
    trial = played.trial(one)
    number = _number(one.get("param_value_internal"), "param_value_internal")
    trial.parameters[_text(one, "param_name")] = (number, _text(one, "distribution"))


def _set_state(played: _Played, one: Fields) -> None:
    trial = played.trial(one)
    state = _member(STATES, one.get("state"), "state")
    _set_values(trial, one.get("values"))
    if state == "RUNNING" != trial.state:
        trial.start = one.get("datetime_start")
    trial.end = one.get("datetime_complete")
    trial.state = state


def _set_reported(played: _Played, one: Fields) -> None:
    trial = played.trial(one)
    trial.reported[_step(one.get("step"))] = _number(
        one.get("intermediate_value"), "intermediate_value"
    )


def _set_note(played: _Played, one: Fields) -> None:
    played.trial(one).notes.update(_table(one, "user_attr"))


def _nothing(played: _Played, one: Fields) -> None:
    """What bears on no trial's values."""


_OPERATIONS: Mapping[int, Callable[[_Played, Fields], None]] = {
    0: _create_study,
    1: _delete_study,
    2: _nothing,
    3: _study_attribute,
    4: _create_trial,
    5: _set_parameter,
    6: _set_state,
    7: _set_reported,
    8: _set_note,
    9: _nothing,
}


def _set_values(trial: _Trial, values: object) -> None:
    if values is None:
        return
    if not isinstance(values, list):
        raise ImportFileError("has no list of values")
    trial.values = {at: _number(value, "values") for at, value in enumerate(values)}


def _whole(one: Fields, key: str) -> int:
    value = one.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ImportFileError(f"has no `{key}`")
    return value


def _step(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_STEP:
        raise ImportFileError("has no whole number as a step")
    return value


def _text(one: Fields, key: str) -> str:
    value = one.get(key)
    if not isinstance(value, str):
        raise ImportFileError(f"has no `{key}`")
    return value


def _table(one: Fields, key: str) -> dict[str, Any]:
    value = one.get(key, {})
    if not isinstance(value, dict):
        raise ImportFileError(f"has no table `{key}`")
    return value


def _number(value: object, key: str) -> float:
    if (found := real(value)) is None:
        raise ImportFileError(f"has no number in `{key}`")
    return found


def _member(names: tuple[str, ...], code: object, key: str) -> str:
    if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code < len(names):
        raise ImportFileError(f"has an unknown `{key}`")
    return names[code]
