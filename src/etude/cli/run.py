"""`etude run`: plays a round, and says what it found and what is doubtful about it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from .options import FileArgument, SameOption, StoreOption, lasting_location
from .procedures import WorkersOption
from .serve import BesideRun

if TYPE_CHECKING:
    from ..procedure.opening import Training
    from ..round.observer import Observer
    from ..round.opening import Agreed
    from ..round.result import Result
    from ..store.base import Store


_Rounds: TypeAlias = Annotated[
    int,
    typer.Option(
        min=1,
        help="Rounds at most; each follows the advice of the one before, which you are asked.",
    ),
]
_Accept: TypeAlias = Annotated[
    bool, typer.Option("--accept", help="Ask nothing: follow that advice unseen. Files are kept.")
]
_RetryErrors: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--retry-errors", help="Train again what an error of the code or the machine ended."
    ),
]
_BudgetSteps: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Training steps of all rounds. [default: --rounds times those of the first]",
        show_default=False,
    ),
]
_Runner: TypeAlias = Annotated[
    str,
    typer.Option(
        help="`auto`: what is measured to be faster of `processes` and, for a workload, "
        "`vectorized`. Or one of these, or `inline` to debug in this process; `ray`, or the "
        "HOST:PORT of a Ray cluster, to train on its nodes."
    ),
]
_Confirm: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--confirm",
        help="Reserve steps to train the best again. [default: what the rounds leave over]",
    ),
]
_MaxSteps: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--max-steps", min=2, help="At the end, extend the winner to it.", show_default=False
    ),
]
_Track: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--track",
        metavar="KIND",
        help="Show the trials in `wandb`, `mlflow` or `tensorboard` meanwhile; again for another.",
        show_default=False,
    ),
]
_AcceptCode: TypeAlias = Annotated[
    bool,
    typer.Option("--accept-code", help="Trials of several versions of your code are comparable."),
]
_Serve: TypeAlias = Annotated[
    bool, typer.Option("--serve", help="Serve the report as a live page meanwhile.")
]
_Verbose: TypeAlias = Annotated[
    bool, typer.Option("--verbose", help="Say also why trials are not trained in stacks.")
]


def run(  # noqa: PLR0913  # one parameter an option is Typer's way
    file: FileArgument,
    *,
    store: StoreOption = None,
    workers: WorkersOption = None,
    runner: _Runner = "auto",
    rounds: _Rounds = 1,
    accept: _Accept = False,
    retry_errors: _RetryErrors = False,
    budget_steps: _BudgetSteps = None,
    confirm: _Confirm = False,
    max_steps: _MaxSteps = None,
    same: SameOption = False,
    accept_code: _AcceptCode = False,
    track: _Track = None,
    verbose: _Verbose = False,
    serve: _Serve = False,
) -> None:
    """Run an experiment file; typed again, it goes on where it stopped."""
    from ..procedure.series import SeriesPlan
    from .autopilot import RoundOptions, follow
    from .interrupt import signals_as_ctrl_c
    from .terminal import say

    is_series = rounds > 1 or confirm or max_steps is not None
    _refuse_options_of_rounds(accept=accept, budget_steps=budget_steps, is_series=is_series)
    location = lasting_location(store)
    say(f"Store: {location}")
    agreed = _agreed(same=same, accept_code=accept_code, retry_errors=retry_errors)
    observers = partial(_observers, track or (), location, store, verbose=verbose)
    play = partial(_play, workers=workers, runner=runner, agreed=agreed)
    with signals_as_ctrl_c(), closing(BesideRun(location, is_asked=serve)) as page:
        play = partial(play, observers=partial(observers, page))
        if is_series:
            plan = SeriesPlan(
                rounds=rounds, budget_steps=budget_steps, confirms=confirm, max_steps=max_steps
            )
            options = RoundOptions(plan, store, location, accept, _typed(workers, runner))
            return follow(file, play, _training(file, workers, runner), options)
        # Before the page ends, which waits for who looks on.
        _show(play(file, store=location), file, store)


def _refuse_options_of_rounds(*, accept: bool, budget_steps: int | None, is_series: bool) -> None:
    """Refuses options that only several rounds have."""
    from ..errors import RunError

    if accept and not is_series:
        raise RunError("--accept follows the advice of a round: say how many with --rounds.")
    if budget_steps is not None and not is_series:
        raise RunError(
            "--budget-steps is shared by several rounds: say how many with --rounds. What one "
            "round trains, its file says: `trials` and `max_steps`."
        )


def _typed(workers: int | None, runner: str) -> str:
    """The options of how trials are trained, as they were typed, with a space before each."""
    given = [("--workers", workers), ("--runner", runner if runner != "auto" else None)]
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value in given if value)


def _agreed(*, same: bool, accept_code: bool, retry_errors: bool) -> tuple[Agreed, ...]:
    """What was agreed to, as a round takes it."""
    answers: dict[Agreed, bool] = {
        "same_file": same,
        "changed_code": accept_code,
        "retry_errors": retry_errors,
    }
    return tuple(name for name, given in answers.items() if given)


def _training(file: Path, workers: int | None, runner: str) -> Callable[[Store], Training]:
    """How the rounds of a procedure are trained that the advice of a round asks for."""
    from .procedures import ProcedureOptions, training_of

    options = ProcedureOptions(workers=workers, runner=runner)
    return partial(training_of, options, file.absolute().parent)


def _play(
    file: Path,
    store: Store | str,
    *,
    workers: int | None,
    runner: str,
    agreed: Collection[Agreed],
    observers: Callable[[], Sequence[Observer]],
) -> Result:
    from ..round import run as a_round

    return a_round.run(
        file,
        store=store,
        runner=runner,
        workers=workers,
        observers=observers(),
        agreed=agreed,
    )


def _observers(
    track: Sequence[str], location: str, store: str | None, page: BesideRun, *, verbose: bool
) -> list[Observer]:
    """What shows a round on this terminal, in trackers, and as a live page."""
    from rich.console import Console

    from .followers import Followers
    from .output import store_option
    from .progress import Progress

    # This stream, whatever a trial's log takes; what stands in a name is no markup.
    console = Console(soft_wrap=True, file=sys.stdout, markup=False, emoji=False, highlight=False)
    progress = Progress(console, verbose=verbose)
    followers = Followers(track, location, store_option(store), progress.say)
    return [progress, followers, page.saying(progress.say)]


def _show(result: Result, file: Path, store: str | None) -> None:
    """Prints what a round found; an error where the code or the machine ended most of it."""
    from .output import print_lines, sound

    print_lines(result_lines(result, store))
    sound(result, file, store)


def result_lines(result: Result, store: str | None) -> Iterator[str]:
    """What the round found, why that is not all, and which commands come next."""
    from dataclasses import replace

    from ..round.retry import killed_line
    from .output import checkpoint_lines, ending_lines, paragraph, store_option

    ending = result.ending(store_option(store))
    kept = [line.strip() for line in checkpoint_lines(result)]
    yield from ending_lines(replace(ending, best=(*ending.best, *kept)))
    if killed := killed_line(result):
        yield f"\n{paragraph(killed)}"
    yield f"\nCharts and trials: etude report {result.experiment.name}{store_option(store)}"
