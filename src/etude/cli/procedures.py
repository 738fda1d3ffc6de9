"""What the commands of procedures share: options, how one is played, and what it says."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, final

import typer

from .typed_values import given_values

if TYPE_CHECKING:
    from ..advise.ending import Ending
    from ..procedure.base import Answer, Known, Procedure, Step
    from ..procedure.opening import Training
    from ..procedure.player import Budget, Outcome
    from ..store.base import Store

# The procedure, where it takes what is known to make it.
Choose: TypeAlias = "Callable[[Known, Training], Procedure[Known]]"
# The answer that is shown, of how a procedure ended and of its store.
After: TypeAlias = "Callable[[Outcome, Store], Answer]"
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


def play_file(
    procedure: Procedure[Known],
    file: Path,
    options: ProcedureOptions,
    *,
    informed: Inform | None = None,
    after: After | None = None,
) -> Outcome:
    """The outcome of a procedure played on an experiment file; its answer is shown.

    `informed` adds to what is known before the first round; `after` makes the answer that is shown.
    """
    return play_chosen(lambda *_: procedure, file, options, informed=informed, after=after)


def play_chosen(
    choose: Choose,
    file: Path,
    options: ProcedureOptions,
    *,
    informed: Inform | None = None,
    after: After | None = None,
) -> Outcome:
    """The same of a procedure that is made of what is known of the file."""
    from ..procedure.opening import known_of, read_file
    from ..store import open_store
    from .interrupt import signals_as_ctrl_c
    from .options import lasting_location

    experiment, folder = read_file(file)
    refuse_output(options.output, file)
    location = lasting_location(options.store)
    with closing(open_store(location)) as store, signals_as_ctrl_c():
        say_aside(options, f"Store: {location}")
        training = training_of(options, folder, store)
        known = known_of(experiment, training, given=given_values(options.given))
        procedure = choose(known, training)
        known = informed(known, training) if informed is not None else known
        outcome = _play(procedure, known, training, options)
        if after is not None:
            outcome = replace(outcome, answer=after(outcome, store))
    _show(procedure, outcome, options, file)
    return outcome


def play_stored(
    procedure: Procedure[Known],
    name: str | None,
    options: ProcedureOptions,
    *,
    after: After | None = None,
) -> Outcome:
    """The outcome of a procedure played on an experiment of the store; its answer is shown.

    A file may stand for the experiment that it describes. `after` makes the answer that is shown
    of the procedure's: it may look where that may not.
    """
    if name is not None and name.endswith(".toml"):
        return play_file(procedure, Path(name), options, after=after)
    from ..procedure.opening import known_of, stored_experiment
    from ..store import open_store
    from .interrupt import signals_as_ctrl_c
    from .options import lasting_location

    location = lasting_location(options.store)
    # One that is not there is refused rather than made; then it is opened to be written.
    open_store(location, create=False).close()
    with closing(open_store(location)) as store, signals_as_ctrl_c():
        say_aside(options, f"Store: {location}")
        result, folder = stored_experiment(name, store)
        source = Path(result.entry.source) if result.entry.source else None
        refuse_output(options.output, source)
        training = training_of(options, folder, store)
        known = known_of(result.experiment, training, given=given_values(options.given))
        outcome = _play(procedure, known, training, options)
        if after is not None:
            outcome = replace(outcome, answer=after(outcome, store))
    _show(procedure, outcome, options, source)
    return outcome


def _play(
    procedure: Procedure[Known], known: Known, training: Training, options: ProcedureOptions
) -> Outcome:
    from ..procedure.opening import answered, with_pace
    from ..procedure.player import cost_sentence

    budget = _budget(options)
    _refuse_small(procedure, known, training, budget)
    known = with_pace(procedure, known, training)
    # The pace says what hours pay for.
    _refuse_small(procedure, known, training, budget)
    if procedure.cost(known).trials:
        say_aside(options, f"Configuration: {known.setting_source}.")
        say_aside(options, cost_sentence(procedure, known))
    tell = partial(_tell_step, options)
    # JSON alone goes to the standard output, whatever the training prints.
    with redirect_stdout(sys.stderr) if options.json else nullcontext():
        return answered(procedure, known, training, budget=budget, tell=tell)


def training_of(options: ProcedureOptions, folder: Path, store: Store) -> Training:
    """How the rounds of a procedure are trained, with what was typed about it."""
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


def _budget(options: ProcedureOptions) -> Budget:
    """The budget that was typed.

    Raises:
        RunError: where it is no number.
    """
    from ..procedure.player import Budget

    hours = options.budget_hours
    return Budget(steps=options.budget_steps, seconds=None if hours is None else hours * 3600)


def _refuse_small(
    procedure: Procedure[Known], known: Known, training: Training, budget: Budget
) -> None:
    """Refuses a budget that does not pay for the first round.

    Raises:
        RunError: then.
    """
    from ..errors import RunError
    from ..procedure.base import Answer
    from ..procedure.opening import unpaid

    first = procedure.step(known)
    if isinstance(first, Answer):
        return
    if why := unpaid(procedure, training, budget, first, known):
        raise RunError(
            f"The budget does not pay for the first round of `etude {procedure.name}`: "
            f"{why} Allow more, or lower `max_steps` of the file."
        )


def _tell_step(options: ProcedureOptions, step: Step, known: Known) -> None:
    say_aside(options, step_line(step, known))


def step_line(step: Step, known: Known) -> str:
    """The next round of a procedure before it is trained: what it is for, and its trainings."""
    from ..procedure.cost import planned_cost
    from ..wording import quantity

    cost = planned_cost(step.experiment)
    number = len(known.rounds) + 1
    rules = f" ({', '.join(step.rules)})" if step.rules else ""
    text = f"\n{number}. {step.part}: {step.because}{rules}"
    return f"{text}; {quantity(cost.trials, 'training')}."


def say_aside(options: ProcedureOptions, text: str) -> None:
    """Says what is not the answer; beside JSON, to the error output."""
    from .terminal import say

    say(text, err=options.json)


# --- the answer


def _show(
    procedure: Procedure[Known], outcome: Outcome, options: ProcedureOptions, source: Path | None
) -> None:
    from .output import Answer, show

    show(
        Answer(
            lines=partial(_lines, procedure.name, outcome, options, source),
            json=partial(as_json, procedure, outcome),
        ),
        json=options.json,
    )
    # After the answer: where that cannot be written, it was read at least.
    if options.output is not None:
        _write_lines(outcome, source, options)


def refuse_output(output: Path | None, source: Path | None, option: str = "-o") -> None:
    """Refuses a file that could not be written in the end, before anything is trained.

    Raises:
        RunError: for a folder, for one that is not there, and for the experiment file itself.
    """
    from ..errors import RunError

    if output is None:
        return
    if output.is_dir() or not output.absolute().parent.is_dir():
        what = "is a folder" if output.is_dir() else "would be in a folder that does not exist"
        raise RunError(f"{option} names `{output}`, which {what}. Name a file.")
    if source is not None and output.exists() and source.exists() and output.samefile(source):
        raise RunError(f"{option} names the experiment file itself. Name another file.")


def _write_lines(outcome: Outcome, source: Path | None, options: ProcedureOptions) -> None:
    """Writes the user's file with the answer's lines in it, and says so."""
    from ..advise.edits import edits
    from ..experiment import baseline
    from ..experiment.toml.edit import edited
    from .output import write_new_file

    output = options.output
    assert output is not None
    if source is None or not outcome.answer.lines:
        why = "the answer has no lines" if source else "the experiment has no file"
        say_aside(options, f"\nNot written: `{output}`, since {why}.")
        return
    _, text = baseline.read_with_baseline(source)
    written = edited(text, edits(outcome.known.base, outcome.answer.lines))
    say_aside(options, f"\nWritten: {output}{write_new_file(output, written)}")


def _lines(
    name: str, outcome: Outcome, options: ProcedureOptions, source: Path | None
) -> Iterator[str]:
    from ..wording import quantity
    from .next import recommendation_lines
    from .output import ending_lines, store_option

    answer = outcome.answer
    yield from ending_lines(_ending(name, outcome, options, source))
    if answer.lines:
        place = options.output or (source.name if source else "the experiment file")
        yield f"\nLines of {place}:"
        yield from recommendation_lines(answer.lines)
    if outcome.known.rounds:
        last = outcome.known.rounds[-1].experiment.name
        spent = f"{outcome.known.spent_steps:,} training steps"
        rounds = len(outcome.known.rounds)
        count = f"{quantity(rounds, 'round')}{'. The last of them' if rounds > 1 else ''}"
        yield f"\nTrained: {spent} in {count}: " + (
            f"etude report {shlex.quote(last)}{store_option(options.store)}"
        )


def _ending(name: str, outcome: Outcome, options: ProcedureOptions, source: Path | None) -> Ending:
    from ..advise.ending import Ending
    from .output import store_option

    answer, store = outcome.answer, store_option(options.store)
    # A procedure knows no file: its commands say FILE.
    file = shlex.quote(str(source)) if source else "FILE"
    typed = _typed(options)
    return Ending(
        word=answer.word,
        line=answer.line,
        table=answer.table,
        why=answer.why,
        reasons=answer.reasons,
        more="--json",
        steps=tuple(
            replace(
                one,
                command=one.command.replace("FILE", file)
                # The same procedure asked for more means the same configuration, trained alike.
                + (typed if one.command.startswith(f"etude {name} ") else "")
                + store,
            )
            if one.command
            else one
            for one in answer.steps
        ),
    )


def _typed(options: ProcedureOptions) -> str:
    """What was typed of the configuration and of how it is trained, as a command repeats it."""
    typed = "".join(f" --set {shlex.quote(one)}" for one in options.given)
    if options.workers is not None:
        typed += f" --workers {options.workers}"
    return typed if options.runner == "auto" else f"{typed} --runner {options.runner}"


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
        "reasons": [{"text": one.text, "rules": list(one.rules)} for one in answer.reasons],
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
