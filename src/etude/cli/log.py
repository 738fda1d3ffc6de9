"""`etude log`: the record of studies that K3 asks for."""

from __future__ import annotations

import csv as csv_format
import hashlib
import io
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..text.cells import cell
from ..wording import FULL_DIGITS, number, quantity
from .options import BaselineOption, CsvOption, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..analyze.views.spent import Spent
    from ..analyze.views.versions import TrainedBy
    from ..experiment.entry import Entry, Launch
    from ..record import Record
    from ..round.result import Result
    from ..store.base import Store


def log(
    store: StoreOption = None,
    baseline: BaselineOption = Path("baseline.toml"),
    json: JsonOption = False,  # a flag of the command line
    csv: CsvOption = None,
) -> None:
    """List every experiment with its launches and code, and the line of adopted configurations."""
    from ..round import hidden_metrics
    from ..store import open_store
    from .output import Answer, show

    with closing(open_store(store, create=False)) as database:
        rows = [_row(database, entry) for entry in database.entries()]
        looks = hidden_metrics.looks(database.files.test_looks)
    answer = Answer(
        lines=partial(_lines, rows, baseline, looks),
        json=partial(_as_json, rows, baseline, looks),
        csv=partial(_as_csv, rows),
        rows=quantity(len(rows), "experiment"),
    )
    show(answer, json=json, csv=csv)


def _row(store: Store, entry: Entry) -> dict[str, Any]:
    from ..round.result import load

    result = load(store, entry.experiment.name)
    experiment, best = entry.experiment, result.best
    value = best.best(experiment.metric, maximize=experiment.maximize) if best else None
    origin = _launch_as_json(entry.origin)
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
        "launches": [
            {**_launch_as_json(launch), **code}
            for launch, code in zip(entry.launches, _code_by_launch(result, entry), strict=True)
        ],
        "texts": _texts(result),
        "schedule": experiment.schedule,
        "spent": _spent(result, entry, result.records),
        "studies": [
            {
                "name": study.name,
                "trials": result.records.of_study(study.name).count(),
                "spent": _spent(result, entry, result.records.of_study(study.name)),
            }
            for study in result.studies
        ],
    }


def _spent(result: Result, entry: Entry, records: Sequence[Record]) -> Spent:
    """What trials took and what their schedule saved, all of an experiment's or one study's."""
    from ..analyze.views.spent import spent
    from ..experiment.entry import OWN_LOOP

    experiment = result.experiment
    in_stacks = any(OWN_LOOP in launch.versions for launch in entry.launches)
    return spent(records, experiment.max_steps, experiment.resources, in_stacks=in_stacks)


def _code_by_launch(result: Result, entry: Entry) -> list[dict[str, Any]]:
    """Of each launch its number, the trials that it trained, by which versions and files."""
    from ..analyze.views.versions import versions

    of_trial = versions(result.records).of_trial
    names = _version_names(result, of_trial)
    listed = []
    for place, launch in enumerate(entry.launches, start=1):
        trained = {
            trial: [one.version for one in stretches if one.launch == place]
            for trial, stretches in of_trial.items()
        }
        files = {
            file.path: file.hash
            for record in result.records
            for stretch in record.stretches
            if stretch.launch == place and stretch.code
            for file in stretch.code.files
        }
        of_launch = [version for own in trained.values() for version in own if version]
        listed.append(
            {
                "launch": place,
                "trained": [trial for trial, own in trained.items() if own],
                "code": list(dict.fromkeys(of_launch)),
                "files": files,
                "accepts_code": launch.accepts_code,
                "files_at_start": dict(launch.code),
                "code_at_start": _version_at_start(launch.code, names),
            }
        )
    return listed


def _version_names(
    result: Result, of_trial: Mapping[int, Sequence[TrainedBy]]
) -> list[tuple[Mapping[str, str], str]]:
    """The files of each version of the code that trained, by their hashes, with its name."""
    names: list[tuple[Mapping[str, str], str]] = []
    for record in result.records:
        for stretch, trained in zip(record.stretches, of_trial[record.id], strict=True):
            if stretch.code and trained.version:
                files = {file.path: file.hash for file in stretch.code.files}
                names.append((files, trained.version))
    return names


def _version_at_start(
    files: Mapping[str, str], names: Sequence[tuple[Mapping[str, str], str]]
) -> str:
    """The name of the version that these files are of, else one of their own; empty without any."""
    if not files:
        return ""
    same = (name for known, name in names if files.items() <= known.items())
    own = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:8]
    return next(same, own)


def _texts(result: Result) -> dict[str, str]:
    """The masked text of every file that trained a trial, by its hash; large ones have none."""
    return {
        file.hash: file.text
        for record in result.records
        for stretch in record.stretches
        if stretch.code
        for file in stretch.code.files
        if file.text
    }


def _launch_as_json(launch: Launch | None) -> dict[str, Any]:
    return {
        "command": launch.command if launch else "",
        "folder": launch.folder if launch else "",
        "started": launch.started if launch else "",
        "commit": launch.commit if launch else "",
        "uncommitted": launch.uncommitted if launch else "",
        "versions": dict(launch.versions) if launch else {},
        "ended": launch.ended if launch else 0,
    }


