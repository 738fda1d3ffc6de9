"""`etude adopt`: a configuration becomes the baseline, with its evidence, or does not."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import BaselineOption, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..advise.adoption import Adopted, Candidate
    from ..experiment.baseline import Adoption, Baseline
    from ..round.result import Result


def adopt(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="An experiment, or name:trial; the one run last if left out.",
            show_default=False,
        ),
    ] = None,
    *,
    baseline: BaselineOption = Path("baseline.toml"),
    worth: Annotated[
        float, typer.Option(help="The gain that each added part must bring, as the metric counts.")
    ] = 0.0,
    anyway: Annotated[
        str, typer.Option(metavar="REASON", help="Adopt whatever the evidence says; it is kept.")
    ] = "",
    prune: Annotated[
        bool, typer.Option("--prune", help="Write the trainings that tell which changes can go.")
    ] = False,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Make the best setting the baseline, where it beats it and is worth what it adds."""
    from .options import opened

    title, _, trial = (name or "").partition(":")
    with opened(title or None, store) as result:
        line = _line(baseline)
        decided, held = _decided(result, trial, line, worth)
        proposed = ""
        adopted = (decided.decision == "adopt" or bool(anyway)) and not prune
        if adopted:
            _write(baseline, line, result, decided, anyway)
        elif held is not None and (prune or decided.comparison is None):
            proposed = _propose(result, held, decided.candidate, prune=prune)
        _show(decided, baseline, proposed, adopted=adopted, json=json)
    if not adopted and not proposed:
        raise typer.Exit(1)


def _decided(
    result: Result, trial: str, line: Baseline | None, worth: float
) -> tuple[Adopted, Candidate | None]:
    """What is decided of the experiment's settings, and the baseline they stand against."""
    from ..advise.adoption import adoption

    found, experiment = _candidates(result, trial), result.experiment
    held = _held(line, result) if line else None
    others = [one for one in found if held is None or one.setting != held.setting]
    decided = adoption(
        others or found,
        held,
        metric=experiment.metric,
        maximize=experiment.maximize,
        worth=worth,
    )
    return decided, held


def _line(path: Path) -> Baseline | None:
    from ..experiment import baseline

    return baseline.read(path) if path.is_file() else None


def _candidates(result: Result, trial: str) -> list[Candidate]:
    """The settings of the experiment, or the one of a trial."""
    from ..errors import RunError

    found = _named(result)
    if trial:
        meant = [one for one in result.records if trial in (str(one.id), one.name)]
        setting = meant[0].setting if meant else None
        found = [one for one in found if one.setting == setting]
    if not found:
        what = f"trial `{trial}` that has ended" if trial else "trial that has ended"
        raise RunError(f"`{result.experiment.name}` has no {what}, so there is nothing to adopt.")
    return found


def _named(result: Result) -> list[Candidate]:
    """The settings of an experiment by the names that can be typed: two experiments meet here."""
    from dataclasses import replace

    from ..advise.adoption import candidates

    name = result.experiment.name
    return [
        replace(one, trainings=replace(one.trainings, name=f"{name}:{one.trial}"))
        for one in candidates(result.analysis)
    ]


def _held(line: Baseline, result: Result) -> Candidate:
    """The baseline with its trainings of this length: here, where it was adopted, or launched."""
    from ..errors import RunError
    from ..procedure.launch import launch_name
    from ..round.result import load

    last, length = line.last, result.experiment.max_steps
    if (last.metric, last.maximize) != (result.experiment.metric, result.experiment.maximize):
        raise RunError(
            f"The baseline is judged by {last.metric} and `{result.experiment.name}` by "
            f"{result.experiment.metric}, or in the other direction: train both alike first."
        )
    names = (result.experiment.name, last.experiment, launch_name(last, length))
    there = [entry.experiment for entry in result.store.entries()]
    known = [one.name for one in there if one.name in names and one.max_steps == length]
    results = [load(result.store, name) for name in known]
    mine = [
        candidate
        for one in results
        for candidate in _named(one)
        if candidate.setting == last.setting
    ]
    if not mine:
        raise RunError(
            f"The baseline, trial {last.trial} of `{last.experiment}`, has no training of "
            f"{length:,} steps in this store. Name the store that has one with --store, or train "
            f"it here: `etude launch --max-steps {length}`."
        )
    return max(mine, key=lambda one: len(one.trainings.values))


