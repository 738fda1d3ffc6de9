"""The reader of Ray Tune (Ray 2): the folder of an experiment, or a folder of such folders.

Nothing of Ray is imported, and no pickle is opened: neither `params.pkl` and `tuner.pkl`, nor those
in hexadecimal inside JSON.

- A study is an experiment's folder, and has its name. Ray keeps the space in a pickle and the
  direction nowhere, so bounds come from the trials, and `--maximize` is the person's to say.
- Settings are those of `params.json`, nested names joined by dots, None and lists as text; metrics
  are joined by slashes, as Ray does. Clocks, places and counters that Ray adds are no metrics.
  A Trainer's settings stand below `train_loop_config.`; `--rename` shortens them.
- Where no trial has the requested metric, the metric that Ray optimized, if it is stated, takes
  the requested name.
- `training_iteration` is the step, counted from 1. `--rename global_step=step` takes another
  column.
- Where no state says how a trial ended, one with an `error.txt` that is shorter than the longest
  failed.
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
from ...wording import join, quantity
from .. import renaming
from ..base import MAX_NAMED, ReadRequest, SourceStatus, SourceStudy, SourceTrial
from ..parsing import files, scalars
from .results import ITERATION, RESULTS, TABLE, Results, combined_results, trial_results
from .state import PATTERN, State, StateTrial, experiment_state, plain_setting

STATUSES: Mapping[str, SourceStatus] = {
    "TERMINATED": "completed",
    "ERROR": "failed",
    "RUNNING": "running",
    "PAUSED": "running",
    "PENDING": "running",
}
SETTING = "params.json"
# The name that makes a column the count of steps.
STEP = "step"
# For people: the end of an error says what went wrong.
MAX_DETAIL = 2000


@final
@dataclass(frozen=True, kw_only=True)
class _Trial:
    """A trial with its state, setting and results; `left_out` says what could not be read."""

    state: StateTrial
    setting: Mapping[str, Scalar]
    results: Results
    detail: str = ""
    left_out: tuple[str, ...] = ()


def read(source: Path, request: ReadRequest) -> list[SourceStudy]:
    """Every experiment of a folder, or the requested one.

    Raises:
        ImportFileError: for a folder without an experiment of Ray Tune.
    """
    folder = source.parent if source.is_file() and source.match(PATTERN) else source
    if not folder.is_dir():
        raise ImportFileError(
            f"`{source}` is no folder. Name the folder of an experiment, where Ray Tune wrote "
            f"`{PATTERN}`."
        )
    subfolders = sorted(path for path in folder.iterdir() if path.is_dir())
    inner_experiments = [
        path for path in subfolders if files.is_inside(folder, path) and _is_experiment(path)
    ]
    experiments = [folder] if _is_experiment(folder) else inner_experiments
    if not experiments:
        raise ImportFileError(
            f"`{source}` holds no experiment of Ray Tune: neither `{PATTERN}` nor a trial's "
            "folder with `result.json`, or `progress.csv` and `params.json`, is in it or one "
            "folder below." + _half_trials(folder)
        )
    studies = [_study(path, request) for path in experiments]
    if not any(study.trials for study in studies):
        reasons = " ".join(reason for study in studies for reason in study.left_out)
        raise ImportFileError(f"`{source}` holds no trial of Ray Tune that can be read. {reasons}")
    return renaming.requested_studies(studies, source, request)


def _is_experiment(folder: Path) -> bool:
    """Whether a folder has a state, or a trial: its results, in a table with its setting beside."""
    if files.regular_files(folder, PATTERN) or files.regular_files(folder, f"*/{RESULTS}"):
        return True
    tables = files.regular_files(folder, f"*/{TABLE}")
    return any(files.has_file(folder, path.with_name(SETTING)) for path in tables)


def _half_trials(folder: Path) -> str:
    """What folders lack that look like a trial's; empty where none does."""
    tables = [
        path for depth in ("*", "*/*") for path in files.regular_files(folder, f"{depth}/{TABLE}")
    ]
    if not tables:
        return ""
    place = tables[0].parent.relative_to(folder)
    return (
        f" {quantity(len(tables), 'folder has', 'folders have')} `{TABLE}` without `{SETTING}` "
        f"(`{files.clean(str(place))}`…), so no setting is known: copy `{SETTING}` from where Ray "
        "ran."
    )


def _study(folder: Path, request: ReadRequest) -> SourceStudy:
    step = next((name for name, local in request.renames.items() if local == STEP), ITERATION)
    state = experiment_state(folder)
    left_out = list(state.left_out)
    state_trials = [*state.trials, *_unknown_trials(folder, state, left_out)]
    wanted_names = frozenset(request.renames)
    all_trials = [_trial(folder, trial, step, wanted_names) for trial in state_trials]
    pending = [trial for trial in all_trials if _is_pending(trial)]
    trials_begun = [trial for trial in all_trials if not _is_pending(trial)]
    if pending:
        names_pending = _name_list([trial.state.name for trial in pending])
        left_out.append(f"Trials that had not begun, left out: {names_pending}.")
    left_out += [sentence for trial in trials_begun for sentence in trial.left_out]
    left_out += _text_messages(trials_begun)
    lengths = {trial.length for trial in state.trials}
    length = next(iter(lengths)) if len(lengths) == 1 else None
    longest = max((trial.results.iterations for trial in trials_begun), default=0)
    if failed := [trial.state.name for trial in trials_begun if _ended_in_error(trial, longest)]:
        left_out.append(
            "Trials with an `error.txt` that are shorter than the longest, taken as failed: "
            f"{_name_list(failed)}."
        )
    study = renaming.source_study(
        folder.resolve().name,
        [_source_trial(trial, longest) for trial in trials_begun],
        left_out,
        request,
    )
    names = _names(trials_begun, state.metric, request)
    rows = [renaming.renamed_rows(trial.results.rows, names) for trial in trials_begun]
    return replace(
        study,
        trials=tuple(
            replace(trial, rows=trial_rows)
            for trial, trial_rows in zip(study.trials, rows, strict=True)
        ),
        max_steps=length if length is not None and step == ITERATION else study.max_steps,
    )


