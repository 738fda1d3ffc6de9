"""The reader of Keras Tuner: a project, with `oracle.json` and a folder `trial_ID` for each trial.

Hyperband trains a setting for some epochs only, as `tuner/epochs` says, and calls it completed: its
value is censored where others were trained longer.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ImportFileError, SpaceError
from ..space import Choice, Domain, Integer, Real
from .base import ReadRequest, Row, SourceStudy, SourceTrial
from .parsing import files, scalars
from .renaming import local_name, requested_studies, with_local_names
from .tables.endings import ending

ORACLE, TRIALS = "oracle.json", "trial_*/trial.json"
# The names of the tuner's own among the hyperparameters.
_OWN = "tuner/"
_EPOCHS = "tuner/epochs"


def read(source: Path, request: ReadRequest) -> list[SourceStudy]:
    """A study for each project, named after its folder; a trial's name is its id.

    Raises:
        ImportFileError: for a folder without a trial of Keras Tuner.
    """
    below = sorted(path for path in source.iterdir() if path.is_dir()) if source.is_dir() else []
    places = [place for place in (source, *below) if files.is_inside(source, place)]
    projects = [(place, paths) for place in places if (paths := files.regular_files(place, TRIALS))]
    studies = [_study(place, paths, request) for place, paths in projects]
    filled = [study for study in studies if study.trials]
    if not filled:
        reasons = " ".join(reason for study in studies for reason in study.left_out)
        raise ImportFileError(
            f"`{source}` holds no trial of Keras Tuner (`{TRIALS}`). Give the folder of the "
            f"project, where `{ORACLE}` is. {reasons}".rstrip()
        )
    return requested_studies(filled, source, request)


def _study(place: Path, paths: Sequence[Path], request: ReadRequest) -> SourceStudy:
    left_out = files.outward_links(place, ORACLE, "trial_*", TRIALS)
    contents: list[tuple[str, dict[str, Any]]] = []
    for path in paths:
        try:
            contents.append((path.parent.name.removeprefix("trial_"), scalars.json_file(path)))
        except (ImportFileError, OSError) as error:
            left_out.append(f"{error} So this trial is left out.")
    entries = [entry for _, content in contents for entry in _entries(content)]
    oracle = place / ORACLE
    if files.has_file(place, oracle):
        try:
            entries = [*_entries(scalars.json_file(oracle)), *entries]
        except (ImportFileError, OSError) as error:
            left_out.append(f"{error} The space is that of the trials, therefore.")
    longest = max((_epochs(content) for _, content in contents), default=0)
    trials = [_trial(name, content, longest) for name, content in contents]
    directions = {way for _, content in contents for way in _directions(content, request)}
    return SourceStudy(
        name=place.resolve().name,
        trials=tuple(with_local_names(trial, request) for trial in trials),
        domains=_domains(entries, request),
        maximize=directions == {"max"} if len(directions) == 1 else None,
        left_out=tuple(left_out),
    )


def _table(content: object, *names: str) -> Mapping[str, Any]:
    """The table of this path inside a file; an empty one where it has none."""
    for name in names:
        content = content.get(name) if isinstance(content, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _trial(name: str, content: Mapping[str, Any], longest: int) -> SourceTrial:
    word = str(content.get("status") or "")
    status, reason = ending(word)
    if status == "completed" and _epochs(content) < longest:
        status = "stopped"
    values = _table(content, "hyperparameters", "values")
    entries = _entries(content)
    setting = {
        key: value
        for key, value in values.items()
        if not key.startswith(_OWN) and _is_active(key, values, entries)
    }
    return SourceTrial(
        name=str(content.get("trial_id") or name),
        setting=scalars.flat_setting(setting),
        rows=tuple(_rows(content)),
        status=status,
        reason=reason,
        detail="" if status == "completed" else _detail(word, content),
    )


def _detail(word: str, content: Mapping[str, Any]) -> str:
    said = content.get("message")
    return str(said) if said else f"Keras Tuner says {word or 'nothing'}."


def _epochs(content: Mapping[str, Any]) -> int:
    epochs = _table(content, "hyperparameters", "values").get(_EPOCHS)
    return scalars.whole_step(scalars.float_value(epochs)) or 0


def _rows(content: Mapping[str, Any]) -> Iterator[Row]:
    """Each value of each metric; that of a trial trained several times is the mean."""
    for name, metric in _table(content, "metrics", "metrics").items():
        observations = _table(metric).get("observations")
        for one in observations if isinstance(observations, list) else ():
            values = _table(one).get("value")
            listed = values if isinstance(values, list) else [values]
            numbers = [value for each in listed if (value := scalars.float_value(each)) is not None]
            step = scalars.whole_step(scalars.float_value(_table(one).get("step"))) or 0
            if numbers:
                yield step, name, statistics.fmean(numbers)


def _directions(content: Mapping[str, Any], request: ReadRequest) -> Iterator[str]:
    """The direction of the requested metric, where the tuner knows it."""
    for name, metric in _table(content, "metrics", "metrics").items():
        direction = _table(metric).get("direction")
        if direction in ("min", "max") and request.metric == request.renames.get(name, name):
            yield direction


# --- the space


def _entries(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The hyperparameters that a file states, one for each place where it is asked for."""
    space = _table(content, "hyperparameters").get("space")
    listed = space if isinstance(space, list) else []
    return [one for one in listed if isinstance(_table(one, "config").get("name"), str)]


def _is_active(name: str, values: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the values of others let this hyperparameter exist."""
    own = [_table(entry, "config") for entry in entries if _table(entry, "config")["name"] == name]
    return not own or any(_holds(config, values) for config in own)


def _holds(config: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    listed = config.get("conditions")
    conditions = [_table(one, "config") for one in listed] if isinstance(listed, list) else []
    return all(
        values.get(str(one.get("name"))) in allowed
        for one in conditions
        if isinstance(allowed := one.get("values"), list)
    )


def _domains(entries: Sequence[Mapping[str, Any]], request: ReadRequest) -> dict[str, Domain]:
    domains: dict[str, Domain] = {}
    for entry in entries:
        config = _table(entry, "config")
        name = local_name(config["name"], request)
        if name is None or name in domains or name.startswith(_OWN):
            continue
        try:
            domains[name] = _domain(str(entry.get("class_name")), config)
        except (SpaceError, TypeError, ValueError, KeyError, OverflowError):
            continue  # no domain of ours: the values that were tried tell it
    return domains


def _domain(kind: str, config: Mapping[str, Any]) -> Domain:
    if kind == "Boolean":
        return Choice([False, True])
    if kind == "Choice":
        return Choice(list(config["values"]))
    low, high, log = config["min_value"], config["max_value"], config.get("sampling") == "log"
    if kind == "Int":
        return Integer(int(low), int(high), log=log)
    return Real(float(low), float(high), log=log)
