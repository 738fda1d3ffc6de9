"""What Ray Tune recorded: the folder of an experiment, or a folder of such folders (Ray 2).

Nothing of Ray is imported, and no pickle is opened: neither `params.pkl` and `tuner.pkl`, nor those
in hexadecimal inside JSON.

- A study is an experiment's folder, and has its name. Ray keeps the space in a pickle and the
  direction nowhere, so bounds come from the trials, and `--maximize` is the person's to say.
- Settings are those of `params.json`, nested names joined by dots, None and lists as text; metrics
  are joined by slashes, as Ray does. Clocks, places and counters that Ray adds are no metrics.
  A Trainer's settings stand below `train_loop_config.`; `--rename` shortens them.
- Where no trial has the wanted metric and Ray knows the metric that it optimized, that one takes
  the wanted name.
- `training_iteration` is the step, counted from 1. `--rename global_step=step` takes another
  column.
- ERROR is failed; RUNNING and PAUSED are running; PENDING without a result is left out.
- TERMINATED is completed or stopped: Ray has one word for both. It marks a result as `done` before
  it is written where a scheduler or a stopping criterion ends the trial; a function that returns by
  itself leaves its last result unmarked. So a trial is stopped, its value censored, where its last
  result is marked and it is shorter than the criterion's `training_iteration`, or than the longest
  trial where none is given. A class that says `done` itself looks the same, and counts as stopped
  where it is shorter; a scheduler that let no trial reach the end leaves the longest completed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from ...errors import ImportFileError
from ...space import Scalar
from ...wording import join
from .. import renaming
from ..base import Row, SourceStatus, SourceStudy, SourceTrial, Wanted
from ..parsing import files, scalars
from .results import ITERATION, Results, gathered, reported
from .state import PATTERN, State, StatedTrial, plain, state

STATUSES: Mapping[str, SourceStatus] = {
    "TERMINATED": "completed",
    "ERROR": "failed",
    "RUNNING": "running",
    "PAUSED": "running",
    "PENDING": "running",
}
# The name here of the column that counts steps.
STEP = "step"
# For people: the end of an error says what went wrong.
MAX_DETAIL = 2000
# Heuristic: for people, a longer list of names says no more.
MAX_NAMED = 8


@final
@dataclass(frozen=True, kw_only=True)
class _Found:
    """A trial with all that is known of it; `told` is what is not."""

    stated: StatedTrial
    setting: Mapping[str, Scalar]
    results: Results
    detail: str = ""
    told: tuple[str, ...] = ()


def read(source: Path, wanted: Wanted) -> list[SourceStudy]:
    """Every experiment of a folder, or the one that is wanted.

    Raises:
        ImportFileError: for a folder without an experiment of Ray Tune.
    """
    folder = source.parent if source.is_file() and source.match(PATTERN) else source
    if not folder.is_dir():
        raise ImportFileError(
            f"`{source}` is no folder. Name the folder of an experiment, where Ray Tune wrote "
            f"`{PATTERN}`."
        )
    below = sorted(path for path in folder.iterdir() if path.is_dir())
    inner = [path for path in below if files.inside(folder, path) and _is_experiment(path)]
    experiments = [folder] if _is_experiment(folder) else inner
    if not experiments:
        raise ImportFileError(
            f"`{source}` holds no experiment of Ray Tune: neither `{PATTERN}` nor a trial's "
            "`result.json` is in it or one folder below."
        )
    studies = [_study(one, wanted) for one in experiments]
    if not any(one.trials for one in studies):
        reasons = " ".join(reason for one in studies for reason in one.left_out)
        raise ImportFileError(f"`{source}` holds no trial of Ray Tune that can be read. {reasons}")
    return renaming.asked(studies, source, wanted)


def _is_experiment(folder: Path) -> bool:
    return bool(files.files(folder, PATTERN)) or bool(files.files(folder, "*/result.json"))


def _study(folder: Path, wanted: Wanted) -> SourceStudy:
    step = next((there for there, here in wanted.renamed.items() if here == STEP), ITERATION)
    stated = state(folder)
    told = list(stated.left_out)
    trials = [*stated.trials, *_unstated(folder, stated, told)]
    asked = frozenset(wanted.renamed)
    everything = [_found(folder, one, step, asked) for one in trials]
    pending = [one for one in everything if _is_pending(one)]
    found = [one for one in everything if not _is_pending(one)]
    if pending:
        listed = _listed([one.stated.name for one in pending])
        told.append(f"Trials that had not begun, left out: {listed}.")
    told += [sentence for one in found for sentence in one.told]
    told += _lost(found)
    lengths = {one.length for one in stated.trials}
    full = next(iter(lengths)) if len(lengths) == 1 else None
    longest = max((one.results.iterations for one in found), default=0)
    study = renaming.study(
        folder.resolve().name, [_trial(one, longest) for one in found], told, wanted
    )
    names = _names(found, stated.metric, wanted)
    rows = [_named(one.results.rows, names) for one in found]
    return replace(
        study,
        trials=tuple(replace(one, rows=row) for one, row in zip(study.trials, rows, strict=True)),
        max_steps=full if full is not None and step == ITERATION else study.max_steps,
    )


# --- one trial


def _unstated(folder: Path, stated: State, told: list[str]) -> list[StatedTrial]:
    """Folders of trials that the state does not know."""
    known = {one.folder for one in stated.trials}
    found = []
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        if path.name in known:
            continue
        if not files.inside(folder, path):
            told.append(f"`{path}` is a link out of the folder, and was not followed.")
        elif (path / "result.json").is_file() or (path / "params.json").is_file():
            found.append(StatedTrial(name=path.name, folder=path.name, status="", tree={}))
    if found and stated.trials:
        listed = _listed([one.name for one in found])
        told.append(f"Trials that the experiment's state does not know: {listed}.")
    return found


def _found(folder: Path, stated: StatedTrial, step: str, asked: frozenset[str]) -> _Found:
    path = folder / stated.folder
    there = stated.folder not in ("", ".", "..") and path.is_dir()
    if there and files.inside(folder, path):
        setting, told = _setting(path, stated)
        results = reported(path, step, asked)
        detail = _detail(path)
    else:
        setting, told = _flat(stated.tree, stated.name)
        told.append(_absent(path, stated, is_link=there))
        results, detail = None, ""
    if results is None:
        results = gathered([stated.last] if stated.last else [], step, asked)
    if lost := sorted(stated.pickled - setting.keys()):
        told.append(f"Trial {stated.name}: pickled, so not read: {_listed(lost)}.")
    if results.resettled:
        told.append(
            f"Trial {stated.name} changed its setting on the way; it stands here with the last."
        )
    told += results.left_out
    return _Found(stated=stated, setting=setting, results=results, detail=detail, told=tuple(told))


def _absent(path: Path, stated: StatedTrial, *, is_link: bool) -> str:
    why = "is a link out of the folder, and was not followed" if is_link else "is not there"
    rest = "only its last result is known" if stated.last else "none of its results is known"
    return f"Trial {stated.name}: `{path.name}` {why}; {rest}."


def _setting(path: Path, stated: StatedTrial) -> tuple[dict[str, Scalar], list[str]]:
    """The setting of `params.json`; what the state has pickled is an empty text there."""
    parameters = path / "params.json"
    if not parameters.is_file() or not files.inside(path, parameters):
        return _flat(stated.tree, stated.name)
    try:
        setting, told = _flat(plain(scalars.from_json(parameters)), stated.name)
    except ImportFileError as error:
        setting, told = _flat(stated.tree, stated.name)
        return setting, [str(error), *told]
    texts = {name for name in stated.pickled if isinstance(setting.get(name), str)}
    return {name: value for name, value in setting.items() if name not in texts}, told


def _flat(tree: Mapping[str, object], name: str) -> tuple[dict[str, Scalar], list[str]]:
    try:
        return scalars.flat(tree), []
    except ImportFileError as error:
        return {}, [f"Trial {name}: {error}"]


def _detail(path: Path) -> str:
    """The end of what Ray wrote about an error."""
    error = path / "error.txt"
    if not error.is_file() or not files.inside(path, error):
        return ""
    try:
        return files.document(error).strip()[-MAX_DETAIL:]
    except ImportFileError as reason:
        return str(reason)


def _trial(found: _Found, longest: int) -> SourceTrial:
    stated, results = found.stated, found.results
    status = STATUSES.get(stated.status, "unknown")
    full = stated.length or longest
    if status == "completed" and results.stopped and results.iterations < full:
        status = "stopped"
    return SourceTrial(
        name=stated.name,
        setting=found.setting,
        status=status,
        detail=found.detail,
        wall_s=results.wall_s,
    )


def _is_pending(found: _Found) -> bool:
    return found.stated.status == "PENDING" and not found.results.rows


# --- names


def _names(found: Sequence[_Found], metric: str, wanted: Wanted) -> dict[str, str | None]:
    """What each metric is called here; None where it is left out."""
    there = {name for one in found for _, name, _ in one.results.rows}
    names = {name: renaming.here(name, wanted) for name in there}
    if metric in names and wanted.metric not in names.values():
        names[metric] = wanted.metric
    return names


def _named(rows: Sequence[Row], names: Mapping[str, str | None]) -> tuple[Row, ...]:
    named = [(step, names[name], value) for step, name, value in rows]
    return tuple((step, name, value) for step, name, value in named if name is not None)


def _lost(found: Sequence[_Found]) -> list[str]:
    texts = sorted({name for one in found for name in one.results.texts})
    return [f"No numbers, so no metrics: {_listed(texts)}."] if texts else []


def _listed(names: Sequence[str]) -> str:
    return join([f"`{name}`" for name in names], most=MAX_NAMED)
