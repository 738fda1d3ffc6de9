"""`etude adopt`: a configuration becomes the baseline, with its evidence, or does not."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from .options import BaselineOption, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..advise.adoption import AdoptionDecision, Candidate
    from ..experiment.baseline import Adoption, Baseline
    from ..round.result import Result


_Candidate: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="An experiment, or name:trial; the one run last if left out.",
        show_default=False,
    ),
]


def adopt(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: _Candidate = None,
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
    from .options import stored_result
    from .output import Answer, show

    title, _, trial = (name or "").partition(":")
    with stored_result(title or None, store) as result:
        line = _line(baseline)
        decision, incumbent = _decision(result, trial, line, worth)
        proposal = ""
        adopts = (decision.decision == "adopt" or bool(anyway)) and not prune
        if adopts:
            _write(baseline, line, result, decision, anyway)
        elif incumbent is not None and (prune or decision.comparison is None):
            proposal = _propose(result, incumbent, decision.candidate, prune=prune)
        place = baseline if adopts else None
        answer = Answer(
            lines=partial(_lines, decision, place, proposal, anyway),
            json=partial(_as_json, decision, place, proposal),
        )
        show(answer, json=json)
    if not adopts and not proposal:
        raise typer.Exit(1)


def _decision(
    result: Result, trial: str, line: Baseline | None, worth: float
) -> tuple[AdoptionDecision, Candidate | None]:
    """What is decided of the experiment's settings, and the baseline they stand against."""
    from ..advise.adoption import adoption

    candidates, experiment = _candidates(result, trial), result.experiment
    incumbent = _incumbent(line, result) if line else None
    rivals = [one for one in candidates if incumbent is None or one.setting != incumbent.setting]
    decision = adoption(
        rivals or candidates,
        incumbent,
        metric=experiment.metric,
        maximize=experiment.maximize,
        worth=worth,
    )
    return decision, incumbent


def _line(path: Path) -> Baseline | None:
    from ..experiment import baseline

    return baseline.read(path) if path.is_file() else None


def _candidates(result: Result, trial: str) -> list[Candidate]:
    """The settings of the experiment, or the one of a trial."""
    from ..errors import RunError

    candidates = _typable_candidates(result)
    if trial:
        records = [one for one in result.records if trial in (str(one.id), one.name)]
        setting = records[0].setting if records else None
        candidates = [one for one in candidates if one.setting == setting]
    if not candidates:
        subject = f"trial `{trial}` that has ended" if trial else "trial that has ended"
        raise RunError(
            f"`{result.experiment.name}` has no {subject}, so there is nothing to adopt."
        )
    return candidates


def _typable_candidates(result: Result) -> list[Candidate]:
    """The settings of an experiment by the names that can be typed: two experiments meet here."""
    from dataclasses import replace

    from ..advise.adoption import candidates

    name = result.experiment.name
    return [
        replace(one, trainings=replace(one.trainings, name=f"{name}:{one.trial}"))
        for one in candidates(result.analysis)
    ]


def _incumbent(line: Baseline, result: Result) -> Candidate:
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
    experiments = [entry.experiment for entry in result.store.entries()]
    known = [one.name for one in experiments if one.name in names and one.max_steps == length]
    results = [load(result.store, name) for name in known]
    alike = [
        candidate
        for known_result in results
        for candidate in _typable_candidates(known_result)
        if candidate.setting == last.setting
    ]
    if not alike:
        raise RunError(
            f"The baseline, trial {last.trial} of `{last.experiment}`, has no training of "
            f"{length:,} steps in this store. Name the store that has one with --store, or train "
            f"it here: `etude launch --max-steps {length}`."
        )
    return max(alike, key=lambda candidate: len(candidate.trainings.values))


def _write(
    path: Path, line: Baseline | None, result: Result, decision: AdoptionDecision, anyway: str
) -> None:
    from dataclasses import replace

    from ..experiment import baseline
    from .output import write_file

    latest = replace(_adoption(result, decision, anyway), folder=_folder(result, path))
    before = line.line if line else ()
    write_file(path, baseline.baseline_text(baseline.Baseline(line=(*before, latest))))


def _folder(result: Result, path: Path) -> str:
    """The folder of the experiment's file, from that of the baseline on."""
    import os

    source = result.entry.source
    folder = Path(source).parent if source else Path.cwd()
    return Path(os.path.relpath(folder, path.absolute().parent)).as_posix()


def _adoption(result: Result, decision: AdoptionDecision, anyway: str) -> Adoption:
    import math
    from datetime import UTC, datetime
    from statistics import fmean

    from ..experiment.baseline import Adoption

    experiment, candidate = result.experiment, decision.candidate
    known = [value for value in candidate.trainings.values if math.isfinite(value)]
    reason = f"Adopted anyway: {anyway} " if anyway else ""
    return Adoption(
        adopted=datetime.now(UTC).isoformat(timespec="seconds"),
        experiment=experiment.name,
        trial=candidate.trial,
        metric=experiment.metric,
        maximize=experiment.maximize,
        value=fmean(known) if known else 0.0,
        trainings=len(candidate.trainings.values),
        max_steps=experiment.max_steps,
        evaluations=experiment.evaluations,
        evidence=f"{reason}{decision.message}",
        complexity=str(decision.complexity),
        setting=dict(candidate.setting),
        train=experiment.train or "",
    )


def _propose(result: Result, incumbent: Candidate, candidate: Candidate, *, prune: bool) -> str:
    """Writes the experiment that would tell, beside the last one; its path."""
    from ..advise.follow_up import prunings, retraining_experiment
    from ..experiment.toml.write import dumps
    from .output import folder_beside, write_new_file

    more = prunings(incumbent.setting, candidate.setting) if prune else [candidate.setting]
    kind = "prune" if prune else "retrain"
    name = f"{result.experiment.name}-{kind}"
    shared = incumbent.setting.keys() & candidate.setting.keys()
    settings = [
        {key: one[key] for key in one if key in shared} for one in (incumbent.setting, *more)
    ]
    lacking = incumbent.setting.keys() ^ candidate.setting.keys()
    whole = settings if not lacking else [dict(candidate.setting)]
    text = dumps(retraining_experiment(result.experiment, whole, name=name))
    place = folder_beside(result.entry.source) / f"{name}.toml"
    write_new_file(place, text)
    return str(place)


def _as_json(decision: AdoptionDecision, place: Path | None, proposal: str) -> dict[str, Any]:
    return {
        "adopted": place is not None,
        "decision": decision.decision,
        "trial": decision.candidate.trial,
        "setting": dict(decision.candidate.setting),
        "message": decision.message,
        "adds": list(decision.complexity.adds),
        "drops": list(decision.complexity.drops),
        "pruned": list(decision.pruned),
        "file": str(place) if place else None,
        "retrain": proposal or None,
    }


def _lines(
    decision: AdoptionDecision, place: Path | None, proposal: str, anyway: str
) -> Iterator[str]:
    from ..advise.comparison_ending import adoption_ending
    from .output import ending_lines

    command = f"etude run {shlex.quote(proposal)}" if proposal else ""
    file = shlex.quote(str(place)) if place else ""
    yield from ending_lines(
        adoption_ending(decision, file=file, proposal=command, asked=bool(anyway))
    )
