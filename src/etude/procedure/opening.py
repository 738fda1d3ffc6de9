"""What a procedure knows before its first round, and how its rounds are trained."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import final

from ..advise.edits import next_name
from ..advise.ending import measured_pace_s
from ..advise.procedure_round import procedure_of
from ..design.studies import studies
from ..errors import RunError, StoreError
from ..experiment import Experiment, Resources, baseline, changes
from ..record import Records
from ..round.observer import Observer
from ..round.pace import rehearsed_pace_s
from ..round.result import Result, load, run_last
from ..round.run import run
from ..runner.base import Runner
from ..runner.devices import placed
from ..runner.user_code import train_function
from ..runner.workload_source import names_workload
from ..space import Scalar
from ..store.base import Store
from ..study import Study
from ..train.architecture import Architecture
from ..train.backend import architecture_of
from ..trial import TrainFunction
from ..wording import did_you_mean
from .base import Answer, Known, Procedure, Round, Step
from .cost import planned_cost
from .given import same_kind
from .player import NO_BUDGET, Budget, Outcome, play, round_of


@final
@dataclass(frozen=True, kw_only=True)
class Training:
    """How the rounds of a procedure are trained, and in which store.

    Args:
        store: Where its rounds and those of the user's file are.
        folder: Where the paths of the user's file begin.
        train: A function of a Trial, or a workload; None for what the file names.
        runner: As `etude.run` takes it.
        workers: As `etude.run` takes it.
        observers: Told what happens in each round.
    """

    store: Store
    folder: Path
    train: TrainFunction | None = None
    runner: Runner | str | None = None
    workers: int | None = None
    observers: Sequence[Observer] = ()

    def perform(self, procedure: Procedure[Known], step: Step, known: Known) -> Known:
        """What is known after a round, whose trials are trained where they are not yet."""
        experiment = self.named(round_of(procedure, known, step))
        result = run(
            experiment,
            self.train,
            store=self.store,
            runner=self.runner,
            workers=self.workers,
            observers=self.observers,
            folder=self.folder,
        )
        return known.with_round(
            Round(part=step.part, experiment=experiment, records=result.records)
        )

    def named(self, experiment: Experiment) -> Experiment:
        """The round under its name, or the next one where another round has that in the store.

        So a procedure that is asked again about a file that was edited trains anew, and what it
        trained before stays.

        Source: K3, R12.
        """
        taken = {entry.experiment.name: entry.experiment for entry in self.store.entries()}
        while experiment.name in taken and changes(taken[experiment.name], experiment):
            experiment = replace(experiment, name=next_name(experiment.name))
        return experiment


def answered(
    procedure: Procedure[Known],
    known: Known,
    training: Training,
    *,
    budget: Budget = NO_BUDGET,
    tell: Callable[[Step, Known], object] | None = None,
) -> Outcome:
    """The answer of a procedure, after every round that it asks for was trained.

    Args:
        procedure: What decides.
        known: What is known before its first round.
        training: How its rounds are trained.
        budget: What they may spend.
        tell: Is told of each round before it is trained.

    Source: R1, R15, K2.
    """
    perform = partial(training.perform, procedure)
    exceeded = partial(unpaid, procedure, training, budget)
    for turn in play(procedure, known, perform, exceeded=exceeded):
        if isinstance(turn.decision, Answer):
            return Outcome(answer=turn.decision, known=turn.known)
        if tell is not None:
            tell(turn.decision, turn.known)
    raise AssertionError(f"`{procedure.name}` ends without an answer. This is a bug.")


def unpaid(
    procedure: Procedure[Known], training: Training, budget: Budget, step: Step, known: Known
) -> str:
    """Why a round does not fit into what is left of a budget, in a sentence; empty where it does.

    A round that is trained takes nothing. One that was begun goes on: that its steps turned out
    slower than they were rehearsed makes no other answer of the same command.

    Source: R15, K2.
    """
    experiment = training.named(round_of(procedure, known, step))
    if experiment.name not in [entry.experiment.name for entry in training.store.entries()]:
        return budget.exceeded(step, known)
    ended = sum(record.ended for record in training.store.records(experiment.name))
    if ended >= planned_cost(step.experiment).trials:
        return ""
    return replace(budget, seconds=None).exceeded(step, known)


def known_of(
    experiment: Experiment,
    training: Training,
    *,
    given: Mapping[str, Scalar] = MappingProxyType({}),
) -> Known:
    """What is known of an experiment before a procedure's first round.

    The configuration is the best trial of the experiment where it was run, else the middle of each
    range and the first of each list; what is given by hand stands in place of either.

    Raises:
        RunError: for a given name that no setting has, or a value of another kind.

    Source: R1, R4, K3.
    """
    tried = _tried(experiment, training.store)
    setting, source = setting_of(experiment, tried, given)
    if unknown := [name for name in given if name not in setting]:
        near = did_you_mean(unknown[0], list(setting))
        raise RunError(f"No setting of `{experiment.name}` has `{unknown[0]}`. {near}")
    records = list(tried.records) if tried else []
    return Known(
        base=experiment,
        setting={**setting, **same_kind(setting, given, option="--set")},
        setting_source=source,
        own_loop=names_workload(experiment.train, training.folder),
        tried=tried,
        pace_s=measured_pace_s(records),
        parallel=_parallel(training, experiment.resources),
    )


def _parallel(training: Training, resources: Resources) -> int | None:
    """How many trials are trained at once, where that is known before any is."""
    if training.runner == "inline":
        return 1
    if training.runner not in (None, "auto", "processes"):
        return None
    try:
        return placed(training.workers, resources).workers
    except RunError:  # said by the round that would train, where there is one
        return None


def with_pace(procedure: Procedure[Known], known: Known, training: Training) -> Known:
    """The same with the seconds of a step: of the rounds that it has, else of a rehearsal.

    Source: R15.
    """
    first = procedure.step(known)
    if known.pace_s is not None or isinstance(first, Answer):
        return known
    experiment = training.named(round_of(procedure, known, first))
    names = [entry.experiment.name for entry in training.store.entries()]
    if experiment.name in names:
        records = list(training.store.records(experiment.name))
        return replace(known, pace_s=measured_pace_s(records))
    pace_s = rehearsed_pace_s(
        experiment, training.train, folder=training.folder, runner=training.runner
    )
    return replace(known, pace_s=pace_s)


def with_architecture(known: Known, training: Training) -> Known:
    """The same with what a look through the module shows, where Etude's loop builds it.

    The user's file is imported here, as it is where trials are trained in stacks; what it prints
    goes to the error output, since the answer may be read by a program.

    Source: D6.
    """
    given = training.train
    if not known.own_loop or not (given or known.base.train):
        return known
    with redirect_stdout(sys.stderr):
        try:
            loop = given or train_function(known.base.train or "", training.folder)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the first trial says it in full
            unclear = f"importing `{known.base.train}` ended in {type(error).__name__}"
            return replace(known, architecture=Architecture(unclear=unclear))
        return replace(known, architecture=architecture_of(loop, known.setting))


def read_file(file: Path) -> tuple[Experiment, Path]:
    """The experiment of a file, and the folder that its paths begin at.

    Raises:
        ExperimentError: with every mistake of the file.
    """
    experiment, _ = baseline.read_with_baseline(file)
    return experiment, file.absolute().parent


def stored_experiment(name: str | None, store: Store) -> tuple[Result, Path]:
    """An experiment of a store, and the folder of its file; the working folder without one.

    Without a name it is the one run last, rounds of procedures left out: who asks again without a
    name means the same experiment, not what the procedure trained for it.

    Raises:
        StoreError: where the store has none of this name.
        RunError: for one that was imported from another tool.
    """
    result = load(store, name or _last_of_a_person(store))
    source = result.entry.source
    if result.experiment.train is None and not source:
        raise RunError(
            f"`{result.experiment.name}` has no training code here: it was imported, or ran from "
            f"Python. Write its file, `etude next {result.experiment.name}`, with "
            '`train = "train.py:train"` in [experiment], and run it.'
        )
    return result, Path(source).parent if source else Path.cwd()


def _last_of_a_person(store: Store) -> str | None:
    """The experiment run last that no procedure trained as a round; None in an empty store."""
    entries = store.entries()
    own = [entry for entry in entries if not procedure_of(entry.experiment)]
    if entries and not own:
        raise StoreError(
            "This store holds rounds of procedures alone. Run the experiment first: "
            "`etude run FILE`."
        )
    return run_last(own).experiment.name if own else None


def _tried(experiment: Experiment, store: Store) -> Round | None:
    """The trials of the experiment itself, where the store has them as the file says them."""
    known = {entry.experiment.name: entry.experiment for entry in store.entries()}
    old = known.get(experiment.name)
    if old is None or changes(old, experiment) not in ([], ["trials"]):
        return None
    return round_of_result(load(store, experiment.name))


def round_of_result(result: Result) -> Round | None:
    """The ended trials of a round that was played, for a procedure; None without any.

    Source: R1.
    """
    records = [record for record in result.records if record.ended]
    if not records:
        return None
    return Round(
        part="",
        experiment=result.experiment,
        records=Records.of(records),
        before=result.before,
        prior=result.prior,
        unended=sum(not record.ended for record in result.records),
    )


def setting_of(
    experiment: Experiment,
    tried: Round | None,
    given: Mapping[str, Scalar] = MappingProxyType({}),
) -> tuple[dict[str, Scalar], str]:
    """The configuration that a procedure works on, and where it comes from, in a clause.

    Where a given value names a study, `optimizer=adam`, it is of that study: another one has other
    hyperparameters (R11).

    Source: R1, R4, R11.
    """
    planned = studies(experiment)
    asked = [one for one in planned if _is_asked_for(one, given)] or planned
    best = tried.best_of({one.name for one in asked}) if tried else None
    if best is not None:
        which = "" if len(asked) == len(planned) else f" with `{asked[0].name}`"
        return dict(best.setting), f"trial {best.id} of `{experiment.name}`, its best{which}"
    if experiment.configurations:
        first = {**planned[0].fixed, **experiment.configurations[0]}
        return first, "the first of the configurations"
    study = asked[0]
    middle = {name: domain.value(0.5) for name, domain in study.space.domains.items()}
    which = f" of `{study.name}`" if study.scientific else ""
    where = f"the middle of each range{which}, since no trial has ended"
    searched = where if middle else "the values of the file"
    return {**study.fixed, **study.scientific, **middle}, searched


def _is_asked_for(study: Study, given: Mapping[str, Scalar]) -> bool:
    """Whether no given value is another one than the study compares."""
    return all(given.get(name, value) == value for name, value in study.scientific.items())
