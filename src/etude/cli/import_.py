"""`etude import`: results of another tool, and what arrived of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from .options import JsonOption, StoreOption

if TYPE_CHECKING:
    from ..connect.bring import Arrived

# So many names of a kind a line shows.
_SHOWN = 12
# So many sentences about what was left out.
_SENTENCES = 20

_Kind: TypeAlias = Annotated[
    str, typer.Argument(metavar="KIND", help="csv, mlflow, optuna, raytune, tensorboard or wandb.")
]
_Source: TypeAlias = Annotated[
    Path, typer.Argument(metavar="SOURCE", help="The file or folder it wrote.")
]
_Rename: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="OLD=NEW", help="Another name for a metric or hyperparameter."),
]
_Ignore: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="A metric or hyperparameter to leave out."),
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
    metric: Annotated[str, typer.Option(help="What judges the trials, by its name there.")],
    maximize: Annotated[bool, typer.Option("--maximize", help="Higher is better.")] = False,
    rename: _Rename = None,
    ignore: _Ignore = None,
    study: Annotated[str, typer.Option(help="Only this one of several studies.")] = "",
    space: _Space = None,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Bring results of another tool, so that check, report and next can look at them."""
    from ..connect.assembly.assemble import Asked
    from ..connect.bring import bring
    from ..connect.foreign import Wanted
    from ..store import location, open_store
    from .messages import print_json
    from .opened import kept

    names = dict(_renamed(rename or []))
    judge = names.get(metric, metric)
    wanted = Wanted(metric=judge, renamed=names, ignored=frozenset(ignore or []), study=study)
    asked = Asked(name=name, metric=judge, maximize=maximize, space=space)
    place = kept(location(store))
    with closing(open_store(place)) as held:
        arrived = bring(kind, source, asked, wanted, store=held)
    if json:
        print_json(_as_json(arrived, kind, source))
        return
    typer.echo(f"Store: {place}")
    for line in _lines(arrived, kind, source):
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
    from .messages import at_store

    return f"etude check {name}{at_store(store)}"


def _as_json(arrived: Arrived, kind: str, source: Path) -> dict[str, Any]:
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
        "left_out": arrived.left_out,
    }


def _roles(arrived: Arrived) -> dict[str, dict[str, str]]:
    """Every hyperparameter by role and path, its domain or value as a file has it."""
    from ..experiment_file import toml_text

    roles: dict[str, dict[str, str]] = {"scientific": {}, "nuisance": {}, "fixed": {}}
    for one in arrived.experiment.hyperparameters:
        roles[one.role][one.path.partition(".")[2]] = toml_text(one.value)
    return roles


def _lines(arrived: Arrived, kind: str, source: Path) -> Iterator[str]:
    from .messages import counted, wrapped

    experiment = arrived.experiment
    statuses = _listed([f"{count:,} {what}" for what, count in arrived.statuses.items()])
    yield f"Imported `{experiment.name}` from {source} ({kind})."
    yield wrapped(
        f"{counted(sum(arrived.trials.values()), 'trial')}: {statuses}", indent="  ", hanging="    "
    )
    if arrived.without_metric:
        yield wrapped(
            f"{counted(arrived.without_metric, 'completed trial has', 'completed trials have')} no "
            f"value of {experiment.metric}: missing, not diverged",
            indent="    ",
        )
    if len(arrived.trials) > 1:
        shown = _listed([f"{study} ({count:,})" for study, count in arrived.trials.items()])
        yield wrapped(f"{len(arrived.trials)} studies: {shown}", indent="  ", hanging="    ")
    metrics = _listed([f"{name} {count:,}" for name, count in arrived.metrics.items()])
    points = counted(sum(arrived.metrics.values()), "point")
    heading = f"{counted(len(arrived.metrics), 'metric')}, {points}"
    yield wrapped(f"{heading}: {metrics}", indent="  ", hanging="    ")
    yield from _space(arrived)
    yield from _left_out(arrived)


def _space(arrived: Arrived) -> Iterator[str]:
    from .messages import wrapped

    for role, members in _roles(arrived).items():
        shown = _listed([f"{path} = {_short(text)}" for path, text in members.items()])
        if shown:
            yield wrapped(f"{role}: {shown}", indent="  ", hanging="    ")
    observed = _listed([f"`{name}`" for name in arrived.experiment.observed])
    if observed:
        yield wrapped(
            f"Bounds of {observed} are only the outermost values tried: where you know the space, "
            "import with --space FILE.",
            indent="  ",
            hanging="    ",
        )


def _left_out(arrived: Arrived) -> Iterator[str]:
    from .messages import wrapped

    reasons: dict[str, list[str]] = {}
    for name, why in arrived.apart.items():
        reasons.setdefault(why, []).append(f"`{name}`")
    for why, names in reasons.items():
        verb = "stays" if len(names) == 1 else "stay"
        yield wrapped(
            f"{_listed(names)} {verb} in the settings but in no space: {why}.",
            indent="  ",
            hanging="    ",
        )
    for sentence in arrived.left_out[:_SENTENCES]:
        yield wrapped(f"left out: {sentence}", indent="  ", hanging="    ")
    if len(arrived.left_out) > _SENTENCES:
        yield f"  ... and {len(arrived.left_out) - _SENTENCES:,} more left out: --json names all."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _short(text: str, *, limit: int = 80) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."
