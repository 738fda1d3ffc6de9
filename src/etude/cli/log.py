"""`etude log`: the record of studies that K3 asks for."""

from __future__ import annotations

import csv as csv_format
import io
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, StoreOption

if TYPE_CHECKING:
    from ..launch import Entry
    from ..store.base import Store


def log(
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write CSV; `-` prints it.")
    ] = None,
) -> None:
    """List every experiment: question, trials, best, the exact command, uncommitted changes."""
    from ..store import open_store
    from .messages import print_json

    with closing(open_store(store, create=False)) as held:
        rows = [_row(held, entry) for entry in held.entries()]
    if json:
        print_json({"experiments": rows})
    elif csv is not None:
        _write_csv(rows, csv)
    else:
        for row in rows:
            _print(row)


def _row(store: Store, entry: Entry) -> dict[str, Any]:
    from ..result import load

    result = load(store, entry.experiment.name)
    experiment, best = entry.experiment, result.best
    value = best.best(experiment.metric, maximize=experiment.maximize) if best else None
    last = entry.launches[-1] if entry.launches else None
    return {
        "name": experiment.name,
        "question": experiment.question,
        "config": entry.source or entry.text,
        "notes": experiment.notes,
        "trials": result.records.count(),
        "infeasible": result.records.count("infeasible"),
        "best": {
            "metric": experiment.metric,
            "value": value.value if value else None,
            "step": value.step if value else None,
            "trial": best.id if best else None,
        },
        "command": last.command if last else "",
        "folder": last.folder if last else "",
        "started": last.started if last else "",
        "launches": len(entry.launches),
        "commit": last.commit if last else "",
        "uncommitted": last.uncommitted if last else "",
        "versions": dict(last.versions) if last else {},
        "studies": [
            {"name": study.name, "trials": result.records.of_study(study.name).count()}
            for study in result.studies
        ],
    }


def _print(row: dict[str, Any]) -> None:
    from .messages import short

    best = row["best"]
    value = "none" if best["value"] is None else f"{short(best['value'])} (trial {best['trial']})"
    changed = row["uncommitted"].count("\ndiff --git") + row["uncommitted"].startswith("diff --git")
    dirty = (
        f" + {changed} changed files" if changed else " + uncommitted" if row["uncommitted"] else ""
    )
    typer.echo(f"{row['name']}  {row['started']}")
    for label, text in (
        ("question", row["question"]),
        ("notes", row["notes"]),
        ("trials", f"{row['trials']}, {row['infeasible']} infeasible"),
        (f"best {best['metric']}", value),
        ("config", row["config"].splitlines()[0] if row["config"] else ""),
        ("command", f"cd {row['folder']} && {row['command']}"),
        ("code", f"{row['commit'][:12]}{dirty}" if row["commit"] else "no repository"),
    ):
        if text:
            typer.echo(f"  {label}: {text}")


def _write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    from .messages import write

    flat = [
        {
            **row,
            "best": row["best"]["value"],
            "studies": len(row["studies"]),
            "versions": str(row["versions"]),
        }
        for row in rows
    ]
    text = io.StringIO()
    writer = csv_format.DictWriter(text, list(flat[0]) if flat else ["name"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    if str(path) == "-":
        typer.echo(text.getvalue(), nl=False)
        return
    write(path, text.getvalue())
    typer.echo(f"Wrote {len(rows)} experiments to {path}")