def _write(
    path: Path, line: Baseline | None, result: Result, decided: Adopted, anyway: str
) -> None:
    from dataclasses import replace

    from ..experiment import baseline
    from .output import write

    entry = replace(_entry(result, decided, anyway), folder=_folder(result, path))
    before = line.line if line else ()
    write(path, baseline.written(baseline.Baseline(line=(*before, entry))))


def _folder(result: Result, path: Path) -> str:
    """The folder of the experiment's file, from that of the baseline on."""
    import os

    source = result.entry.source
    folder = Path(source).parent if source else Path.cwd()
    return Path(os.path.relpath(folder, path.absolute().parent)).as_posix()


def _entry(result: Result, decided: Adopted, anyway: str) -> Adoption:
    import math
    from datetime import UTC, datetime
    from statistics import fmean

    from ..experiment.baseline import Adoption

    experiment, one = result.experiment, decided.candidate
    known = [value for value in one.trainings.values if math.isfinite(value)]
    reason = f"Adopted anyway: {anyway} " if anyway else ""
    return Adoption(
        adopted=datetime.now(UTC).isoformat(timespec="seconds"),
        experiment=experiment.name,
        trial=one.trial,
        metric=experiment.metric,
        maximize=experiment.maximize,
        value=fmean(known) if known else 0.0,
        trainings=len(one.trainings.values),
        max_steps=experiment.max_steps,
        evaluations=experiment.evaluations,
        evidence=f"{reason}{decided.message}",
        complexity=str(decided.complexity),
        setting=dict(one.setting),
        train=experiment.train or "",
    )


def _propose(result: Result, held: Candidate, candidate: Candidate, *, prune: bool) -> str:
    """Writes the experiment that would tell, beside the last one; its path."""
    from ..advise.follow_up import prunings, retraining_experiment
    from ..experiment.toml.write import dumps
    from .next import beside, written

    more = prunings(held.setting, candidate.setting) if prune else [candidate.setting]
    kind = "prune" if prune else "retrain"
    name = f"{result.experiment.name}-{kind}"
    shared = held.setting.keys() & candidate.setting.keys()
    settings = [{key: one[key] for key in one if key in shared} for one in (held.setting, *more)]
    lacking = held.setting.keys() ^ candidate.setting.keys()
    whole = settings if not lacking else [dict(candidate.setting)]
    text = dumps(retraining_experiment(result.experiment, whole, name=name))
    place = beside(result.entry.source) / f"{name}.toml"
    written(place, text)
    return str(place)


def _show(decided: Adopted, path: Path, proposed: str, *, adopted: bool, json: bool) -> None:
    from .output import print_json, wrapped

    if json:
        print_json(
            {
                "adopted": adopted,
                "decision": decided.decision,
                "trial": decided.candidate.trial,
                "setting": dict(decided.candidate.setting),
                "message": decided.message,
                "adds": list(decided.complexity.adds),
                "drops": list(decided.complexity.drops),
                "pruned": list(decided.pruned),
                "file": str(path) if adopted else None,
                "retrain": proposed or None,
            }
        )
        return
    typer.echo(wrapped(decided.message))
    if adopted:
        typer.echo(f"Adopted trial {decided.candidate.trial}: {path}")
    else:
        typer.echo("Not adopted.")
    if proposed:
        typer.echo(f"What would tell: etude run {shlex.quote(proposed)}")
