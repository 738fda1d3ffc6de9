"""Rounds that follow their own advice, played: their budget, their files, and what stands there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias, final

from ..advise.remedies.exploit import SEARCH as EXPLOITS
from ..disk.file import is_blank, write_whole
from ..errors import InputError, RunError, TrainError
from ..experiment import Experiment, baseline, changes
from ..experiment.small_file import holds
from ..experiment.toml.write import dumps
from ..record import Record, Records
from ..round.opening import refuse_changes
from ..round.result import Result, parent_in, rounds_before_in
from ..round.retraining import retrained_round, retrainings_of
from ..round.run import run
from ..runner.base import Runner
from ..search import refuse_missing
from ..store import open_or_borrow
from ..store.base import Store
from ..trial import TrainFunction
from .autopilot import Autopilot, PlayedRound, Series, best_of
from .base import Answer, Step
from .cost import planned_steps
from .delegation import Consultation, Delegation
from .last_steps import EXPLOIT, EXTEND, reserve
from .opening import Training, with_architecture
from .player import play, round_of
from .stability import Stability

# Plays one round: an Experiment, or the path of its file.
Play: TypeAlias = Callable[[Experiment | Path], Result]


@final
@dataclass(frozen=True, kw_only=True)
class RoundSeries:
    """Rounds that followed each other's advice, and what was made of their winner.

    Args:
        rounds: In the order in which they were played.
        budget_steps: Training steps that all could spend.
        last_steps: The procedures that ended them: the confirmation, then the extension.
    """

    rounds: tuple[PlayedRound, ...]
    budget_steps: int
    last_steps: tuple[Consultation, ...] = ()

    @property
    def last(self) -> PlayedRound:
        """The round that ended them."""
        return self.rounds[-1]

    @property
    def spent(self) -> int:
        """The training steps of all rounds and procedures."""
        return self.last.spent + sum(
            one.delegated.spent_steps for one in self.last_steps if one.delegated
        )

    @property
    def best(self) -> tuple[PlayedRound, Record] | None:
        """The best trial of all rounds, with its round; None where none is feasible.

        Of equals that of the earliest round. What trains the best of another round again confirms
        it, and the luckiest of its seeds is no better setting.
        """
        return best_of(self.rounds)

    @property
    def confirmed(self) -> Answer | None:
        """The winner by the mean of its retrainings, `.values`; None where none was trained again.

        `setting`, `mean`, `sd`, `retrainings`, and `shrinkage`: by how much the value that it was
        chosen with is better than that mean.
        """
        return self._answer(EXPLOIT)

    @property
    def extended(self) -> Answer | None:
        """What became of the winner when it was trained for longer; None where it was not."""
        return self._answer(EXTEND)

    def _answer(self, name: str) -> Answer | None:
        asked = [one.delegated for one in self.last_steps if one.name == name and one.delegated]
        return asked[0].answer if asked else None


def autopilot(  # noqa: PLR0913  # the options of its command, by name
    experiment: Experiment | str | Path,
    train: TrainFunction | None = None,
    *,
    rounds: int,
    budget_steps: int | None = None,
    confirm: bool = False,
    max_steps: int | None = None,
    store: Store | str | Path | None = "memory",
    runner: Runner | str | None = None,
) -> RoundSeries:
    """An experiment, then what its own advice makes of it, and so on, with the best of all.

    Every decision is an edit that `Result.next()` proposes, or a line of the procedure that it
    names, with its rule; nothing is read by a person in between. Ends after so many rounds, where
    no edit is advised, or where the budget affords no other round. Then the best settings are
    trained again with other seeds, as far as the budget pays for it. Of an experiment file every
    round's file is written beside the first, so each can be read and run again; started again, it
    goes on where it stopped.

    Args:
        experiment: An Experiment, or the path of its file.
        train: A function of a Trial; None for the one that the experiment names.
        rounds: At most.
        budget_steps: Training steps of all rounds and procedures together; None for `rounds` times
            those of the first round, and what the last steps take that are asked for. A round that
            asks for more than is left gets fewer trials.
        confirm: Whether steps are reserved for the retrainings of the best; else what the rounds
            leave over pays for as many as it can.
        max_steps: The length that the winner is extended to at the end; None for no extension.
        store: A path, `memory`, or a Store. None for `ETUDE_STORE`, else `etude.db`.
        runner: As `etude.run` takes it.

    Raises:
        InputError: for what is wrong with an experiment, the store, the budget, or a file that
            stands where a round's file would be written and says something else.
        TrainError: when the first trials of a round all meet the same exception.

    Source: R1, R3, R15, X1, A2.
    """
    first = experiment if isinstance(experiment, Experiment) else Path(experiment)
    plan = SeriesPlan(
        rounds=rounds, budget_steps=budget_steps, confirms=confirm, max_steps=max_steps
    )
    with open_or_borrow(store) as opened_store:
        play_one: Play = partial(run, train=train, store=opened_store, runner=runner)
        folder = first.absolute().parent if isinstance(first, Path) else Path.cwd()
        training = Training(store=opened_store, folder=folder, train=train, runner=runner)
        files = RoundFiles(first=first, store=opened_store, play=play_one, training=training)
        *_, last = play(Autopilot(), opened_series(first, plan), files.perform)
        return ended_series(last.known)


def ended_series(known: Series) -> RoundSeries:
    """The rounds of a series, with what was made of their winner."""
    return RoundSeries(
        rounds=known.played, budget_steps=known.budget_steps, last_steps=known.last_steps
    )


@final
@dataclass(frozen=True, kw_only=True)
class SeriesPlan:
    """What a series may do.

    Args:
        rounds: At most.
        budget_steps: Training steps of all of it; None for as many a round as the first has, and
            what the last steps take at most that are asked for.
        confirms: Whether steps are reserved to confirm the winner.
        max_steps: The length that the winner is extended to; None for no extension.
    """

    rounds: int
    budget_steps: int | None = None
    confirms: bool = False
    max_steps: int | None = None


def opened_series(first: Experiment | Path, plan: SeriesPlan) -> Series:
    """What is known before the first round.

    Raises:
        RunError: where the budget does not pay for the first round, or what exploits is not
            installed.

    Source: R15.
    """
    if plan.rounds < 1:
        raise RunError(f"At least one round is played, got rounds={plan.rounds}.")
    experiment = _read(first)[0]
    compares = any(one.role == "scientific" for one in experiment.hyperparameters)
    # Told now rather than after the rounds that explore.
    if plan.rounds > 1 and not (compares or experiment.configurations):
        _refuse_without_exploit()
    planned = planned_steps(experiment)
    last_steps = reserve(experiment, confirms=plan.confirms, max_steps=plan.max_steps)
    steps = plan.budget_steps
    if steps is not None and steps < planned + last_steps:
        ending = f" beside the last steps, which are given {last_steps:,}" if last_steps else ""
        raise RunError(
            f"The budget of {steps:,} training steps does not pay for the first round, which takes "
            f"{planned:,}{ending}. Allow more, or lower its `trials` or `max_steps`."
        )
    return Series(
        first=experiment,
        rounds=plan.rounds,
        budget_steps=plan.rounds * planned + last_steps if steps is None else steps,
        confirms=plan.confirms,
        max_steps=plan.max_steps,
    )


def _refuse_without_exploit() -> None:
    """Says who asks for a search that the file does not name."""
    try:
        refuse_missing(EXPLOITS)
    except RunError as error:
        raise RunError(
            f"{error} Rounds that follow their own advice end with it (X1); without it, play one "
            "round at a time."
        ) from error


@final
@dataclass(frozen=True, kw_only=True)
class RoundFiles:
    """How the rounds of a series are played: each as a file beside the first, or from Python.

    Args:
        first: The experiment of the first round, or its file.
        store: Where rounds that were played before are found.
        play: Plays a round.
        training: How the rounds of a procedure are trained that the advice asks for.
        is_read: Whether a person reads each file before it is played: one that stands there with
            other words is theirs, and is played as it stands.
    """

    first: Experiment | Path
    store: Store
    play: Play
    training: Training
    is_read: bool = False

    def perform(self, step: Step, known: Series) -> Series:
        """The series with a round more, its file written and its trials trained.

        Where all trials of a procedure's round meet the same exception, as of a cure that the code
        does not bear, that procedure ends: the rounds go on without it.
        """
        if (asked := known.asked) is not None:
            asked = self._informed(asked)
            try:
                after = self.training.perform(asked.procedure, step, asked.known)
            except TrainError as error:
                return known.with_procedure(asked.with_end(_first_line(error)))
            return known.with_procedure(replace(asked, known=after))
        current = self.written(step, known)
        result = result_before_extension(self.store, current) or self.play(current)
        return known.with_result(result, current if isinstance(current, Path) else None)

    def _informed(self, asked: Delegation) -> Delegation:
        """The same, where it looks for cures with what a look through the module shows (D6)."""
        if not isinstance(asked.procedure, Stability) or asked.known.architecture is not None:
            return asked
        return replace(asked, known=with_architecture(asked.known, self.training))

    def has_begun(self, step: Step, asked: Delegation) -> bool:
        """Whether this round of a procedure has been trained, or is being trained."""
        experiment = self.training.named(round_of(asked.procedure, asked.known, step))
        return experiment.name in {entry.experiment.name for entry in self.store.entries()}

    def written(self, step: Step, known: Series) -> Experiment | Path:
        """The round's file, beside the one before; where that came from Python, its experiment.

        Raises:
            RunError: where a file stands there that says something else, and nobody reads it.
        """
        if not known.played:
            return self.first
        before = known.played[-1].file
        if before is None:
            return step.experiment
        return _write(before.with_name(step.file), step.text, is_read=self.is_read)


def _first_line(error: TrainError) -> str:
    """What went wrong in one sentence; the trial's own error shows the rest."""
    return str(error).strip().splitlines()[0]


