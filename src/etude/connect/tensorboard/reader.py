"""The reader of TensorBoard: a folder of event files, where each folder is a run."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath

from ...errors import ImportFileError
from ...space import Scalar
from .. import renaming
from ..base import ReadRequest, SourceStudy, SourceTrial
from ..parsing import files, hydra, scalars, yaml
from .event_file import Events, events
from .runs import Run, Runs, complete_runs

# Files beside the events that training code leaves its setting in; Lightning writes `hparams.yaml`.
SETTING_FILES = ("hparams.json", "params.json", "hparams.yaml")
PATTERN = "*tfevents*"


def read(source: Path, request: ReadRequest) -> list[SourceStudy]:
    """The one study of a folder of event files; a trial's name is its folder inside the source.

    Raises:
        ImportFileError: where no event file holds a scalar.
    """
    folder = source if source.is_dir() else source.parent
    event_files = files.regular_files(source, f"**/{PATTERN}") if source.is_dir() else [source]
    if not event_files:
        raise ImportFileError(
            f"`{source}` holds no event file (`{PATTERN}`). Give the folder that you give to "
            "`tensorboard --logdir`."
        )
    left_out = files.outward_links(source, "**/*") if source.is_dir() else []
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in event_files:
        by_folder[path.parent].append(path)
    runs: Runs = {}
    for place, paths in sorted(by_folder.items()):
        if (run := _run(folder, place, paths, left_out)) is not None:
            runs[PurePosixPath(place.relative_to(folder).as_posix())] = run
    if not runs and not source.is_dir():
        raise ImportFileError(f"`{source}` is no event file of TensorBoard. {left_out[0]}")
    if not runs:
        raise ImportFileError(f"No event file in `{source}` holds a scalar. " + " ".join(left_out))
    runs, part_messages = complete_runs(runs)
    left_out += part_messages + _setting_messages(runs)
    trials = [_trial(path, run, folder) for path, run in runs.items()]
    return [renaming.source_study("", trials, left_out, request)]


def _run(folder: Path, place: Path, paths: list[Path], left_out: list[str]) -> Run | None:
    contents = sorted(((events(path), path) for path in paths), key=_start_time)
    for content, path in contents:
        left_out += _left_out(content, path)
    rows = [row for content, _ in contents for row in content.rows]
    setting = {name: value for content, _ in contents for name, value in content.setting.items()}
    if not rows and not setting:
        left_out.append(f"`{place}` holds no scalar, so it is no trial.")
        return None
    times_s = [time_s for content, _ in contents for time_s in content.times_s]
    return Run(
        rows=tuple(rows),
        setting=setting or _setting_beside(folder, place, left_out),
        session=next((content.session for content, _ in contents if content.session), ""),
        wall_s=max(times_s) - min(times_s) if times_s else 0.0,
    )


def _start_time(content: tuple[Events, Path]) -> tuple[float, Path]:
    return min(content[0].times_s, default=0.0), content[1]


def _left_out(content: Events, path: Path) -> list[str]:
    left_out = [content.broken] if content.broken else []
    if content.passed_over:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(content.passed_over.items()))
        left_out.append(f"`{path}`: passed over what is no scalar: {counts}.")
    return left_out


def _setting_beside(folder: Path, place: Path, left_out: list[str]) -> dict[str, Scalar]:
    for name in SETTING_FILES:
        path = place / name
        if not files.has_file(folder, path):
            continue
        try:
            is_yaml = path.suffix == ".yaml"
            return scalars.flat_setting(
                yaml.document(path, left_out) if is_yaml else scalars.json_file(path)
            )
        except (ImportFileError, OSError) as error:
            left_out.append(f"{error} The run has no setting, therefore.")
    return hydra.job_setting(folder, place, left_out)


def _setting_messages(runs: Runs) -> list[str]:
    bare_runs = [path for path, run in runs.items() if not run.setting]
    if not bare_runs:
        return []
    names = ", ".join(f"`{name}`" for name in SETTING_FILES)
    return [
        f"{len(bare_runs)} of {len(runs)} runs (`{bare_runs[0]}`…) have no setting: neither the "
        f"events nor {names} beside them hold one."
    ]


def _trial(path: PurePosixPath, run: Run, folder: Path) -> SourceTrial:
    return SourceTrial(
        name=path.as_posix() if path.parts else folder.resolve().name,
        setting=run.setting,
        rows=run.rows,
        status="failed" if run.session == "FAILURE" else "unknown",
        detail="The hyperparameter plugin says FAILURE." if run.session == "FAILURE" else "",
        wall_s=run.wall_s,
    )
