"""What the commands of procedures share: options, how one is played, and what it says."""

from __future__ import annotations

import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, final

import typer

from ..space.values import is_scalar

if TYPE_CHECKING:
    from ..advise.ending import Ending
    from ..experiment import Experiment
    from ..procedure.base import Answer, Known, Procedure, Step
    from ..procedure.opening import Training
    from ..procedure.player import Budget
    from ..space import Scalar
    from ..store.base import Store

# Adds to what is known before the first round.
Inform: TypeAlias = Callable[["Known", "Training"], "Known"]
BudgetStepsOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--budget-steps", min=1, help="Training steps of all its rounds.", show_default=False
    ),
]
BudgetHoursOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--budget-hours",
        min=0,
        help="Hours of training, over all trials: two workers spend two in one.",
        show_default=False,
    ),
]
SetOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A value of the configuration. [default: of the best trial, else mid-range]",
        show_default=False,
    ),
]
WorkersOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1, help="Trials at once. [default: one a GPU, else one a core]", show_default=False
    ),
]
RunnerOption: TypeAlias = Annotated[str, typer.Option(help="As `etude run` takes it.")]
LinesOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", help="Write the experiment file with its lines here.", show_default=False
    ),
]


@final
@dataclass(frozen=True, kw_only=True)
class ProcedureOptions:
    """What was typed about a procedure, whichever it is."""

    budget_steps: int | None = None
    budget_hours: float | None = None
    given: tuple[str, ...] = ()
    store: str | None = None
    workers: int | None = None
    runner: str = "auto"
    output: Path | None = None
    json: bool = False


