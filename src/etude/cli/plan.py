"""`etude plan`: the studies and trials of an experiment, before a single step is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .options import FileArgument, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..design.trade import Design
    from ..experiment import Experiment
    from ..record import Record
    from ..study import Study


def plan(
    file: FileArgument, store: StoreOption = None, json: JsonOption = False
) -> None:  # a flag of the command line
    """Show the studies and trials of an experiment file, without training."""
    from .. import baseline
    from ..analyze.fixed_caveats import findings, fixed_caveats
    from ..design.hours import hours
    from ..finding import to_json
    from ..forecast import foreseen, planned, timed, with_lines
    from .budget import budget_as_json, budget_lines
    from .messages import finding_lines, print_json

    experiment = baseline.opened(file)[0]
    with with_lines(file.read_text(encoding="utf-8-sig"), str(file)):
        studies = planned(experiment, store)
    rules = foreseen(experiment, store)
    budget = _designs(experiment, studies), hours(studies, timed(experiment, store))
    caveats = findings(fixed_caveats([study for study, _ in studies]))
    if json:
        print_json(
            {
                "studies": [_as_json(study, records) for study, records in studies],
                "findings": [to_json(finding) for finding in (*rules, *caveats)],
                **budget_as_json(*budget),
            }
        )
        return
    typer.echo(experiment.question or experiment.name)
    typer.echo(_size(experiment, studies))
    for study, records in studies:
        _print(study, records)
    for line in budget_lines(*budget):
        typer.echo(line)
    typer.echo("")
    for line in [line for finding in rules for line in finding_lines(finding)]:
        typer.echo(line)
    for finding in caveats:
        typer.echo(f"{finding.rule}: {finding.message}")


def _size(experiment: Experiment, studies: list[tuple[Study, list[Record]]]) -> str:
    from .messages import counted

    count = sum(len(records) for _, records in studies)
    better = "higher" if experiment.maximize else "lower"
    return (
        f"{counted(count, 'trial')} in {counted(len(studies), 'study', 'studies')}, "
        f"{counted(experiment.max_steps, 'step')} each, {count * experiment.max_steps:,} in all. "
        f"Judged by {experiment.metric}: {better} is better."
    )


def _designs(experiment: Experiment, studies: list[tuple[Study, list[Record]]]) -> list[Design]:
    """What the trials could be spent on; nothing where settings are listed by hand."""
    from ..analyze.parts import apart
    from ..design.trade import trade

    alone = [study for study, _ in studies]
    return [] if experiment.configurations else trade(alone, len(apart(alone, [])[0]))


def _as_json(study: Study, records: list[Record]) -> dict[str, Any]:
    return {
        "name": study.name,
        "scientific": dict(study.scientific),
        "trials": [{"id": one.id, "setting": dict(one.setting)} for one in records],
    }


def _print(study: Study, records: list[Record]) -> None:
    from ..experiment_file import toml_text
    from ..methods import ADAPTIVE
    from .messages import setting_line

    typer.echo(f"\n{study.name}")
    for name, domain in study.space.domains.items():
        typer.echo(f"  {name} = {toml_text(domain)}")
    for constraint in study.space.constraints:
        typer.echo(f"  where {constraint}")
    if study.search in ADAPTIVE:
        typer.echo(f"  `{study.search}` chooses by results; without any, it would begin with")
    for record in (*records[:2], records[-1]) if len(records) > 3 else records:
        if record is records[-1] and len(records) > 3:
            typer.echo("  ...")
        searched = {name: record.setting[name] for name in study.space.domains}
        typer.echo(f"  trial {record.id}: {setting_line(searched)}")
