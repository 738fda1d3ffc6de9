"""Folders of the csv format, written by hand or exported from a store, and their import."""

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


def shared_data(*parts: str) -> Path:
    """A folder of the shared data; the test skips, saying so, where there is none."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"../shared/data is absent: {'/'.join(parts)}")
    return path


def shared_case(*parts: str) -> Path:
    """The source of a shared import case; the test skips, saying so, where there is none."""
    path = DATA.parent.joinpath("cases", "import", *parts)
    if not path.exists():
        pytest.skip(f"../shared/cases/import is absent: {'/'.join(parts)}")
    return path


def csv_folder(path: Path, trials: str, curves: str, space: str = "") -> Path:
    """A folder of the csv format with these texts."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "trials.csv").write_text(trials)
    (path / "curves.csv").write_text(curves)
    if space:
        (path / "space.toml").write_text(space)
    return path


def import_result(
    source: Path, metric: str = "valid/error", kind: str = "csv", **options
) -> Result:
    """The result of an import into a store in memory."""
    return load(import_source(source, metric, kind, **options)[1], "it")


def import_source(source, metric="valid/error", kind="csv", store=None, **options):
    """The summary of an import, and the store that holds it."""
    stored = store or open_store("memory")
    target_options = {key: options.pop(key) for key in ("maximize", "space") if key in options}
    target = Target(name="it", metric=metric, **target_options)
    summary: ImportSummary = import_results(
        kind, source, target, ReadRequest(metric=metric, **options), store=stored
    )
    return summary, stored


def export_csv(result: Result, path: Path) -> Path:
    """Writes an experiment as a folder of the csv format, with its own file as the space."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "space.toml").write_text(result.entry.text, encoding="utf-8")
    records = list(result.records)
    names = sorted({name for record in records for name in record.setting})
    with (path / "trials.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*KNOWN, *names])
        for record in records:
            known = (
                record.id,
                record.status,
                record.reason,
                record.detail,
                record.seed,
                record.wall_s,
            )
            table.writerow([*known, *(record.setting.get(name, "") for name in names)])
    with (path / "curves.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["trial", "step", "metric", "value"])
        for record in records:
            for step, metric, value in record.points.rows_P.tolist():
                table.writerow([record.id, step, record.points.names[metric], repr(value)])
    return path
