"""Folders of the csv format: written by hand, or an experiment of a store exported whole."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from etude.connect.assembly.assemble import Target
from etude.connect.base import ReadRequest
from etude.connect.importer import ImportSummary, import_results
from etude.round.result import Result, load
from etude.store import open_store

DATA = Path(__file__).parents[3] / "shared" / "data"
KNOWN = ("trial", "status", "reason", "detail", "seed", "wall_s")


def shared(*parts: str) -> Path:
    """A folder of the shared data; the test skips, saying so, where there is none."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"../shared/data is absent: {'/'.join(parts)}")
    return path


def folder(path: Path, trials: str, curves: str, space: str = "") -> Path:
    """A folder of the csv format with these texts."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "trials.csv").write_text(trials)
    (path / "curves.csv").write_text(curves)
    if space:
        (path / "space.toml").write_text(space)
    return path


def imported(source: Path, metric: str = "valid/error", kind: str = "csv", **options) -> Result:
    """The result of an import into a store in memory."""
    return load(brought(source, metric, kind, **options)[1], "it")


def brought(source, metric="valid/error", kind="csv", store=None, **options):
    """What arrived, and the store that it is in."""
    held = store or open_store("memory")
    plain = {key: options.pop(key) for key in ("maximize", "space") if key in options}
    target = Target(name="it", metric=metric, **plain)
    arrived: ImportSummary = import_results(
        kind, source, target, ReadRequest(metric=metric, **options), store=held
    )
    return arrived, held


def exported(result: Result, path: Path) -> Path:
    """An experiment as a folder of the csv format, its own file as the space."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "space.toml").write_text(result.entry.text, encoding="utf-8")
    records = list(result.records)
    names = sorted({name for record in records for name in record.setting})
    with (path / "trials.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*KNOWN, *names])
        for one in records:
            known = (one.id, one.status, one.reason, one.detail, one.seed, one.wall_s)
            table.writerow([*known, *(one.setting.get(name, "") for name in names)])
    with (path / "curves.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["trial", "step", "metric", "value"])
        for one in records:
            for step, metric, value in one.points.rows_P.tolist():
                table.writerow([one.id, step, one.points.names[metric], repr(value)])
    return path
