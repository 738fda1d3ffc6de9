"""The `mlruns` folder of MLflow: a folder an experiment, in it a folder a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import ImportFileError
from ..base import Row
from ..parsing import files, yaml
from ..parsing.scalars import MAX_STEP, number
from .runs import PARENT_TAG, Experiment, Run, wall_s

# `status` of a run's `meta.yaml`, numbered as in MLflow's `RunStatus`.
STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
META = "meta.yaml"
# Folders beside the runs of an experiment, and beside the experiments, that hold no run.
_OTHERS = frozenset({".trash", "models", "traces", "tags", "datasets", "assessments"})
# Time, value, step; later versions add the data set's name and digest.
_MOST_FIELDS = 5


def experiments(source: Path) -> list[Experiment]:
    """The experiments of a folder `mlruns`, of what holds one, or of one experiment.

    Raises:
        ImportFileError: for a folder without an experiment.
    """
    places = [source, source / "mlruns"]
    if (source / META).is_file():
        found = [source]
    else:
        found = [one for place in places for one in _folders(place) if (one / META).is_file()]
    if not found:
        raise ImportFileError(
            f"`{source}` is no tracking store of MLflow: neither it nor its folders hold an "
            f"experiment's `{META}`. Give the folder `mlruns`, or the database (`mlflow.db`)."
        )
    read = [_experiment(one) for one in found]
    out = files.leading_out(source, "*", "*/*", "*/*/*", "*/*/metrics/**/*", "*/*/params/*")
    return [*read, Experiment(name="", runs=(), told=tuple(out))]


def _folders(place: Path) -> list[Path]:
    held = place.iterdir() if place.is_dir() else iter(())
    return sorted(
        one for one in held if one.is_dir() and files.inside(place, one) and one.name not in _OTHERS
    )


def _experiment(place: Path) -> Experiment:
    told: list[str] = []
    try:
        meta = yaml.document(place / META)
    except (ImportFileError, OSError) as error:
        return Experiment(name=place.name, runs=(), told=(f"{error} So it is left out.",))
    name = str(meta.get("name") or place.name)
    if meta.get("lifecycle_stage") == "deleted":
        return Experiment(
            name=name,
            runs=(),
            told=(f"The experiment `{name}` was deleted in MLflow, and is left out.",),
        )
    runs: list[Run] = []
    deleted = 0
    for one in _folders(place):
        try:
            run = _run(one, told)
        except (ImportFileError, OSError) as error:
            told.append(f"{error} So this run is left out.")
            continue
        if run is None:
            deleted += 1
        else:
            runs.append(run)
    if deleted:
        told.append(f"Runs of `{name}` deleted in MLflow, and left out: {deleted}.")
    return Experiment(name=name, runs=tuple(runs), told=tuple(told))


def _run(place: Path, told: list[str]) -> Run | None:
    if not (place / META).is_file():
        raise ImportFileError(f"`{place}` has no `{META}`.")
    meta = yaml.document(place / META)
    if meta.get("lifecycle_stage") == "deleted":
        return None
    status = meta.get("status")
    params = place / "params"
    rows: list[tuple[int, Row]] = []
    for path in files.files(place / "metrics", "**/*"):
        try:
            rows.extend(_metric(path, path.relative_to(place / "metrics").as_posix()))
        except ImportFileError as error:
            told.append(f"{error} So this metric is left out.")
    parent = place / "tags" / PARENT_TAG
    known = parent.is_file() and files.inside(place, parent)
    return Run(
        name=str(meta.get("run_id") or place.name),
        params=tuple(
            (path.relative_to(params).as_posix(), files.document(path))
            for path in files.files(params, "**/*")
        ),
        rows=tuple(row for _, row in sorted(rows, key=lambda one: one[0])),
        status=STATUSES.get(status, "") if isinstance(status, int) else str(status or ""),
        wall_s=wall_s(meta.get("start_time"), meta.get("end_time")),
        parent=files.document(parent).strip() if known else "",
    )


def _metric(path: Path, name: str) -> Iterator[tuple[int, Row]]:
    """Time and row of each value: a metric's values stay in the order in which they were logged."""
    for line, text in enumerate(files.lines(path), start=1):
        parts = text.split(" ")
        value = number(parts[1]) if 2 <= len(parts) <= _MOST_FIELDS else None
        step = _step(parts[2]) if len(parts) > 2 else 0
        if value is None or step is None or not parts[0].isdecimal():
            raise ImportFileError(
                f"`{path}`, line {line}, should be `time value step`, and is `{text[:60]}`."
            )
        yield int(parts[0][:18]), (step, name, value)


def _step(text: str) -> int | None:
    read = number(text)
    return int(read) if read is not None and abs(read) < MAX_STEP else None
