"""Runs of TensorBoard: a folder is a run, but some writers split one run into several folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TypeAlias, final

from ...space import Scalar
from ..base import Row

# The folders of the two halves of a run of Keras, and the beginning of their metrics' names here.
KERAS_PARTS = {"train": "train", "validation": "valid"}


@final
@dataclass(frozen=True, kw_only=True)
class Run:
    """The content of the event files of one folder, in order of time."""

    rows: tuple[Row, ...]
    setting: Mapping[str, Scalar] = field(default_factory=dict)
    session: str = ""
    wall_s: float = 0.0


Runs: TypeAlias = dict[PurePosixPath, Run]


def complete_runs(runs: Runs) -> tuple[Runs, list[str]]:
    """The runs, each with its parts, and a message for each way in which parts were found.

    Three writers split a run: `add_hparams` and `add_scalars` of PyTorch into folders inside the
    run's own, Keras into `train` and `validation`.
    """
    messages: list[str] = []
    for find_owners, sentence in (
        (_settings_inside, "Folders with the setting or the last values of the run around them"),
        (_scalars_inside, "Folders with one metric of the run around them"),
        (_keras_parts, "Folders with one half of a run, as Keras writes it"),
    ):
        if owners := find_owners(runs):
            shown = ", ".join(f"`{part}`" for part in sorted(owners)[:3])
            messages.append(f"{sentence}, read as parts of it: {len(owners)} ({shown}…).")
        runs = _with_parts(runs, owners)
    return runs, messages


# By the path of a part: the run that owns it, and the names of its metrics in that run; None for
# those that are left out.
Names: TypeAlias = Mapping[str, str | None]
Owners: TypeAlias = dict[PurePosixPath, tuple[PurePosixPath, Names]]


def _settings_inside(runs: Runs) -> Owners:
    children: dict[PurePosixPath, list[PurePosixPath]] = defaultdict(list)
    for path, run in runs.items():
        if run.setting and path.parent != path and path.parent in runs:
            children[path.parent].append(path)
    # `add_hparams` repeats last values, and at step 0: there, the curve of the run knows better.
    return {
        parts[0]: (parent, dict.fromkeys(name for _, name, _ in runs[parent].rows))
        for parent, parts in children.items()
        if len(parts) == 1 and runs[parent].rows and not runs[parent].setting
    }


def _scalars_inside(runs: Runs) -> Owners:
    owners: Owners = {}
    for path, run in runs.items():
        tags = {name for _, name, _ in run.rows}
        if run.setting or len(tags) != 1 or path.parent == path or path.parent not in runs:
            continue
        tag = next(iter(tags))
        stem = tag.replace("/", "_") + "_"
        if path.name.startswith(stem) and len(path.name) > len(stem):
            owners[path] = (path.parent, {tag: f"{tag}/{path.name.removeprefix(stem)}"})
    return owners


def _keras_parts(runs: Runs) -> Owners:
    owners: Owners = {}
    for path in runs:
        halves = [path.parent / name for name in KERAS_PARTS]
        if path in halves and path.parent not in runs and all(half in runs for half in halves):
            tags = {name for _, name, _ in runs[path].rows}
            part = KERAS_PARTS[path.name]
            owners[path] = (path.parent, {tag: f"{part}/{tag}" for tag in tags})
    return owners


def _with_parts(runs: Runs, owners: Owners) -> Runs:
    joined = {path: run for path, run in runs.items() if path not in owners}
    for path, (owner, names) in owners.items():
        part = runs[path]
        around = joined.get(owner, Run(rows=()))
        joined[owner] = replace(
            around,
            rows=around.rows + tuple(_renamed_rows(part.rows, names)),
            setting={**around.setting, **part.setting},
            session=around.session or part.session,
            wall_s=max(around.wall_s, part.wall_s),
        )
    return joined


def _renamed_rows(rows: Iterable[Row], names: Names) -> list[Row]:
    renamed = [(step, names.get(name, name), value) for step, name, value in rows]
    return [(step, name, value) for step, name, value in renamed if name is not None]