def result_before_extension(store: Store, current: Experiment | Path) -> Result | None:
    """A round whose experiment a later round has extended, as it was before; None for others.

    Started again, such a round cannot be played any more: its store has more trials.

    Source: K2, R1.
    """
    experiment, text = _read(current)
    entries = store.entries()
    extended = next((one for one in entries if one.experiment.name == experiment.name), None)
    if extended is None or changes(extended.experiment, experiment) != ["trials"]:
        return None
    records = [one for one in store.records(experiment.name) if one.index < experiment.trials]
    if not all(record.ended for record in records):
        return None
    parent = parent_in(entries, experiment)
    return Result(
        entry=replace(extended, experiment=experiment, text=text),
        recorded=Records.of(records),
        store=store,
        parent=parent,
        before=rounds_before_in(store, entries, experiment),
        retrainings=retrainings_of(store, entries, experiment.name),
        retrains=retrained_round(store, experiment, parent),
    )


def _read(current: Experiment | Path) -> tuple[Experiment, str]:
    if isinstance(current, Experiment):
        return current, dumps(current)
    return baseline.read_with_baseline(current)


def has_begun(store: Store, file: Path) -> bool:
    """Whether a round's file, as it stands, has been played or is being played.

    Source: R1, K2.
    """
    try:
        experiment, _ = _read(file)
    except InputError:
        return False
    known = (entry.experiment for entry in store.entries())
    old = next((one for one in known if one.name == experiment.name), None)
    if old is None or changes(old, experiment) not in ([], ["trials"]):
        return False
    is_longer = len(experiment.configurations) > len(old.configurations)
    return experiment.trials <= old.trials and not is_longer


def refuse_file(store: Store, file: Path) -> None:
    """Refuses a round's file that could not be played, as a person left it.

    Raises:
        InputError: with every mistake in it, or what the store has under its name.

    Source: K2.
    """
    experiment, _ = _read(file)
    refuse_changes(store, experiment)


def _write(place: Path, text: str, *, is_read: bool) -> Path:
    """Writes a round's file, but where a person's words stand in it."""
    is_there = place.exists() and not is_blank(place)
    if is_read and is_there:
        return place
    try:
        if is_there and not holds(place, text):
            raise RunError(
                f"`{place}` exists already and says something else than the advice, which is "
                "another under other rounds or another budget; nothing was written, and no other "
                "round played. Go on from it by running that file, or give the rounds and the "
                "budget of before; a file that was never run can be moved away."
            )
        write_whole(place, text)
    except OSError as error:
        raise RunError(f"`{place}` cannot be written ({error.strerror}).") from error
    return place