def _as_json(
    rows: list[dict[str, Any]], baseline: Path, looks: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    from ..analyze.views.spent import spent_as_json

    for row in rows:
        for part in (row, *row["studies"]):
            part["spent"] = spent_as_json(part["spent"])
    return {"experiments": rows, **_adoptions(baseline, looks)}


def _adoptions(path: Path, looks: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The line of adoptions, oldest first, and when test data were looked at."""
    from ..experiment import baseline
    from ..procedure.launch import first_test_looks
    from .launch import looks_of

    line = baseline.read(path).line if path.is_file() else ()
    launched = first_test_looks(looks_of(path))
    return {
        "line": [vars(adoption) for adoption in line],
        "test_looks": launched,
        # A launch stands beside the store too, for whoever looks next.
        "looks": [one for one in looks if launched.get(one["experiment"]) != one["looked"]],
    }


def _as_csv(rows: list[dict[str, Any]]) -> str:
    from ..analyze.views.spent import spent_as_json

    flat = [
        {
            **row,
            **spent_as_json(row["spent"]),
            "best": row["best"]["value"],
            "studies": len(row["studies"]),
            "launches": len(row["launches"]),
            "versions": str(row["versions"]),
        }
        for row in rows
    ]
    for row in flat:
        del row["texts"], row["spent"], row["unknown"]
    text = io.StringIO()
    writer = csv_format.DictWriter(text, list(flat[0]) if flat else ["name"], lineterminator="\n")
    writer.writeheader()
    writer.writerows([{key: cell(value) for key, value in row.items()} for row in flat])
    return text.getvalue()


def _lines(
    rows: list[dict[str, Any]], baseline: Path, looks: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    for row in rows:
        yield from _experiment_lines(row)
    yield from _adoption_lines(_adoptions(baseline, looks))


def _experiment_lines(row: Mapping[str, Any]) -> Iterator[str]:
    best = row["best"]
    value = (
        "none"
        if best["value"] is None
        else f"{number(best['value'], FULL_DIGITS)} (trial {best['trial']})"
    )
    launches = row["launches"]
    alone = _version_text(launches[0]) if len(launches) == 1 else ""
    yield f"{row['name']}  {row['started']}"
    for label, text in (
        ("question", row["question"]),
        ("notes", row["notes"]),
        ("trials", f"{row['trials']}, {row['infeasible']} infeasible"),
        (f"best {best['metric']}", value),
        ("spent", "; ".join(_spent_clauses(row["spent"], row["schedule"]))),
        *_study_spent(row),
        ("config", row["config"].splitlines()[0] if row["config"] else ""),
        ("command", f"cd {shlex.quote(row['folder'])} && {row['command']}"),
        ("code", f"{_code(row)}{alone}"),
    ):
        if text:
            yield f"  {label}: {text}"
    if len(launches) > 1:
        yield "  launches:"
        for launch in launches:
            ended = f"{quantity(launch['ended'], 'trial')} ended"
            where = f"{ended}, {_code(launch)}: {launch['command']}{_version_text(launch)}"
            yield f"    {launch['started']}  {where}"


def _spent_clauses(known: Spent, schedule: str | None) -> Iterator[str]:
    from ..analyze.views.spent import saved_clause, spent_clause

    yield spent_clause(known) + (f" ({known.why})" if known.why else "")
    if saved := saved_clause(known, schedule):
        yield saved


def _study_spent(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The same of each study, where there are several."""
    if len(row["studies"]) > 1:
        for study in row["studies"]:
            clauses = _spent_clauses(replace(study["spent"], why=""), row["schedule"])
            yield f"  {study['name']}", "; ".join(clauses)


def _version_text(launch: Mapping[str, Any]) -> str:
    """The versions of the code that trained, else the one that the launch began with."""
    names = launch["code"] or [launch["code_at_start"]]
    return f"  (code {', '.join(names)})" if names[0] else ""


def _code(launch: Mapping[str, Any]) -> str:
    """The commit and how much of it was changed."""
    lines = launch["uncommitted"].splitlines()
    changed = sum(line.startswith(("diff --git ", "?? ")) for line in lines)
    dirty = f" + {quantity(changed, 'changed or new file')}" if changed else ""
    if not launch["commit"] and not dirty:
        return "no repository"
    return f"{launch['commit'][:12] or 'no commit'}{dirty}"


def _adoption_lines(adoptions: Mapping[str, Any]) -> Iterator[str]:
    from .output import paragraph

    for adoption in adoptions["line"]:
        trial = f"{adoption['experiment']}:{adoption['trial']}"
        value = f"{adoption['metric']} {number(adoption['value'], FULL_DIGITS)}"
        only = ", a starting point" if adoption["starting_point"] else ""
        trainings = f"{quantity(adoption['trainings'], 'training')}{only}"
        yield f"adopted {adoption['adopted']}  {trial}  {value} ({trainings})"
        yield paragraph(adoption["evidence"], indent="  ")
        complexity = f"It {adoption['complexity']}"
        if complexity not in adoption["evidence"]:
            yield paragraph(f"{complexity}.", indent="  ")
    for name, when in adoptions["test_looks"].items():
        yield f"test data looked at {when}, for {name} (X3)"
    for look in adoptions["looks"]:
        when, name = look["looked"], look["experiment"]
        yield f"test data looked at {when}, for {name} (X3): {look['command']}"
