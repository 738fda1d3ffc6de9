"""`etude plan`: the studies and trials of an experiment, before a single step is trained."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, final

import typer

from ..wording import quantity
from .options import FileArgument, JsonOption, SameOption, StoreOption

_Table: TypeAlias = Annotated[
    bool, typer.Option("--table", help="Show what the same trials buy in other designs.")
]

if TYPE_CHECKING:
    from ..design.duration import Duration
    from ..design.trade_off import Design
    from ..experiment import Experiment
    from ..finding import Finding
    from ..record import Record
    from ..study import Study


@final
@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What a plan shows: studies with their trials, what they cost, and what is wrong with them.

    Args:
        file: The experiment file, as it was typed.
        designs: What the same trials could be spent on; none where settings are listed by hand.
        timing: How long training takes; None where no trial was timed yet.
        rules: Findings about the design.
        caveats: Findings about what is fixed.
        at_once: How many trials this machine trains at once, 0 where not even one, and the sentence
            that says why; None where the file says of no resource what a trial takes.
    """

    file: Path
    experiment: Experiment
    studies: list[tuple[Study, list[Record]]]
    designs: list[Design]
    timing: Duration | None
    rules: list[Finding]
    caveats: list[Finding]
    at_once: tuple[int, str] | None


def plan(
    file: FileArgument,
    store: StoreOption = None,
    *,
    same: SameOption = False,
    table: _Table = False,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Show the studies and trials of an experiment file, without training."""
    from ..analyze.checks.fixed_caveats import findings, fixed_caveats
    from ..design.duration import duration
    from ..experiment import baseline, toml
    from ..round.opening import with_lines
    from ..round.preview import design_findings, planned_trials, timing_trials
    from .measurements import outdated_measurement
    from .output import Answer, show

    experiment = baseline.read_with_baseline(file)[0]
    with with_lines(toml.text_in(file), str(file)):
        source = "" if same else str(file.absolute())
        studies = planned_trials(experiment, store, source=source)
    drawn = _Plan(
        file=file,
        experiment=experiment,
        studies=studies,
        rules=[
            *design_findings(experiment, store, file.absolute().parent),
            *outdated_measurement(experiment, store, file),
        ],
        designs=_designs(experiment, studies),
        timing=duration(studies, timing_trials(experiment, store)),
        caveats=findings(fixed_caveats([study for study, _ in studies])),
        at_once=_at_once(experiment),
    )
    show(
        Answer(lines=lambda: _lines(drawn, has_table=table), json=lambda: _as_json(drawn)),
        json=json,
    )


def _designs(experiment: Experiment, studies: list[tuple[Study, list[Record]]]) -> list[Design]:
    """What the trials could be spent on; nothing where settings are listed by hand."""
    from ..analyze.views.subgroups import split_merged
    from ..design.trade_off import trade_off

    alone = [study for study, _ in studies]
    return [] if experiment.configurations else trade_off(alone, len(split_merged(alone, [])[0]))


def _at_once(experiment: Experiment) -> tuple[int, str] | None:
    """How many trials this machine trains at once, and why; a plan may be for another machine."""
    from ..errors import RunError
    from ..runner.devices import placed

    if not experiment.resources.is_said:
        return None
    try:
        place = placed(resources=experiment.resources)
    except RunError as error:
        return 0, str(error)
    return place.workers, place.line


# --- for programs


def _as_json(drawn: _Plan) -> dict[str, Any]:
    from ..design.known_names import taken_for
    from ..finding import to_json

    return {
        "studies": [_study_as_json(study, records) for study, records in drawn.studies],
        "findings": [to_json(finding) for finding in (*drawn.rules, *drawn.caveats)],
        "taken_for": taken_for(drawn.experiment),
        "hours": _hours_as_json(drawn.timing),
        "trade": _trade_as_json(drawn.designs),
        **_at_once_as_json(drawn.at_once),
    }


def _at_once_as_json(at_once: tuple[int, str] | None) -> dict[str, Any]:
    return {"at_once": {"trials": at_once[0], "why": at_once[1]}} if at_once else {}


def _study_as_json(study: Study, records: list[Record]) -> dict[str, Any]:
    begins_with = dict(Counter(one.experiment for one in study.prior))
    return {
        "name": study.name,
        "scientific": dict(study.scientific),
        "trials": [{"id": record.id, "setting": dict(record.setting)} for record in records],
        **({"begins_with": begins_with} if begins_with else {}),
    }


def _hours_as_json(timing: Duration | None) -> dict[str, Any] | None:
    if timing is None:
        return None
    return {"left": timing.remaining, "all": timing.total, "measured": timing.measured}


def _trade_as_json(designs: Sequence[Design]) -> dict[str, Any] | None:
    from ..design.trade_off import ASSUMPTION

    if not designs:
        return None
    return {"assumption": ASSUMPTION, "designs": [_design_as_json(one) for one in designs]}


def _design_as_json(design: Design) -> dict[str, Any]:
    return {
        "design": design.name,
        "values": design.values,
        "dimensions": design.dimensions,
        "trials": design.trials,
        "trials_each": design.trials_each,
        "points_per_dimension": design.points_per_dimension,
        "distance": design.distance,
        "distances": {str(size): distance for size, distance in design.distances().items()},
    }


# --- for people


def _lines(drawn: _Plan, *, has_table: bool) -> Iterator[str]:
    from ..design.known_names import taken_for, taken_line
    from .opening_lines import prior_line
    from .output import finding_lines

    yield drawn.experiment.question or drawn.experiment.name
    yield _size_line(drawn.experiment, drawn.studies)
    if known := prior_line(drawn.experiment, [study for study, _ in drawn.studies]):
        yield known
    yield from _machine_lines(drawn.at_once)
    for study, records in drawn.studies:
        yield from _study_lines(study, records)
    if drawn.timing is not None:
        yield from ["", _hours_line(drawn.timing)]
    if drawn.designs:
        yield from ["", *(_trade_lines(drawn) if has_table else _trade_line(drawn))]
    if names := taken_line(taken_for(drawn.experiment)):
        yield from ["", names]
    yield ""
    for finding in drawn.rules:
        yield from finding_lines(finding)
    for finding in drawn.caveats:
        yield f"{finding.rule}: {finding.message}"


def _machine_lines(at_once: tuple[int, str] | None) -> Iterator[str]:
    if at_once:
        yield f"On this machine: {at_once[1]}"


def _size_line(experiment: Experiment, studies: list[tuple[Study, list[Record]]]) -> str:
    count = sum(len(records) for _, records in studies)
    return (
        f"{quantity(count, 'trial')} in {quantity(len(studies), 'study')}, "
        f"{quantity(experiment.max_steps, 'step')} each, {count * experiment.max_steps:,} in all. "
        f"Judged by {experiment.metric}: {experiment.objective.better} is better."
    )


def _study_lines(study: Study, records: list[Record]) -> Iterator[str]:
    from ..experiment.methods import SEARCHES
    from ..experiment.toml.write import toml_text

    yield f"\n{study.name}"
    for name, domain in study.space.domains.items():
        yield f"  {name} = {toml_text(domain)}"
    for constraint in study.space.constraints:
        yield f"  where {constraint}"
    if study.prior:
        yield f"  `{study.search}` chooses by results: {quantity(len(records), 'trial')}"
        return
    if SEARCHES[study.search].adaptive:
        yield f"  `{study.search}` chooses by results; without any, it would begin with"
    if len(records) <= 3:
        yield from (_trial_line(study, record) for record in records)
        return
    yield from (_trial_line(study, record) for record in records[:2])
    yield "  ..."
    yield _trial_line(study, records[-1])


def _trial_line(study: Study, record: Record) -> str:
    from .output import setting_line

    searched = {name: record.setting[name] for name in study.space.domains}
    return f"  trial {record.id}: {setting_line(searched)}"


def _hours_line(timing: Duration) -> str:
    from ..wording import duration

    left, whole = duration(3600 * timing.remaining), duration(3600 * timing.total)
    return (
        f"Training is left for {left} of {whole}, on one worker, at the pace of "
        f"{timing.measured} completed trials."
    )


def _trade_line(drawn: _Plan) -> list[str]:
    """How finely these trials look, and the command that shows what else they could do."""
    design = drawn.designs[0]
    value = "Each scientific value gets" if design.values > 1 else "The study gets"
    along = ""
    if design.dimensions:
        dimensions = quantity(design.dimensions, "dimension")
        points = f"{design.points_per_dimension:.2g} points along each"
        along = f" over {dimensions}: {points}"
    table = f"etude plan {shlex.quote(str(drawn.file))} --table"
    return [f"{value} {design.trials_each:.3g} trials{along} (R15). Other designs: {table}"]


def _trade_lines(drawn: _Plan) -> list[str]:
    from ..design.trade_off import ASSUMPTION
    from .output import paragraph, table_lines

    designs = drawn.designs
    now, sizes = designs[0], list(designs[0].distances())
    header = [
        "design",
        "values",
        "dimensions",
        "trials a value",
        "points a dimension",
        "distance",
        *(f"with {size} trials a value" if size == sizes[0] else f"with {size}" for size in sizes),
    ]
    table = table_lines([header, *map(_row, designs)])
    return [
        f"What {now.trials} trials buy (R15): scientific values x nuisance dimensions x points "
        "along each.",
        *(f"  {line}" for line in table),
        paragraph(ASSUMPTION, indent="  "),
    ]


def _row(design: Design) -> list[str]:
    return [
        design.name,
        str(design.values),
        str(design.dimensions),
        f"{design.trials_each:.3g}",
        f"{design.points_per_dimension:.2g}",
        _percent(design.distance),
        *map(_percent, design.distances().values()),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
