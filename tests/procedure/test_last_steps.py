"""The end of a series: the winner confirmed by other seeds, and trained for longer."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from statistics import fmean

import pytest

import etude
from etude.errors import RunError
from etude.experiment import Experiment
from etude.procedure.last_steps import extension_reserve, reserve
from etude.procedure.series import RoundSeries
from etude.store.memory import Memory

STEPS, TRIALS = 8, 10
# Three settings, five seeds each.
CONFIRMED = 15


def noisy(trial: etude.Trial) -> None:
    """The best rate is 0.1; seeds scatter by more than near rates differ, longer is better."""
    luck = random.Random(trial.seed).gauss(0.0, 0.05)
    far = math.log10(float(trial["learning_rate"]) / 0.1) ** 2
    for step in trial.steps():
        if trial.evaluates(step):
            trial.report(step, {"valid/loss": 1.0 + far + luck - 0.3 * math.log10(step + 1)})


def rates(**changes: object) -> Experiment:
    base = Experiment(
        name="rates",
        metric="valid/loss",
        max_steps=STEPS,
        trials=TRIALS,
        evaluations=4,
        nuisance={"learning_rate": etude.Real(1e-3, 10.0, log=True)},
        seed=2,
    )
    return replace(base, **changes)


def flown(rounds: int = 1, **options: object) -> RoundSeries:
    return etude.autopilot(rates(), noisy, rounds=rounds, **options)


def names(store: Memory) -> list[str]:
    return [entry.experiment.name for entry in store.entries()]


def test_what_is_left_over_confirms_the_best_with_its_luck() -> None:
    store = Memory()

    rounds = flown(budget_steps=(TRIALS + CONFIRMED) * STEPS, store=store)

    assert names(store) == ["rates", "rates-exploit-confirm"]
    assert rounds.confirmed is not None
    assert rounds.confirmed.values["retrainings"] == 5
    values: dict[float, list[float]] = {}
    for one in store.records("rates-exploit-confirm"):
        again = one.best("valid/loss", maximize=False)
        assert again is not None
        values.setdefault(float(one.setting["learning_rate"]), []).append(again.value)
    means = {rate: fmean(of_rate) for rate, of_rate in values.items()}
    winner = min(means, key=lambda rate: means[rate])
    chosen = [one for one in store.records("rates") if one.setting["learning_rate"] == winner]
    before = chosen[0].best("valid/loss", maximize=False)
    assert before is not None
    assert [len(of_rate) for of_rate in values.values()] == [5, 5, 5]
    assert rounds.confirmed.values["mean"] == pytest.approx(means[winner])
    assert rounds.confirmed.values["shrinkage"] == pytest.approx(means[winner] - before.value)
    assert rounds.spent == rounds.budget_steps
    assert rounds.last.spent == TRIALS * STEPS


@pytest.mark.parametrize(("left", "trainings"), [(14, 10), (9, 5), (4, 0)])
def test_the_confirmation_takes_as_many_settings_as_what_is_left_pays_for(
    left: int, trainings: int
) -> None:
    rounds = flown(budget_steps=(TRIALS + left) * STEPS)

    assert rounds.spent == (TRIALS + trainings) * STEPS
    assert (rounds.confirmed is None) == (trainings == 0)


def test_a_best_that_is_not_confirmed_is_said_with_the_command_that_does() -> None:
    rounds = flown()

    (confirmation, extension) = rounds.last_steps
    assert confirmation.note == (
        "The best is not confirmed, so its value may be luck: the 0 training steps that are left "
        "are too few. `etude next rates --seeds 5` does it (A2)."
    )
    assert extension.delegated is None


def test_without_being_asked_a_confirmation_costs_the_search_no_trial() -> None:
    plain, asked = flown(rounds=2), flown(rounds=2, confirm=True)

    trials = [[one.result.records.count() for one in series.rounds] for series in (plain, asked)]
    assert trials[0] == trials[1]
    assert asked.confirmed is not None
    assert asked.budget_steps == plain.budget_steps + CONFIRMED * STEPS


def test_a_confirmation_that_is_asked_for_is_reserved_inside_the_budget() -> None:
    rounds = flown(rounds=2, confirm=True, budget_steps=(2 * TRIALS + 10) * STEPS)

    assert rounds.confirmed is not None
    assert rounds.rounds[-1].result.records.count() == 5
    assert rounds.spent <= rounds.budget_steps


def test_a_budget_that_pays_for_no_confirmation_is_refused() -> None:
    with pytest.raises(RunError, match="beside the last steps, which are given 120"):
        flown(rounds=2, confirm=True, budget_steps=(TRIALS + CONFIRMED - 1) * STEPS)


def test_asked_again_the_confirmation_trains_nothing() -> None:
    store = Memory()
    first = flown(confirm=True, store=store)

    again = flown(confirm=True, store=store)

    assert again.confirmed is not None
    assert first.confirmed is not None
    assert again.confirmed.values == first.confirmed.values
    assert len(names(store)) == 2


def test_a_comparison_is_not_confirmed_and_says_why_where_that_was_asked_for() -> None:
    compared = rates(scientific={"optimizer": ["adam", "sgd"]})

    def train(trial: etude.Trial) -> None:
        assert trial["optimizer"] in ("adam", "sgd")
        noisy(trial)

    plain = etude.autopilot(compared, train, rounds=1, budget_steps=10_000)
    asked = etude.autopilot(compared, train, rounds=1, confirm=True)

    assert [one.note for one in plain.last_steps] == ["", ""]
    assert asked.last_steps[0].note.startswith("Nothing is confirmed: `optimizer` is compared")
    assert asked.confirmed is None


def test_where_no_trial_has_a_value_nothing_is_confirmed() -> None:
    def broken(trial: etude.Trial) -> None:
        assert trial["learning_rate"] > 0.0
        for step in trial.steps():
            trial.report(step, {"valid/loss": math.nan})

    rounds = etude.autopilot(rates(), broken, rounds=1, confirm=True, max_steps=16)

    assert rounds.confirmed is None
    assert rounds.last_steps[0].note.startswith("Nothing is confirmed: No trial of `rates`")


def test_the_winner_is_extended_at_the_end_to_the_length_that_was_asked_for() -> None:
    rounds = flown(max_steps=4 * STEPS)

    assert rounds.extended is not None
    assert rounds.extended.values["max_steps"] == 4 * STEPS
    assert rounds.extended.line.startswith("Of 3 conclusions of 8 steps")
    assert rounds.spent <= rounds.budget_steps
    assert rounds.budget_steps == TRIALS * STEPS + extension_reserve(rates(), 4 * STEPS)


def test_confirmed_first_it_is_the_confirmed_winner_that_is_extended() -> None:
    rounds = flown(max_steps=4 * STEPS, confirm=True)

    assert rounds.confirmed is not None
    extended = rounds.last_steps[1].delegated
    assert extended is not None
    assert extended.known.setting == rounds.confirmed.values["setting"]
    assert rounds.spent <= rounds.budget_steps


def test_a_length_that_extends_nothing_is_refused_before_the_first_round() -> None:
    with pytest.raises(RunError, match="do not extend it"):
        flown(max_steps=STEPS)


def test_the_reserve_is_what_the_last_steps_take_at_most() -> None:
    assert reserve(rates(), confirms=False, max_steps=None) == 0
    assert reserve(rates(), confirms=True, max_steps=None) == CONFIRMED * STEPS
    assert reserve(rates(), confirms=True, max_steps=16) == CONFIRMED * STEPS + 20 * (STEPS + 16)


def test_best_trials_that_still_improve_name_the_command_that_trains_for_longer() -> None:
    def rising(trial: etude.Trial) -> None:
        far = math.log10(float(trial["learning_rate"]) / 0.1) ** 2
        noise = random.Random(trial.seed)
        for step in trial.steps():
            if trial.evaluates(step):
                loss = 3.0 + far - 0.02 * step + noise.gauss(0.0, 0.002)
                trial.report(step, {"valid/loss": loss})

    experiment = rates(max_steps=100, evaluations=50, trials=20)

    rounds = etude.autopilot(experiment, rising, rounds=1)

    assert "`etude extend rates --max-steps 200`" in rounds.last_steps[1].note
