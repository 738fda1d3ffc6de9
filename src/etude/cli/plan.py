"""`etude plan`: the studies and trials of an experiment, before a single step is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .options import FileArgument, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..design.trade_off import Design
    from ..experiment import Experiment
    from ..record import Record
    from ..study import Study
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..design.duration import Duration
    from ..design.trade_off import Design


def plan(
    file: FileArgument, store: StoreOption = None, json: JsonOption = False
) -> None:  # a flag of the command line
    """Show the studies and trials of an experiment file, without training."""
    from ..analyze.checks.fixed_caveats import findings, fixed_caveats
    from ..design.duration import duration
    from ..experiment import baseline
    from ..finding import to_json
    from ..round.preview import design_findings, planned, timing_trials, with_lines
    from .output import finding_lines, print_json
    from .plan import budget_as_json, budget_lines

    experiment = baseline.opened(file)[0]
    with with_lines(file.read_text(encoding="utf-8-sig"), str(file)):
        studies = planned(experiment, store)
    rules = design_findings(experiment, store)
    budget = _designs(experiment, studies), duration(studies, timing_trials(experiment, store))
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
    from .output import counted

    count = sum(len(records) for _, records in studies)
    better = "higher" if experiment.maximize else "lower"
    return (
        f"{counted(count, 'trial')} in {counted(len(studies), 'study', 'studies')}, "
        f"{counted(experiment.max_steps, 'step')} each, {count * experiment.max_steps:,} in all. "
        f"Judged by {experiment.metric}: {better} is better."
    )


def _designs(experiment: Experiment, studies: list[tuple[Study, list[Record]]]) -> list[Design]:
    """What the trials could be spent on; nothing where settings are listed by hand."""
    from ..analyze.views.subgroups import split_merged
    from ..design.trade_off import trade_off

    alone = [study for study, _ in studies]
    return [] if experiment.configurations else trade_off(alone, len(split_merged(alone, [])[0]))


def _as_json(study: Study, records: list[Record]) -> dict[str, Any]:
    return {
        "name": study.name,
        "scientific": dict(study.scientific),
        "trials": [{"id": one.id, "setting": dict(one.setting)} for one in records],
    }


def _print(study: Study, records: list[Record]) -> None:
    from ..experiment.methods import ADAPTIVE
    from ..experiment.toml.write import toml_text
    from .output import setting_line

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


def budget_as_json(designs: Sequence[Design], timing: Duration | None) -> dict[str, Any]:
    """The keys `hours` and `trade` of a plan; null where nothing is known or searched."""
    from ..design.trade_off import ASSUMPTION

    if timing is None:
        hours = None
    else:
        hours = {"left": timing.remaining, "all": timing.total, "measured": timing.measured}
    trade = {"assumption": ASSUMPTION, "designs": [_design(one) for one in designs]}
    return {"hours": hours, "trade": trade if designs else None}


def budget_lines(designs: Sequence[Design], timing: Duration | None) -> list[str]:
    """The same for people."""
    lines = [] if timing is None else ["", _hours(timing)]
    return [*lines, "", *_table(designs)] if designs else lines


def _design(one: Design) -> dict[str, Any]:
    return {
        "design": one.name,
        "values": one.values,
        "dimensions": one.dimensions,
        "trials": one.trials,
        "trials_each": one.trials_each,
        "points_per_dimension": one.points_per_dimension,
        "distance": one.distance,
        "distances": {str(size): distance for size, distance in one.distances().items()},
    }


def _hours(timing: Duration) -> str:
    from .output import duration

    left, whole = duration(3600 * timing.remaining), duration(3600 * timing.total)
    return (
        f"Training is left for {left} of {whole}, on one worker, at the pace of "
        f"{timing.measured} completed trials."
    )


def _table(designs: Sequence[Design]) -> list[str]:
    from ..design.trade_off import ASSUMPTION
    from .output import columns, wrapped

    now, sizes = designs[0], list(designs[0].distances())
    header = [
        "design",
        "values",
        "dimensions",
        "trials each",
        "per dimension",
        "distance",
        *(f"with {size}" for size in sizes),
    ]
    rows = [[*_row(one), *map(_percent, one.distances().values())] for one in designs]
    return [
        f"What {now.trials} trials buy (R15): scientific values x nuisance dimensions x points "
        "along each.",
        *(f"  {line}" for line in columns([header, *rows])),
        wrapped(ASSUMPTION, indent="  "),
    ]


def _row(one: Design) -> list[str]:
    return [
        one.name,
        str(one.values),
        str(one.dimensions),
        f"{one.trials_each:.3g}",
        f"{one.points_per_dimension:.2g}",
        _percent(one.distance),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
