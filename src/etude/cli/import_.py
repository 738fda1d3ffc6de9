"""`etude import`: results of another tool, and a summary of what came in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from ..connect import READERS
from .options import JsonOption, StoreOption

if TYPE_CHECKING:
    from ..connect.importer import ImportSummary

_Kind: TypeAlias = Annotated[
    str, typer.Argument(metavar="KIND", help=f"{', '.join(READERS[:-1])} or {READERS[-1]}.")
]
_Source: TypeAlias = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="The file or folder that the tool wrote.")
]
_Rename: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OLD=NEW",
        help="A metric or hyperparameter to rename; repeatable.",
    ),
]
_Ignore: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A metric or hyperparameter to leave out; repeatable."),
]
_Space: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The space: an experiment file, or just [nuisance]."),
]


def import_results(  # noqa: PLR0913  # one parameter an option is Typer's way
    kind: _Kind,
    source: _Source,
    *,
    name: Annotated[str, typer.Option(help="What the experiment is called here.")],
    metric: Annotated[str, typer.Option(help="What judges the trials, as the tool names it.")],
    maximize: Annotated[bool, typer.Option("--maximize", help="Higher is better.")] = False,
    rename: _Rename = None,
    ignore: _Ignore = None,
    study: Annotated[str, typer.Option(help="Only this one of several studies.")] = "",
    space: _Space = None,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Bring results of another tool, so that check, report and next can look at them."""
    from ..connect.assembly.assemble import Target
    from ..connect.base import ReadRequest
    from ..connect.importer import import_results
    from ..store import open_store
    from .options import lasting_location
    from .output import Answer, show

    names = dict(_renames(rename or []))
    judge = names.get(metric, metric)
    request = ReadRequest(
        metric=judge, renames=names, ignored_names=frozenset(ignore or []), study=study
    )
    target = Target(name=name, metric=judge, maximize=maximize, space=space)
    location = lasting_location(store)
    with closing(open_store(location)) as database:
        summary = import_results(kind, source, target, request, store=database)
    answer = Answer(
        lines=lambda: _lines(summary, kind, source, location, store),
        json=lambda: _as_json(summary, kind, source),
    )
    show(answer, json=json)


def _lines(
    summary: ImportSummary, kind: str, source: Path, location: str, store: str | None
) -> Iterator[str]:
    from .import_summary import import_lines
    from .output import store_option

    yield f"Store: {location}"
    yield from import_lines(summary, kind, source)
    yield f"\nCheck the evidence:  etude check {summary.experiment.name}{store_option(store)}"


def _renames(pairs: Iterable[str]) -> Iterator[tuple[str, str]]:
    from ..errors import ImportFileError

    wrong = [pair for pair in pairs if not all(pair.rpartition("="))]
    if wrong:
        raise ImportFileError(
            f"--rename takes OLD=NEW, found `{wrong[0]}`. Write for example --rename "
            "lr=learning_rate."
        )
    for pair in pairs:
        # Names of metrics may hold the sign themselves: the last one parts.
        old, _, new = pair.rpartition("=")
        yield old, new


def _as_json(summary: ImportSummary, kind: str, source: Path) -> dict[str, Any]:
    experiment = summary.experiment
    return {
        "experiment": experiment.name,
        "kind": kind,
        "source": str(source),
        "metric": experiment.metric,
        "maximize": experiment.maximize,
        "max_steps": experiment.max_steps,
        "trials": sum(summary.trials.values()),
        "studies": dict(summary.trials),
        "statuses": dict(summary.statuses),
        "metrics": dict(summary.metrics),
        "points": sum(summary.metrics.values()),
        "without_metric": summary.without_metric,
        "hyperparameters": _roles(summary),
        "observed": experiment.observed,
        "taken_for": dict(summary.taken_for),
        "apart": dict(summary.apart),
        "unseen": dict(summary.unseen),
        "left_out": summary.left_out,
        "warnings": summary.warnings,
        "already_there": summary.is_repeated,
    }


def _roles(summary: ImportSummary) -> dict[str, dict[str, str]]:
    """Every hyperparameter by role and path, its domain or value as a file has it."""
    from ..experiment.toml.write import toml_text

    roles: dict[str, dict[str, str]] = {"scientific": {}, "nuisance": {}, "fixed": {}}
    for entry in summary.experiment.hyperparameters:
        roles[entry.role][entry.path.partition(".")[2]] = toml_text(entry.value)
    return roles
