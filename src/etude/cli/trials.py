"""`etude trials`: the trials as a table, JSON or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, NameArgument, StoreOption

if TYPE_CHECKING:
    from ..record import Record
    from ..result import Result


def trials(
    name: NameArgument = None,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write CSV; `-` prints it.")
    ] = None,
) -> None:
    """List the trials of an experiment, best first, infeasible ones last."""
    from .messages import print_json
    from .opened import opened

    with opened(name, store) as result:
        if json:
            print_json({"trials": [_as_json(result, record) for record in result.records]})
        elif csv is not None:
            _write_csv(result, csv)
        else:
            _print_table(result)


def _as_json(result: Result, record: Record) -> dict[str, Any]:
    experiment = result.experiment
    best = record.best(experiment.metric, maximize=experiment.maximize)
    return {
        "id": record.id,
        "name": str(record.id),
        "study": record.study,
        "setting": dict(record.setting),
        "status": record.status,
        "reason": record.reason,
        "seed": record.seed,
        "best": {"value": best.value if best else None, "step": best.step if best else None},
        "steps": record.steps,
    }


def _write_csv(result: Result, path: Path) -> None:
    from .messages import write

    text = result.trials.to_csv(index=False)
    if str(path) == "-":
        typer.echo(text, nl=False)
        return
    write(path, text)
    typer.echo(f"Wrote {len(result.records)} trials to {path}")


def _print_table(result: Result) -> None:
    from .messages import columns, setting_line, short

    experiment = result.experiment
    sign = -1.0 if experiment.maximize else 1.0
    rows = []
    for record in result.records:
        best = record.best(experiment.metric, maximize=experiment.maximize)
        status = f"{record.status} ({record.reason})" if record.reason else record.status
        shown = [short(best.value), f"{best.step:,}"] if best else ["-", "-"]
        searched = setting_line(_searched(result, record))
        feasible = best is not None and record.status != "infeasible"
        key = (not feasible, sign * best.value if best else 0.0, record.id)
        rows.append((key, [str(record.id), record.study, status, *shown, searched]))
    header = ["trial", "study", "status", experiment.metric, "step", "searched"]
    for line in columns([header, *(row for _, row in sorted(rows))]):
        typer.echo(line)


def _searched(result: Result, record: Record) -> dict[str, Any]:
    study = next(one for one in result.studies if one.name == record.study)
    return {name: record.setting[name] for name in study.space.domains}
