"""`etude trials`: the trials as a table, JSON or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..wording import number, quantity
from .options import JsonOption, NameArgument, StoreOption

if TYPE_CHECKING:
    from ..record import Record
    from ..round.result import Result


def trials(
    name: NameArgument = None,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write CSV; `-` prints it.")
    ] = None,
) -> None:
    """List the trials of an experiment, best first, infeasible ones last."""
    from .options import opened
    from .output import print_json

    with opened(name, store) as result:
        if json:
            print_json({"trials": [_as_json(result, record) for record in result.records]})
        elif csv is not None:
            _write_csv(result, csv)
        else:
            _print_table(result)


def _as_json(result: Result, record: Record) -> dict[str, Any]:
    from ..record import UNKNOWN_SEED

    experiment, log = result.experiment, _log(result, record)
    best = record.best(experiment.metric, maximize=experiment.maximize)
    return {
        "id": record.id,
        "name": record.name or str(record.id),
        "study": record.study,
        "setting": dict(record.setting),
        "status": record.status,
        "reason": record.reason,
        "detail": record.detail,
        "log": str(log) if log else None,
        "seed": None if record.seed == UNKNOWN_SEED else record.seed,
        "best": {"value": best.value if best else None, "step": best.step if best else None},
        "steps": record.steps,
    }


def _log(result: Result, record: Record) -> Path | None:
    """What the trial printed, if it printed anything."""
    path = result.store.files.log(result.experiment.name, record.id)
    return path if path.is_file() else None


def _write_csv(result: Result, path: Path) -> None:
    from .output import write

    # A hyperparameter of that name keeps out of the way, as it does for the other columns.
    frame = result.trials.rename(columns={"detail": "setting.detail", "log": "setting.log"})
    place = list(frame.columns).index("reason") + 1
    frame.insert(place, "detail", [one.detail for one in result.records])
    frame.insert(place + 1, "log", [str(_log(result, one) or "") for one in result.records])
    text = frame.to_csv(index=False)
    if str(path) == "-":
        typer.echo(text, nl=False)
        return
    write(path, text)
    typer.echo(f"Wrote {quantity(len(result.records), 'trial')} to {path}")


def _print_table(result: Result) -> None:
    from .output import columns, setting_line

    experiment = result.experiment
    sign = -1.0 if experiment.maximize else 1.0
    rows = []
    for record in result.records:
        best = record.best(experiment.metric, maximize=experiment.maximize)
        status = f"{record.status} ({record.reason})" if record.reason else record.status
        shown = [number(best.value), f"{best.step:,}"] if best else ["-", "-"]
        searched = setting_line(_searched(result, record))
        feasible = best is not None and record.status != "infeasible"
        key = (not feasible, sign * best.value if best else 0.0, record.id)
        rows.append((key, [str(record.id), record.study, status, *shown, searched]))
    header = ["trial", "study", "status", experiment.metric, "step", "searched"]
    table = [header, *(row for _, row in sorted(rows))]
    if any(record.name for record in result.records):
        names = {str(record.id): record.name for record in result.records}
        table = [[row[0], names.get(row[0], "name"), *row[1:]] for row in table]
    for line in columns(table):
        typer.echo(line)
    for line in _why(result):
        typer.echo(line)


def _why(result: Result) -> list[str]:
    """Where to look for what is wrong with the infeasible trials."""
    from .output import wrapped

    failed = [record for record in result.records if record.status == "infeasible"]
    if not failed:
        return []
    logs = [log for record in failed if (log := _log(result, record))]
    told = f"Why {quantity(len(failed), 'trial is', 'trials are')} infeasible: `detail` in --json."
    if logs:
        more = f" (and {quantity(len(logs) - 1, 'more log')})" if len(logs) > 1 else ""
        told += f" What trial {logs[0].parent.name} printed: {logs[0]}{more}"
    return ["", wrapped(told)]


def _searched(result: Result, record: Record) -> dict[str, Any]:
    # Trials that another tool knew no setting of lie in no study.
    study = next((one for one in result.studies if one.name == record.study), None)
    return {name: record.setting[name] for name in study.space.domains} if study else {}
