"""TensorBoard: a folder of event files, one run a folder."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath

from ...errors import ImportFileError
from ...space import Scalar
from .. import renaming
from ..base import SourceStudy, SourceTrial, Wanted
from ..parsing import files, scalars, yaml
from .event_file import Events, events
from .runs import Run, Runs, whole

# Where training code leaves its setting beside the events; Lightning writes `hparams.yaml`.
SETTING_FILES = ("hparams.json", "params.json", "hparams.yaml")
PATTERN = "*tfevents*"


def read(source: Path, wanted: Wanted) -> list[SourceStudy]:
    """The one study of a folder of event files; a trial's name is its folder inside the source.

    Raises:
        ImportFileError: where no event file holds a scalar.
    """
    folder = source if source.is_dir() else source.parent
    found = files.files(source, f"**/{PATTERN}") if source.is_dir() else [source]
    if not found:
        raise ImportFileError(
            f"`{source}` holds no event file (`{PATTERN}`). Give the folder that you give to "
            "`tensorboard --logdir`."
        )
    told = files.leading_out(source, "**/*") if source.is_dir() else []
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in found:
        by_folder[path.parent].append(path)
    runs: Runs = {}
    for place, paths in sorted(by_folder.items()):
        if (run := _run(folder, place, paths, told)) is not None:
            runs[PurePosixPath(place.relative_to(folder).as_posix())] = run
    if not runs and not source.is_dir():
        raise ImportFileError(f"`{source}` is no event file of TensorBoard. {told[0]}")
    if not runs:
        raise ImportFileError(f"No event file in `{source}` holds a scalar. " + " ".join(told))
    runs, joined = whole(runs)
    told += joined + _about_settings(runs)
    trials = [_trial(path, run, folder) for path, run in runs.items()]
    return [renaming.study("", trials, told, wanted)]


def _run(folder: Path, place: Path, paths: list[Path], told: list[str]) -> Run | None:
    read_ones = sorted(((events(path), path) for path in paths), key=_begin)
    for one, path in read_ones:
        told += _about(one, path)
    rows = [row for one, _ in read_ones for row in one.rows]
    setting = {name: value for one, _ in read_ones for name, value in one.setting.items()}
    if not rows and not setting:
        told.append(f"`{place}` holds no scalar, so it is no trial.")
        return None
    times_s = [time_s for one, _ in read_ones for time_s in one.times_s]
    return Run(
        rows=tuple(rows),
        setting=setting or _beside(folder, place, told),
        session=next((one.session for one, _ in read_ones if one.session), ""),
        wall_s=max(times_s) - min(times_s) if times_s else 0.0,
    )


def _begin(one: tuple[Events, Path]) -> tuple[float, Path]:
    return min(one[0].times_s, default=0.0), one[1]


def _about(one: Events, path: Path) -> list[str]:
    told = [one.broken] if one.broken else []
    if one.passed_over:
        counts = ", ".join(f"{count} {kind}" for kind, count in sorted(one.passed_over.items()))
        told.append(f"`{path}`: passed over what is no scalar: {counts}.")
    return told


def _beside(folder: Path, place: Path, told: list[str]) -> dict[str, Scalar]:
    for name in SETTING_FILES:
        path = place / name
        if not path.is_file() or not files.inside(folder, path):
            continue
        try:
            held = yaml.document(path) if path.suffix == ".yaml" else scalars.from_json(path)
            return scalars.flat(held)
        except (ImportFileError, OSError) as error:
            told.append(f"{error} The run has no setting, therefore.")
    return {}


def _about_settings(runs: Runs) -> list[str]:
    bare = [path for path, run in runs.items() if not run.setting]
    if not bare:
        return []
    return [
        f"{len(bare)} of {len(runs)} runs (`{bare[0]}`…) have no setting: neither the events nor "
        f"{', '.join(f'`{name}`' for name in SETTING_FILES)} beside them hold one."
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
