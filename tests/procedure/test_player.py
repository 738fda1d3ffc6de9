"""The player: what a procedure asks for is trained, once, within its budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

import etude
from etude.errors import RunError
from etude.experiment import Experiment
from etude.procedure.base import Answer, Known, Step, listed
from etude.procedure.cost import Cost, planned_cost
from etude.procedure.opening import Training, known_of, unpaid
from etude.procedure.player import Budget, play
from etude.store import open_store
from etude.store.base import Store

BASE = Experiment(
    name="base",
    metric="valid/loss",
    max_steps=4,
    trials=3,
    nuisance={"lr": etude.Real(1e-2, 1.0, log=True)},
    fixed={"width": 8},
)
TRAINED: list[float] = []


def train(trial: etude.Trial) -> None:
    TRAINED.append(float(trial["lr"]))
    for step in trial.steps():
        trial.report(step, {"valid/loss": abs(float(trial["lr"]) - 0.1) + 1.0})


@dataclass(frozen=True)
class TwoSweeps:
    """Rates around the configuration, then around the best of those."""

    name: str = "two-sweeps"

    def cost(self, known: Known) -> Cost:
        first = planned_cost(self._sweep(known, "first", 0.1).experiment)
        return first + first

    def step(self, known: Known) -> Step | Answer:
        first, second = known.round("first"), known.round("second")
        if known.ended or (first and second):
            return Answer(word="DONE", line=known.ended, values={"rounds": len(known.rounds)})
        if first is None:
            return self._sweep(known, "first", 0.1)
        assert first.best is not None
        return self._sweep(known, "second", float(first.best.setting["lr"]))

    def _sweep(self, known: Known, part: str, rate: float) -> Step:
        settings = [{**known.setting, "lr": rate * factor} for factor in (0.5, 1.0, 2.0)]
        experiment = listed(known, settings, question="Which rate?")
        return Step(part=part, experiment=experiment, because="a sweep", rules=("D2",))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    TRAINED.clear()
    return open_store(tmp_path / "etude.db")


def played(
    store: Store, *, base: Experiment = BASE, budget: Budget | None = None
) -> tuple[Answer, Known]:
    training = Training(store=store, folder=Path.cwd(), train=train)
    procedure = TwoSweeps()
    *_, last = play(
        procedure,
        known_of(base, training),
        partial(training.perform, procedure),
        exceeded=(budget or Budget()).exceeded,
    )
    assert isinstance(last.decision, Answer)
    return last.decision, last.known


def test_each_round_is_an_experiment_of_the_store_named_with_its_part(store: Store) -> None:
    played(store)

    names = [entry.experiment.name for entry in store.entries()]
    assert names == ["base-two-sweeps-first", "base-two-sweeps-second"]


def test_asked_again_it_answers_from_what_is_stored(store: Store) -> None:
    first = played(store)
    trained = len(TRAINED)

    again = played(store)

    assert len(TRAINED) == trained
    assert again[0] == first[0]


def test_another_configuration_is_trained_anew_and_the_old_rounds_stay(store: Store) -> None:
    played(store)

    played(store, base=Experiment(**{**vars(BASE), "fixed": {"width": 9}}))

    names = [entry.experiment.name for entry in store.entries()]
    assert "base-two-sweeps-first" in names
    assert "base-two-sweeps-first-2" in names


def test_a_round_that_does_not_fit_into_the_budget_is_not_begun(store: Store) -> None:
    answer, known = played(store, budget=Budget(steps=20))

    assert known.spent_steps == 12
    assert answer.values == {"rounds": 1}
    assert answer.line == ("8 of 20 training steps are left, and the next round takes up to 12.")


@pytest.mark.rule("R15", "K2")
def test_hours_that_turned_out_too_few_end_nothing_that_was_begun(store: Store) -> None:
    training = Training(store=store, folder=Path.cwd(), train=train)
    known = replace(known_of(BASE, training), pace_s=1.0)
    procedure, budget = TwoSweeps(), Budget(seconds=10.0)
    first = procedure.step(known)
    assert isinstance(first, Step)
    assert unpaid(procedure, training, budget, first, known).startswith("10 s of training are left")

    training.perform(procedure, first, known)

    assert unpaid(procedure, training, budget, first, known) == ""
    assert unpaid(procedure, training, Budget(steps=1), first, known) == ""


@pytest.mark.rule("W10")
def test_the_cost_said_first_is_an_upper_bound(store: Store) -> None:
    _, known = played(store)

    assert known.spent_steps <= TwoSweeps().cost(known).steps


def test_the_configuration_is_the_best_trial_where_the_file_was_run(store: Store) -> None:
    etude.run(BASE, train, store=store)
    training = Training(store=store, folder=Path.cwd(), train=train)

    known = known_of(BASE, training)

    best = min(store.records("base"), key=lambda one: abs(float(one.setting["lr"]) - 0.1))
    assert known.setting == best.setting
    assert known.setting_source == f"trial {best.id} of `base`, its best"


def test_without_a_trial_it_is_the_middle_of_each_range(store: Store) -> None:
    training = Training(store=store, folder=Path.cwd(), train=train)

    known = known_of(BASE, training, given={"width": 16})

    assert known.setting == {"lr": 0.1, "width": 16}
    assert known.setting_source.startswith("the middle of each range")


def test_a_given_name_that_no_setting_has_is_refused(store: Store) -> None:
    training = Training(store=store, folder=Path.cwd(), train=train)

    with pytest.raises(RunError, match="No setting of `base` has `widht`"):
        known_of(BASE, training, given={"widht": 16})