@final
@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a procedure ended: its answer, and all that it knew then."""

    answer: Answer
    known: Known


def play_file(
    procedure: Procedure[Known],
    file: Path,
    options: ProcedureOptions,
    *,
    informed: Inform | None = None,
) -> None:
    """Plays a procedure on an experiment file, and shows its answer.

    Args:
        procedure: What decides.
        file: The experiment's.
        options: What was typed.
        informed: What adds to what is known before the first round; None for nothing.
    """
    from ..procedure.opening import read_file
    from ..store import open_store
    from .options import lasting_location

    experiment, folder = read_file(file)
    location = lasting_location(options.store)
    with closing(open_store(location)) as store:
        _say(options, f"Store: {location}")
        training = _training(options, folder, store)
        _play(procedure, experiment, training, options, source=file, informed=informed)


def play_stored(procedure: Procedure[Known], name: str | None, options: ProcedureOptions) -> None:
    """Plays a procedure on an experiment of the store, and shows its answer."""
    from ..procedure.opening import stored_experiment
    from ..store import open_store
    from .options import lasting_location

    location = lasting_location(options.store)
    with closing(open_store(location, create=False)) as store:
        _say(options, f"Store: {location}")
        result, folder = stored_experiment(name, store)
        source = Path(result.entry.source) if result.entry.source else None
        training = _training(options, folder, store)
        _play(procedure, result.experiment, training, options, source=source)


def _play(
    procedure: Procedure[Known],
    experiment: Experiment,
    training: Training,
    options: ProcedureOptions,
    *,
    source: Path | None,
    informed: Inform | None = None,
) -> None:
    from ..procedure.base import Answer
    from ..procedure.opening import known_of, with_pace
    from ..procedure.player import cost_sentence, play
    from .interrupt import signals_as_ctrl_c

    with signals_as_ctrl_c():
        known = known_of(experiment, training, given=_given(options.given))
        known = informed(known, training) if informed is not None else known
        budget = _budget(procedure, known, options)
        known = with_pace(procedure, known, training)
        _say(options, f"Configuration: {known.setting_source}.")
        _say(options, cost_sentence(procedure, known))
        perform = partial(training.perform, procedure)
        for turn in play(procedure, known, perform, exceeded=budget.exceeded):
            if isinstance(turn.decision, Answer):
                outcome = Outcome(answer=turn.decision, known=turn.known)
            else:
                _tell_step(options, turn.decision, turn.known)
    _show(procedure, outcome, options, source)


def _training(options: ProcedureOptions, folder: Path, store: Store) -> Training:
    from rich.console import Console

    from ..procedure.opening import Training
    from .progress import Progress

    # JSON alone goes to the standard output.
    stream = sys.stderr if options.json else sys.stdout
    console = Console(soft_wrap=True, file=stream, markup=False, emoji=False, highlight=False)
    return Training(
        store=store,
        folder=folder,
        runner=options.runner,
        workers=options.workers,
        observers=[Progress(console)],
    )


def _given(typed: tuple[str, ...]) -> dict[str, Scalar]:
    """The values that were typed, as an experiment file reads them; else as text.

    Raises:
        RunError: for what has no `=`.
    """
    from ..errors import RunError

    pairs = [one.partition("=") for one in typed]
    if wrong := [name for name, sign, _ in pairs if not (sign and name.strip())]:
        raise RunError(f"--set takes NAME=VALUE, got `{wrong[0]}`. For example learning_rate=0.1.")
    return {name.strip(): _value(value.strip()) for name, _, value in pairs}


def _value(text: str) -> Scalar:
    """A value as an experiment file reads it; what is no value there is text."""
    try:
        value: Scalar = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value if is_scalar(value) else text


def _budget(procedure: Procedure[Known], known: Known, options: ProcedureOptions) -> Budget:
    """The budget that was typed.

    Raises:
        RunError: where it does not pay for the first round.
    """
    from ..errors import RunError
    from ..procedure.base import Answer
    from ..procedure.player import Budget

    hours = options.budget_hours
    budget = Budget(steps=options.budget_steps, seconds=None if hours is None else hours * 3600)
    first = procedure.step(known)
    if isinstance(first, Answer):
        return budget
    if why := budget.exceeded(first, known):
        raise RunError(
            f"The budget does not pay for the first round of `etude {procedure.name}`: "
            f"{why} Allow more, or lower `max_steps` of the file."
        )
    return budget


def _tell_step(options: ProcedureOptions, step: Step, known: Known) -> None:
    from ..procedure.cost import planned_cost
    from ..wording import quantity

    cost = planned_cost(step.experiment)
    number = len(known.rounds) + 1
    rules = f" ({', '.join(step.rules)})" if step.rules else ""
    text = f"\n{number}. {step.part}: {step.because}{rules}"
    _say(options, f"{text}; {quantity(cost.trials, 'training')}.")


def _say(options: ProcedureOptions, text: str) -> None:
    from .terminal import say

    say(text, err=options.json)


# --- the answer


def _show(
    procedure: Procedure[Known], outcome: Outcome, options: ProcedureOptions, source: Path | None
) -> None:
    from .output import Answer, show

    if options.output is not None and source is not None and outcome.answer.lines:
        _write_lines(outcome, source, options.output)
    show(
        Answer(
            lines=partial(_lines, outcome, options, source),
            json=partial(as_json, procedure, outcome),
        ),
        json=options.json,
    )


def _write_lines(outcome: Outcome, source: Path, output: Path) -> None:
    """Writes the user's file with the answer's lines in it."""
    from ..advise.edits import edits
    from ..experiment import baseline
    from ..experiment.toml.edit import edited
    from .output import write_new_file

    _, text = baseline.read_with_baseline(source)
    write_new_file(output, edited(text, edits(outcome.known.base, outcome.answer.lines)))


def _lines(outcome: Outcome, options: ProcedureOptions, source: Path | None) -> Iterator[str]:
    from .next import recommendation_lines
    from .output import ending_lines, store_option

    answer = outcome.answer
    yield from ending_lines(_ending(outcome, source))
    if answer.lines:
        place = options.output or (source.name if source else "the experiment file")
        yield f"\nLines of {place}:"
        yield from recommendation_lines(answer.lines)
    if outcome.known.rounds:
        last = outcome.known.rounds[-1].experiment.name
        spent = f"{outcome.known.spent_steps:,} training steps"
        rounds = len(outcome.known.rounds)
        yield f"\nTrained: {spent} in {rounds} rounds. The last of them: " + (
            f"etude report {shlex.quote(last)}{store_option(options.store)}"
        )


def _ending(outcome: Outcome, source: Path | None) -> Ending:
    from dataclasses import replace

    from ..advise.ending import Ending

    answer = outcome.answer
    # A procedure knows no file: its commands say FILE.
    file = shlex.quote(str(source)) if source else "FILE"
    return Ending(
        word=answer.word,
        line=answer.line,
        table=answer.table,
        why="What it rests on",
        reasons=answer.reasons,
        more="--json",
        steps=tuple(
            replace(one, command=one.command.replace("FILE", file)) for one in answer.steps
        ),
    )


def as_json(procedure: Procedure[Known], outcome: Outcome) -> dict[str, Any]:
    """The answer of a procedure as programs read it."""
    from ..finding import to_json
    from .next import change_as_json

    known, answer = outcome.known, outcome.answer
    cost = procedure.cost(known)
    return {
        "procedure": procedure.name,
        "experiment": known.base.name,
        "setting": dict(known.setting),
        "verdict": answer.word.lower(),
        "message": answer.line,
        "answer": dict(answer.values),
        "lines": [change_as_json(one) for one in answer.lines],
        "findings": [to_json(one) for one in answer.findings],
        "rounds": [{"part": one.part, "experiment": one.experiment.name} for one in known.rounds],
        "cost": {
            "steps": known.spent_steps,
            "seconds": known.spent_steps * known.pace_s if known.pace_s else None,
            "most_steps": cost.steps,
            "most_trainings": cost.trials,
        },
    }
