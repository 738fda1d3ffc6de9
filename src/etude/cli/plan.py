"""`etude plan`: the studies and trials of an experiment, before a single step is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .options import FileArgument, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..record import Record
    from ..study import Study


def plan(
    file: FileArgument, store: StoreOption = None, json: JsonOption = False
) -> None:  # a flag of the command line
    """Show the studies and trials of an experiment file, without training."""
    from .. import experiment_file
    from ..analyze.fixed_caveats import findings, fixed_caveats
    from ..finding import to_json
    from ..round import planned
    from .messages import counted, print_json

    experiment = experiment_file.read(file)
    studies = planned(experiment, store)
    caveats = findings(fixed_caveats([study for study, _ in studies]))
    if json:
        print_json(
            {
                "studies": [_as_json(study, records) for study, records in studies],
                "findings": [to_json(finding) for finding in caveats],
            }
        )
        return
    count = sum(len(records) for _, records in studies)
    better = "higher" if experiment.maximize else "lower"
    typer.echo(experiment.question or experiment.name)
    typer.echo(
        f"{counted(count, 'trial')} in {counted(len(studies), 'study', 'studies')}, "
        f"{counted(experiment.max_steps, 'step')} each, {count * experiment.max_steps:,} in all. "
        f"Judged by {experiment.metric}: {better} is better."
    )
    for study, records in studies:
        _print(study, records)
    typer.echo("")
    for finding in caveats:
        typer.echo(f"{finding.rule}: {finding.message}")


def _as_json(study: Study, records: list[Record]) -> dict[str, Any]:
    return {
        "name": study.name,
        "scientific": dict(study.scientific),
        "trials": [{"id": one.id, "setting": dict(one.setting)} for one in records],
    }


def _print(study: Study, records: list[Record]) -> None:
    from ..experiment_file import toml_text
    from .messages import setting_line

    typer.echo(f"\n{study.name}")
    for name, domain in study.space.domains.items():
        typer.echo(f"  {name} = {toml_text(domain)}")
    for record in (*records[:2], records[-1]) if len(records) > 3 else records:
        if record is records[-1] and len(records) > 3:
            typer.echo("  ...")
        searched = {name: record.setting[name] for name in study.space.domains}
        typer.echo(f"  trial {record.id}: {setting_line(searched)}")
