"""`etude adopt`: a configuration becomes the baseline, with its evidence, or does not."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, final

import typer

from .completion import experiment_names
from .options import BaselineOption, JsonOption, StoreOption

if TYPE_CHECKING:
    from ..advise.adoption import AdoptionDecision, Candidate
    from ..advise.ending import Reason
    from ..experiment import Experiment
    from ..experiment.baseline import Adoption, Baseline
    from ..round.result import Result

# A2's own number.
SEEDS = 5
BASELINE = Path("baseline.toml")
_BASELINE = "the baseline"
_ADOPT = "etude adopt "
_Candidate: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]",
        help="An experiment, or name:trial; the one run last if left out.",
        show_default=False,
        autocompletion=experiment_names,
    ),
]

_AsIs: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--as-is", help="Adopt a first baseline as a starting point, whatever its trainings."
    ),
]


def adopt(  # noqa: PLR0913  # one parameter an option is Typer's way
    name: _Candidate = None,
    *,
    baseline: BaselineOption = BASELINE,
    worth: Annotated[
        float, typer.Option(help="The gain that each added part must bring, as the metric counts.")
    ] = 0.0,
    anyway: Annotated[
        str, typer.Option(metavar="REASON", help="Adopt whatever the evidence says; it is kept.")
    ] = "",
    as_is: _AsIs = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Write the trainings that tell which changes can go.")
    ] = False,
    store: StoreOption = None,
    json: JsonOption = False,  # a flag of the command line
) -> None:
    """Make the best setting the baseline, where it beats it and is worth what it adds."""
    from .adopt_inputs import decided, doubts_of, line_of, source_of
    from .options import stored_result
    from .output import Answer, show, store_option

    line = line_of(baseline)
    _refuse_as_is(line, as_is=as_is)
    title, _, trial = (name or "").partition(":")
    with stored_result(title or None, store) as asked:
        result, trial = source_of(asked, trial)
        decision, incumbent = decided(result, trial, line, worth=worth, as_is=as_is)
        doubts, typed = tuple(doubts_of(result)), store_option(store)
        outcome = _Outcome(decision=decision, doubts=doubts, anyway=anyway, store=typed)
        if line is None and decision.retrain and not (prune or anyway):
            named, _ = decided(result, trial, line, worth=worth, as_is=True)
            outcome = _begin(baseline, result, outcome, named)
        elif not prune and (decision.decision == "adopt" or anyway):
            outcome = _adopt(baseline, line, result, outcome)
        elif decision.retrain or (incumbent and (prune or decision.comparison is None)):
            outcome = _propose(result, incumbent, outcome, prune=prune)
    show(
        Answer(lines=partial(_lines, outcome, baseline), json=partial(_as_json, outcome)), json=json
    )
    if not (outcome.place or outcome.proposal):
        raise typer.Exit(1)


@final
@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What came of an adoption.

    Args:
        doubts: What the round leaves open.
        anyway: Why it was adopted whatever the evidence says.
        store: The option that names the store, with a space before it.
        place: The baseline that was written; None where none was.
        proposal: The file of the trainings that would tell; empty where none was written.
        trainings: How many those are.
        seconds: How long they take at the pace of the round; None where none was timed.
        nameless: Whether the file has to name a train function first.
        alone: What the file trains, where it is not both; empty where it is.
    """

    decision: AdoptionDecision
    doubts: tuple[Reason, ...]
    anyway: str
    store: str
    place: Path | None = None
    proposal: str = ""
    trainings: int = 0
    seconds: float | None = None
    nameless: bool = False
    alone: str = ""


def _refuse_as_is(line: Baseline | None, *, as_is: bool) -> None:
    from ..errors import RunError

    if as_is and line is not None:
        raise RunError(
            "--as-is is for a first baseline, and there is one already. To put another in its "
            "place whatever the evidence says: --anyway REASON, which is kept."
        )


def _named_starting_point(decision: AdoptionDecision) -> AdoptionDecision:
    """What is adopted against the evidence, and trained too seldom, is something to begin with."""
    from dataclasses import replace

    trainings = decision.candidate.trainings
    few = len(trainings.values) < SEEDS or trainings.copies
    against = decision.decision != "adopt"
    return replace(decision, starting_point=decision.starting_point or (few and against))


def _adopt(path: Path, line: Baseline | None, result: Result, outcome: _Outcome) -> _Outcome:
    """Writes the baseline; what came of it."""
    from dataclasses import replace

    _refuse_without_value(outcome.decision)
    decision = _named_starting_point(outcome.decision)
    adopted = replace(outcome, decision=decision, place=path)
    _write(path, line, result, adopted)
    return adopted


def _begin(path: Path, result: Result, outcome: _Outcome, named: AdoptionDecision) -> _Outcome:
    """Writes something to begin with, named so, beside the trainings that tell its worth."""
    from dataclasses import replace

    proposed = _propose(result, None, outcome, prune=False)
    return _adopt(path, None, result, replace(proposed, decision=named))


def _refuse_without_value(decision: AdoptionDecision) -> None:
    import math

    from ..errors import RunError

    candidate = decision.candidate
    if not any(map(math.isfinite, candidate.trainings.values)):
        raise RunError(
            f"No training of `{candidate.trainings.name}` has a value, so there is nothing to "
            "adopt. See what broke them: `etude trials`."
        )


def _write(path: Path, line: Baseline | None, result: Result, outcome: _Outcome) -> None:
    from dataclasses import replace

    from ..experiment import baseline
    from .output import write_file

    latest = replace(_adoption(result, outcome), folder=_folder(result, path))
    before = line.line if line else ()
    write_file(path, baseline.baseline_text(baseline.Baseline(line=(*before, latest))))