# --- one trial


def _unknown_trials(folder: Path, state: State, left_out: list[str]) -> list[StateTrial]:
    """The trials of folders that the state does not know."""
    known_folders = {trial.folder for trial in state.trials}
    trials = []
    for path in sorted(path for path in folder.iterdir() if path.is_dir()):
        if path.name in known_folders:
            continue
        if not files.is_inside(folder, path):
            left_out.append(files.link_message(path))
        elif any((path / file).is_file() for file in (RESULTS, TABLE, SETTING)):
            trials.append(StateTrial(name=path.name, folder=path.name, status="", config={}))
    if trials and state.trials:
        names = _name_list([trial.name for trial in trials])
        left_out.append(f"Trials that the experiment's state does not know: {names}.")
    return trials


def _trial(folder: Path, state: StateTrial, step: str, wanted_names: frozenset[str]) -> _Trial:
    path = folder / state.folder
    is_folder = state.folder not in ("", ".", "..") and path.is_dir()
    if is_folder and files.is_inside(folder, path):
        setting, left_out = _setting(path, state)
        results = trial_results(path, step, wanted_names)
        detail = _detail(path)
    else:
        setting, left_out = _flat_setting(state.config, state.name)
        left_out.append(_missing_message(path, state, is_link=is_folder))
        results, detail = None, ""
    if results is None:
        results = combined_results(
            [state.last_result] if state.last_result else [], step, wanted_names
        )
    if unread := sorted(state.pickled - setting.keys()):
        left_out.append(f"Trial {state.name}: pickled, so not read: {_name_list(unread)}.")
    if results.setting_changed:
        left_out.append(
            f"Trial {state.name} changed its setting on the way; it stands here with the last."
        )
    left_out += results.left_out
    return _Trial(
        state=state, setting=setting, results=results, detail=detail, left_out=tuple(left_out)
    )


def _missing_message(path: Path, state: StateTrial, *, is_link: bool) -> str:
    reason = "is a link out of the folder, and was not followed" if is_link else "is not there"
    consequence = (
        "only its last result is known" if state.last_result else "none of its results is known"
    )
    return f"Trial {state.name}: `{path.name}` {reason}; {consequence}."


def _setting(path: Path, state: StateTrial) -> tuple[dict[str, Scalar], list[str]]:
    """The setting of `params.json`, where a value that the state has pickled is an empty text."""
    parameters = path / SETTING
    if not files.has_file(path, parameters):
        setting, left_out = _flat_setting(state.config, state.name)
        if not setting and not state.pickled and not state.status:
            left_out.append(f"Trial {state.name} has no `{SETTING}`, so its setting is unknown.")
        return setting, left_out
    try:
        setting, left_out = _flat_setting(plain_setting(scalars.json_file(parameters)), state.name)
    except ImportFileError as error:
        setting, left_out = _flat_setting(state.config, state.name)
        return setting, [str(error), *left_out]
    texts = {name for name in state.pickled if isinstance(setting.get(name), str)}
    return {name: value for name, value in setting.items() if name not in texts}, left_out


def _flat_setting(config: Mapping[str, object], name: str) -> tuple[dict[str, Scalar], list[str]]:
    try:
        return scalars.flat_setting(config), []
    except ImportFileError as error:
        return {}, [f"Trial {name}: {error}"]


def _detail(path: Path) -> str:
    """The end of what Ray wrote about an error."""
    error = path / "error.txt"
    if not files.has_file(path, error):
        return ""
    try:
        return files.document(error).strip()[-MAX_DETAIL:]
    except ImportFileError as reason:
        return str(reason)


def _source_trial(trial: _Trial, longest: int) -> SourceTrial:
    state, results = trial.state, trial.results
    status = STATUSES.get(state.status, "unknown")
    full_length = state.length or longest
    if status == "completed" and results.stopped and results.iterations < full_length:
        status = "stopped"
    if _ended_in_error(trial, longest):
        status = "failed"
    return SourceTrial(
        name=state.name,
        setting=trial.setting,
        status=status,
        detail=trial.detail,
        wall_s=results.wall_s,
    )


def _ended_in_error(trial: _Trial, longest: int) -> bool:
    """Whether an error ended a trial of which no state says how it ended.

    Ray keeps the text of an error after which a trial was resumed, so one that reached the full
    length got over it.
    """
    is_unknown = trial.state.status not in STATUSES
    is_short = trial.results.iterations < max(trial.state.length or longest, 1)
    return is_unknown and is_short and bool(trial.detail)


def _is_pending(trial: _Trial) -> bool:
    return trial.state.status == "PENDING" and not trial.results.rows


# --- names


def _names(trials: Sequence[_Trial], metric: str, request: ReadRequest) -> dict[str, str | None]:
    """The name of each metric here; None where it is left out."""
    reported_names = {name for trial in trials for _, name, _ in trial.results.rows}
    names = {name: renaming.local_name(name, request) for name in reported_names}
    if metric in names and request.metric not in names.values():
        names[metric] = request.metric
    return names


def _text_messages(trials: Sequence[_Trial]) -> list[str]:
    texts = sorted({name for trial in trials for name in trial.results.texts})
    return [f"No numbers, so no metrics: {_name_list(texts)}."] if texts else []


def _name_list(names: Sequence[str]) -> str:
    return join([f"`{name}`" for name in names], most=MAX_NAMED)
