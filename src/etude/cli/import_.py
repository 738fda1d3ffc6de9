"""`etude import`: results of another tool, and what arrived of them."""

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
    from ..store import location, open_store
    from .import_summary import lines
    from .options import kept
    from .output import print_json

    names = dict(_renamed(rename or []))
    judge = names.get(metric, metric)
    request = ReadRequest(
        metric=judge, renames=names, ignored_names=frozenset(ignore or []), study=study
    )
    target = Target(name=name, metric=judge, maximize=maximize, space=space)
    place = kept(location(store))
    with closing(open_store(place)) as held:
        arrived = import_results(kind, source, target, request, store=held)
    if json:
        print_json(_as_json(arrived, kind, source))
        return
    typer.echo(f"Store: {place}")
    for line in lines(arrived, kind, source):
        typer.echo(line)
    typer.echo(f"\nCheck the evidence:  {_next_command(name, store)}")


def _renamed(pairs: Iterable[str]) -> Iterator[tuple[str, str]]:
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


def _next_command(name: str, store: str | None) -> str:
    from .output import at_store

    return f"etude check {name}{at_store(store)}"


def _as_json(arrived: ImportSummary, kind: str, source: Path) -> dict[str, Any]:
    experiment = arrived.experiment
    return {
        "experiment": experiment.name,
        "kind": kind,
        "source": str(source),
        "metric": experiment.metric,
        "maximize": experiment.maximize,
        "max_steps": experiment.max_steps,
        "trials": sum(arrived.trials.values()),
        "studies": dict(arrived.trials),
        "statuses": dict(arrived.statuses),
        "metrics": dict(arrived.metrics),
        "points": sum(arrived.metrics.values()),
        "without_metric": arrived.without_metric,
        "hyperparameters": _roles(arrived),
        "observed": experiment.observed,
        "apart": dict(arrived.apart),
        "unseen": dict(arrived.unseen),
        "left_out": arrived.left_out,
    }


def _roles(arrived: ImportSummary) -> dict[str, dict[str, str]]:
    """Every hyperparameter by role and path, its domain or value as a file has it."""
    from ..experiment.toml.write import toml_text

    roles: dict[str, dict[str, str]] = {"scientific": {}, "nuisance": {}, "fixed": {}}
    for one in arrived.experiment.hyperparameters:
        roles[one.role][one.path.partition(".")[2]] = toml_text(one.value)
    return roles
