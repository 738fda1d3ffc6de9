"""The `mlruns` folder of MLflow: a folder for each experiment, and in it a folder for each run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import ImportFileError
from ..base import Row
from ..parsing import files, yaml
from ..parsing.scalars import number_from_text, whole_step
from .runs import PARENT_TAG, Experiment, Run, deleted_experiment, wall_s, without_deleted

# `status` of a run's `meta.yaml`, numbered as in MLflow's `RunStatus`.
STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
META = "meta.yaml"
# Folders beside the runs of an experiment, and beside the experiments, that hold no run.
_OTHERS = frozenset({".trash", "models", "traces", "tags", "datasets", "assessments"})
# A line has time, value and step; later versions add the data set's name and digest.
_MOST_FIELDS = 5


def experiments(source: Path) -> list[Experiment]:
    """The experiments of a folder `mlruns`, of a folder that holds one, or of one experiment.

    Raises:
        ImportFileError: for a folder without an experiment.
    """
    if files.has_file(source, source / META):
        folders = [source]
    else:
        places = [source, source / "mlruns"]
        inside = [path for place in places for path in _folders(place)]
        folders = [path for path in inside if files.has_file(path, path / META)]
    if not folders:
        raise ImportFileError(
            f"`{source}` is no tracking store of MLflow: neither it nor its folders hold an "
            f"experiment's `{META}`. Give the folder `mlruns`, or the database (`mlflow.db`)."
        )
    links = files.outward_links(source, "*", "*/*", "*/*/*", "*/*/metrics/**/*", "*/*/params/*")
    outside = Experiment(name="", runs=(), left_out=tuple(links))
    return [*map(_experiment, folders), outside]


def _folders(place: Path) -> list[Path]:
    paths = place.iterdir() if place.is_dir() else iter(())
    return sorted(
        path
        for path in paths
        if path.is_dir() and files.is_inside(place, path) and path.name not in _OTHERS
    )


def _experiment(place: Path) -> Experiment:
    try:
        meta = yaml.document(place / META)
    except (ImportFileError, OSError) as error:
        return Experiment(name=place.name, runs=(), left_out=(f"{error} So it is left out.",))
    name = str(meta.get("name") or place.name)
    if meta.get("lifecycle_stage") == "deleted":
        return deleted_experiment(name)
    left_out: list[str] = []
    runs: list[Run | None] = []
    for folder in _folders(place):
        try:
            runs.append(_run(folder, left_out))
        except (ImportFileError, OSError) as error:
            left_out.append(f"{error} So this run is left out.")
    return without_deleted(name, runs, left_out)


def _run(place: Path, left_out: list[str]) -> Run | None:
    if not files.has_file(place, place / META):
        raise ImportFileError(f"`{place}` has no `{META}`.")
    meta = yaml.document(place / META)
    if meta.get("lifecycle_stage") == "deleted":
        return None
    status = meta.get("status")
    params = place / "params"
    rows: list[tuple[int, Row]] = []
    for path in files.regular_files(place / "metrics", "**/*"):
        try:
            rows.extend(_metric(path, path.relative_to(place / "metrics").as_posix()))
        except ImportFileError as error:
            left_out.append(f"{error} So this metric is left out.")
    parent = place / "tags" / PARENT_TAG
    return Run(
        name=str(meta.get("run_id") or place.name),
        params=tuple(
            (path.relative_to(params).as_posix(), files.document(path))
            for path in files.regular_files(params, "**/*")
        ),
        rows=tuple(row for _, row in sorted(rows, key=lambda timed_row: timed_row[0])),
        status=STATUSES.get(status, "") if isinstance(status, int) else str(status or ""),
        wall_s=wall_s(meta.get("start_time"), meta.get("end_time")),
        parent=files.document(parent).strip() if files.has_file(place, parent) else "",
    )


def _metric(path: Path, name: str) -> Iterator[tuple[int, Row]]:
    """Time and row of each value of a metric, in the order in which the values were logged."""
    for line, text in enumerate(files.lines(path), start=1):
        parts = text.split(" ")
        value = number_from_text(parts[1]) if 2 <= len(parts) <= _MOST_FIELDS else None
        step = whole_step(number_from_text(parts[2])) if len(parts) > 2 else 0
        if value is None or step is None or not parts[0].isdecimal():
            raise ImportFileError(
                f"`{path}`, line {line}, should be `time value step`, and is `{text[:60]}`."
            )
        yield int(parts[0][:18]), (step, name, value)