def _folder(result: Result, path: Path) -> str:
    """The folder of the experiment's file, from that of the baseline on."""
    import os

    source = result.entry.source
    folder = Path(source).parent if source else Path.cwd()
    return Path(os.path.relpath(folder, path.absolute().parent)).as_posix()


def _adoption(result: Result, outcome: _Outcome) -> Adoption:
    import math
    from datetime import UTC, datetime
    from statistics import fmean

    from ..experiment.baseline import Adoption
    from ..experiment.resources import table_of
    from .adopt_inputs import code_of

    experiment, decision = result.experiment, outcome.decision
    candidate = decision.candidate
    known = [value for value in candidate.trainings.values if math.isfinite(value)]
    reason = f"Adopted anyway: {outcome.anyway} " if outcome.anyway else ""
    doubts = "".join(f" {doubt.text}." for doubt in outcome.doubts)
    return Adoption(
        adopted=datetime.now(UTC).isoformat(timespec="seconds"),
        experiment=experiment.name,
        trial=candidate.trial,
        metric=experiment.metric,
        maximize=experiment.maximize,
        value=fmean(known),
        trainings=len(known),
        max_steps=experiment.max_steps,
        evaluations=experiment.evaluations,
        evidence=f"{reason}{decision.message}{doubts}{code_of(result)}",
        complexity=str(decision.complexity),
        setting=dict(candidate.setting),
        train=experiment.train or "",
        starting_point=decision.starting_point,
        resources=table_of(experiment.resources),
    )


def _propose(
    result: Result, incumbent: Candidate | None, outcome: _Outcome, *, prune: bool
) -> _Outcome:
    """Writes the experiment that would tell, beside the last one, with what it costs."""
    from dataclasses import replace

    from ..advise.ending import measured_pace_s
    from ..experiment.toml.write import dumps
    from .output import folder_beside, write_new_file

    coming = _retrainings(result, incumbent, outcome.decision.candidate, prune=prune)
    place = folder_beside(result.entry.source) / f"{coming.name}.toml"
    write_new_file(place, dumps(coming), named=False)
    pace_s = measured_pace_s(result.records)
    return replace(
        outcome,
        proposal=str(place),
        trainings=coming.trials,
        seconds=pace_s * coming.trials * coming.max_steps if pace_s else None,
        nameless=coming.train is None,
        alone="" if prune else _alone(incumbent, outcome.decision.candidate),
    )


def _retrainings(
    result: Result, incumbent: Candidate | None, candidate: Candidate, *, prune: bool
) -> Experiment:
    """The trainings that would tell: of both, or of the one that lacks them."""
    from dataclasses import replace

    from ..advise.follow_up import prunings, retraining_experiment
    from ..round.retraining import free_name

    name = f"{result.experiment.name}-{'prune' if prune else 'retrain'}"
    settings = [candidate.setting]
    if incumbent is not None:
        if prune:
            settings = prunings(incumbent.setting, candidate.setting)
        alone = _alone(incumbent, candidate)
        if not alone:
            settings = [incumbent.setting, *settings]
        elif alone == _BASELINE and not prune:
            name, settings = f"{result.experiment.name}-baseline", [incumbent.setting]
    coming = retraining_experiment(result.experiment, settings, name=name)
    return replace(coming, name=free_name(coming, result.retrainings))


def _alone(incumbent: Candidate | None, candidate: Candidate) -> str:
    """Which of two is trained, whose settings differ in names and cannot stand in one file."""
    if incumbent is None or not incumbent.setting.keys() ^ candidate.setting.keys():
        return ""
    return _BASELINE if candidate.retrained else "it"


def _as_json(outcome: _Outcome) -> dict[str, Any]:
    decision = outcome.decision
    return {
        "adopted": outcome.place is not None,
        "starting_point": outcome.place is not None and decision.starting_point,
        "decision": decision.decision,
        "trial": decision.candidate.trial,
        "setting": dict(decision.candidate.setting),
        "message": decision.message,
        "doubts": [doubt.text for doubt in outcome.doubts],
        "adds": list(decision.complexity.adds),
        "drops": list(decision.complexity.drops),
        "pruned": list(decision.pruned),
        "file": str(outcome.place) if outcome.place else None,
        "retrain": outcome.proposal or None,
        "cost": {"trainings": outcome.trainings, "seconds": outcome.seconds}
        if outcome.proposal
        else None,
    }


def _lines(outcome: _Outcome, baseline: Path) -> Iterator[str]:
    from dataclasses import replace

    from ..advise.adoption_ending import Proposal, adoption_ending
    from .output import ending_lines

    proposal = None
    if outcome.proposal:
        proposal = Proposal(
            command=f"etude run {shlex.quote(outcome.proposal)}{outcome.store}",
            trainings=outcome.trainings,
            seconds=outcome.seconds,
            nameless=outcome.nameless,
            alone=outcome.alone,
        )
    ending = adoption_ending(
        outcome.decision,
        file=shlex.quote(str(outcome.place)) if outcome.place else "",
        proposal=proposal,
        doubts=outcome.doubts,
        asked=bool(outcome.anyway),
        store=outcome.store,
    )
    named = "" if baseline == BASELINE else f" --baseline {shlex.quote(str(baseline))}"
    steps = [
        replace(step, command=step.command + named * step.command.startswith(_ADOPT))
        for step in ending.steps
    ]
    yield from ending_lines(replace(ending, steps=tuple(steps)))
