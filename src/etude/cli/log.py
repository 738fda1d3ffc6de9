"""`etude log`: the record of studies that K3 asks for."""

from __future__ import annotations

import csv as csv_format
import io
import shlex
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import number, quantity
from .options import BaselineOption, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..experiment.entry import Entry, Launch
    from ..store.base import Store


def log(
    store: StoreOption = None,
    baseline: BaselineOption = Path("baseline.toml"),
    json: JsonOption = False,  # a flag of the command line
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write CSV; `-` prints it.")
    ] = None,
) -> None:
    """List every experiment with its launches and code, and the line of adopted configurations."""
    from ..store import open_store
    from .output import print_json

    with closing(open_store(store, create=False)) as held:
        rows = [_row(held, entry) for entry in held.entries()]
    if json:
        print_json({"experiments": rows, **_adopted(baseline)})
    elif csv is not None:
        _write_csv(rows, csv)
    else:
        for row in rows:
            _print(row)
        _print_line(_adopted(baseline))


def _row(store: Store, entry: Entry) -> dict[str, Any]:
    from ..round.result import load

    result = load(store, entry.experiment.name)
    experiment, best = entry.experiment, result.best
    value = best.best(experiment.metric, maximize=experiment.maximize) if best else None
    origin = _as_json(entry.origin)
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
        **{key: value for key, value in origin.items() if key != "ended"},
        "launches": [_as_json(launch) for launch in entry.launches],
        "studies": [
            {"name": study.name, "trials": result.records.of_study(study.name).count()}
            for study in result.studies
        ],
    }


def _adopted(path: Path) -> dict[str, Any]:
    """The line of adoptions, oldest first, and when test data were looked at."""
    from ..experiment import baseline
    from ..procedure.launch import looked_at
    from .launch import looks_of

    line = baseline.read(path).line if path.is_file() else ()
    return {"line": [vars(one) for one in line], "test_looks": looked_at(looks_of(path))}


def _print_line(found: dict[str, Any]) -> None:
    from .output import wrapped

    for one in found["line"]:
        trial = f"{one['experiment']}:{one['trial']}"
        typer.echo(f"adopted {one['adopted']}  {trial}  {one['metric']} {number(one['value'])}")
        typer.echo(wrapped(one["evidence"], indent="  "))
        if f"It {one['complexity']}" not in one["evidence"]:
            typer.echo(wrapped(f"It {one['complexity']}.", indent="  "))
    for name, when in found["test_looks"].items():
        typer.echo(f"test data looked at {when}, for {name} (X3)")


def _as_json(launch: Launch | None) -> dict[str, Any]:
    return {
        "command": launch.command if launch else "",
        "folder": launch.folder if launch else "",
        "started": launch.started if launch else "",
        "commit": launch.commit if launch else "",
        "uncommitted": launch.uncommitted if launch else "",
        "versions": dict(launch.versions) if launch else {},
        "ended": launch.ended if launch else 0,
    }


def _print(row: dict[str, Any]) -> None:

    best = row["best"]
    value = "none" if best["value"] is None else f"{number(best['value'])} (trial {best['trial']})"
    typer.echo(f"{row['name']}  {row['started']}")
    for label, text in (
        ("question", row["question"]),
        ("notes", row["notes"]),
        ("trials", f"{row['trials']}, {row['infeasible']} infeasible"),
        (f"best {best['metric']}", value),
        ("config", row["config"].splitlines()[0] if row["config"] else ""),
        ("command", f"cd {shlex.quote(row['folder'])} && {row['command']}"),
        ("code", _code(row)),
    ):
        if text:
            typer.echo(f"  {label}: {text}")
    if len(row["launches"]) > 1:
        typer.echo("  launches:")
        for one in row["launches"]:
            ended = f"{quantity(one['ended'], 'trial')} ended"
            typer.echo(f"    {one['started']}  {ended}, {_code(one)}: {one['command']}")


def _code(launch: dict[str, Any]) -> str:
    """The commit and how much of it was changed."""
    lines = launch["uncommitted"].splitlines()
    changed = sum(line.startswith(("diff --git ", "?? ")) for line in lines)
    dirty = f" + {quantity(changed, 'changed or new file')}" if changed else ""
    if not launch["commit"] and not dirty:
        return "no repository"
    return f"{launch['commit'][:12] or 'no commit'}{dirty}"


def _write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    from .output import write

    flat = [
        {
            **row,
            "best": row["best"]["value"],
            "studies": len(row["studies"]),
            "launches": len(row["launches"]),
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
    typer.echo(f"Wrote {quantity(len(rows), 'experiment')} to {path}")
