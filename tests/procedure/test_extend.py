"""A short round trained for longer: conclusions that turn, schedules that are refused."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import etude
from etude.errors import RunError
from etude.experiment import Experiment
from etude.procedure.base import Known
from etude.procedure.extend import Extend
from etude.procedure.opening import Training, answered, known_of
from etude.procedure.player import Budget, Outcome
from etude.space import Scalar
from etude.store import open_store

SHORT = Experiment(
    name="short",
    metric="valid/loss",
    max_steps=50,
    trials=8,
    evaluations=5,
    scientific={"optimizer": ["quick", "slow"]},
    nuisance={"lr": etude.Real(1e-3, 10.0, log=True)},
    fixed={"drift": 0.0, "late": 0.1},
)

# Where the loss ends, and after how many steps it is near that.
ENDS = {"quick": (0.5, 10), "alike": (0.5, 10), "slow": (None, 80)}


def train(trial: etude.Trial) -> None:
    """`quick` falls soon and ends at 0.5, `slow` falls late and ends at `late`.

    The best rate is 0.1 at 50 steps, and falls with the length to the power of `drift`.
    """
    noise = random.Random(trial.seed).gauss(0, 0.01)
    best = 0.1 * (50 / trial.max_steps) ** trial["drift"]
    bowl = 0.3 * math.log10(trial["lr"] / best) ** 2
    end, pace = ENDS[trial["optimizer"]]
    end = trial["late"] if end is None else end
    for step in trial.steps():
        if trial.evaluates(step):
            fall = math.exp(-(step + 1) / pace)
            trial.report(step, {"valid/loss": end + fall + bowl + noise})


def broken(trial: etude.Trial) -> None:
    for step in trial.steps():
        trial.report(step, {"valid/loss": math.nan})


def still(trial: etude.Trial) -> None:
    for step in trial.steps():
        trial.report(step, {"valid/loss": 1.0})


def flattered(trial: etude.Trial) -> None:
    """`quick` is ahead at 50 steps alone, and later a little behind `slow`."""
    noise = random.Random(trial.seed).gauss(0, 0.02)
    bowl = 0.3 * math.log10(trial["lr"] / 0.1) ** 2
    quick = 0.3 if trial.max_steps == 50 else 0.53
    end = {"quick": quick, "slow": 0.5, "alike": 0.9}[trial["optimizer"]]
    for step in trial.steps():
        trial.report(step, {"valid/loss": end + bowl + noise})


# Seed 13: at 100 steps `quick` is behind at 5 %, and not at the level that all rivals share.
FLATTERED = replace(
    SHORT,
    trials=4,
    evaluations=1,
    seed=13,
    scientific={"optimizer": ["quick", "slow", "alike"]},
    nuisance={"lr": etude.Real(0.05, 0.2, log=True)},
    fixed={},
)


def turning_in_noise(trial: etude.Trial) -> None:
    """`quick` is ahead at 50 steps, by little more than trainings differ, and later behind."""
    is_short = trial.max_steps == 50
    noise = random.Random(trial.seed).gauss(0, 0.08 if is_short else 0.01)
    bowl = 0.3 * math.log10(trial["lr"] / 0.1) ** 2
    end = {"quick": 0.4 if is_short else 0.5, "slow": 0.5 if is_short else 0.3}[trial["optimizer"]]
    for step in trial.steps():
        trial.report(step, {"valid/loss": end + bowl + noise})


def extended(
    base: Experiment = SHORT,
    *,
    function: Any = train,
    budget: int | None = None,
    given: Mapping[str, Scalar] | None = None,
    **options: Any,
) -> Outcome:
    """The outcome of an extension of a short round that was just trained."""
    store = open_store("memory")
    etude.run(base, function, store=store, runner="inline")
    training = Training(store=store, folder=Path.cwd(), train=function, runner="inline")
    procedure = Extend(**{"max_steps": 500, **options})
    known = known_of(base, training, given=given or {})
    spends = Budget(steps=budget)
    return answered(procedure, known, training, budget=spends)


def status(outcome: Outcome, rival: str) -> str:
    conclusions = outcome.answer.values["conclusions"]
    return str(next(one["status"] for one in conclusions if one["rival"] == rival))


@pytest.fixture(scope="module")
def turning() -> Outcome:
    return extended(replace(SHORT, fixed={"drift": 0.5, "late": 0.1}))


@pytest.fixture(scope="module")
def staying() -> Outcome:
    return extended(replace(SHORT, fixed={"drift": 0.0, "late": 0.8}))


@pytest.mark.rule("T8")
def test_an_order_that_turns_with_the_length_is_said(turning: Outcome) -> None:
    turned = turning.answer.values["turned"]

    assert turning.answer.word == "TURNED"
    assert status(turning, "optimizer=slow") == "turned"
    assert turned[0]["ahead_short"] == "optimizer=quick"
    assert turned[0]["ahead"] == "optimizer=slow"


def test_a_best_rate_that_falls_with_the_length_is_said_with_its_lines(turning: Outcome) -> None:
    kinds = [one["kind"] for one in turning.answer.values["turned"]]
    bounds = {one.part: one.new for one in turning.answer.lines if one.path == "nuisance.lr"}

    assert kinds == ["order", "region"]
    assert bounds["low"] < 0.03 < bounds["high"] < 0.2


def test_an_order_that_stays_does_not_turn(staying: Outcome) -> None:
    assert staying.answer.values["turned"] == []
    assert status(staying, "optimizer=slow") == "holds"
    assert staying.answer.word in ("HOLDS", "NO TURN")


@pytest.mark.parametrize("seed", range(3))
def test_what_noise_does_not_tell_does_not_turn(seed: int) -> None:
    alike = replace(SHORT, seed=seed, scientific={"optimizer": ["quick", "alike"]})

    outcome = extended(alike)

    assert outcome.answer.values["turned"] == []


def test_the_answer_has_every_key_of_the_contract(turning: Outcome) -> None:
    values = turning.answer.values

    assert {"from_steps", "max_steps", "schedule", "carried", "turned"} <= values.keys()
    assert (values["from_steps"], values["max_steps"]) == (50, 500)
    assert values["carried"][0] == {
        "name": "lr",
        "value": values["setting"]["lr"],
        "confidence": "perhaps",
    }


def test_the_cost_said_first_is_what_is_spent_but_for_short_trainings_again(
    turning: Outcome,
) -> None:
    cost = Extend(max_steps=500).cost(turning.known)

    short, _ = turning.known.rounds
    assert turning.known.spent_steps == cost.steps - 50 * len(short.records)


def test_asked_again_nothing_is_trained(turning: Outcome) -> None:
    again = Extend(max_steps=500).step(turning.known)

    assert again == turning.answer


@pytest.mark.rule("T8", "A2")
def test_where_few_short_trainings_leave_open_whether_an_order_turned_they_are_repeated() -> None:
    base = replace(
        SHORT, trials=4, evaluations=1, nuisance={"lr": etude.Real(0.05, 0.2, log=True)}, fixed={}
    )
    again: list[bool] = []
    turned: list[bool] = []
    for seed in range(7, 10):
        outcome = extended(replace(base, seed=seed), function=turning_in_noise)
        (order,) = [one for one in outcome.answer.values["conclusions"] if one["kind"] == "order"]
        again.append("50-steps-more" in [one.part for one in outcome.known.rounds])
        turned.append(order["status"] == "turned")
        assert order["short"]["trainings"] == ([10, 10] if again[-1] else [5, 5])
        assert outcome.known.spent_steps <= Extend(max_steps=500).cost(outcome.known).steps

    assert any(had and did for had, did in zip(again, turned, strict=True))
    assert not all(again)


def test_settings_with_other_hyperparameters_are_repeated_too() -> None:
    when = {"optimizer": {"quick": {"momentum": 0.9}, "slow": {"beta1": 0.9}}}
    base = replace(
        SHORT,
        trials=4,
        evaluations=1,
        seed=9,
        nuisance={"lr": etude.Real(0.05, 0.2, log=True)},
        fixed={"when": when},
    )

    outcome = extended(base, function=turning_in_noise)

    (order,) = [one for one in outcome.answer.values["conclusions"] if one["kind"] == "order"]
    parts = [one.part for one in outcome.known.rounds]
    assert parts[-2:] == ["50-steps-more-1", "50-steps-more-2"]
    assert order["short"]["trainings"] == [10, 10]


@pytest.mark.rule("T8")
def test_rounds_grow_by_equal_factors_and_later_ones_have_fewer_settings() -> None:
    outcome = extended(rounds=2)

    lengths = [one.experiment.max_steps for one in outcome.known.rounds]
    trials = [len(one.records) for one in outcome.known.rounds]
    assert lengths == [50, 158, 500]
    assert trials[-1] < trials[0]


@pytest.mark.rule("T8", "T12")
def test_a_leader_that_falls_behind_on_the_way_is_trained_at_the_full_length() -> None:
    outcome = extended(replace(SHORT, fixed={"drift": 0.0, "late": 0.1}), rounds=2)

    (leader,) = [row for row in outcome.answer.table if row[-1] == "the best, short"]
    assert leader[0] == "optimizer=quick"
    assert "not trained" not in leader


def test_a_launch_begins_from_what_was_trained_at_the_full_length() -> None:
    outcome = extended(FLATTERED, function=flattered, max_steps=200, rounds=2)

    values = outcome.answer.values
    trained = [one.setting for one in outcome.known.rounds[-1].records]
    assert values["setting"] in trained
    assert values["mean"] is not None
    assert values["longer"] == "worse"
    assert "experiment.max_steps" not in [one.path for one in outcome.answer.lines]


def test_the_cost_said_first_is_never_passed() -> None:
    outcome = extended(FLATTERED, function=flattered, max_steps=200, rounds=2)

    cost = Extend(max_steps=200, rounds=2).cost(outcome.known)
    assert outcome.known.spent_steps <= cost.steps


def test_another_study_that_is_asked_for_is_compared_with_the_best_of_all() -> None:
    base = replace(SHORT, fixed={"drift": 0.0, "late": 0.8})

    outcome = extended(base, given={"optimizer": "slow"})

    first = outcome.answer.values["conclusions"][0]
    assert (first["leader"], first["rival"]) == ("optimizer=slow", "optimizer=quick")
    assert first["ahead_short"] == first["ahead"] == "optimizer=quick"


@pytest.mark.parametrize(("steps", "count"), [(500, 1), (501, 2), (5001, 3)])
def test_no_round_grows_more_than_tenfold(steps: int, count: int) -> None:
    known = Known(base=SHORT, setting={"lr": 0.1})

    assert len(Extend(max_steps=steps).lengths(known)) == 1 + count


def test_a_budget_that_ends_before_the_long_round_leaves_it_unclear() -> None:
    outcome = extended(budget=2000)

    assert outcome.known.spent_steps == 1000
    assert outcome.answer.word == "UNCLEAR"
    assert outcome.answer.values["turned"] == []
    assert outcome.answer.lines == ()


def test_a_length_that_is_not_longer_is_refused() -> None:
    with pytest.raises(RunError, match=r"50 steps a trial, so 50 do not extend it"):
        extended(max_steps=50)


def test_a_round_that_was_not_trained_is_refused() -> None:
    known = Known(base=SHORT, setting={"lr": 0.1})

    with pytest.raises(RunError, match="No trial of `short` has ended"):
        Extend(max_steps=500).step(known)


def test_a_round_without_a_value_is_unclear_at_no_cost() -> None:
    outcome = extended(function=broken)

    assert outcome.answer.word == "UNCLEAR"
    assert outcome.known.spent_steps == 0


def test_trainings_that_do_not_depend_on_the_seed_tell_nothing() -> None:
    outcome = extended(function=still)

    assert outcome.answer.word == "UNCLEAR"
    assert outcome.answer.values["turned"] == []


def test_a_schedule_of_ones_own_that_would_stay_behind_is_refused_with_its_picture() -> None:
    fixed = {**SHORT.fixed, "schedule": "linear", "decay_steps": 50}

    outcome = extended(replace(SHORT, fixed=fixed))

    assert outcome.answer.word == "REFUSED"
    assert outcome.known.spent_steps == 0
    assert outcome.answer.values["schedule"]["tiny_share"] == 1.0
    assert outcome.answer.table[0][:2] == ("step", "of the rate")
    assert outcome.answer.table[-1][1] == "0"


def test_a_cosine_of_ones_own_is_stretched_and_its_line_said() -> None:
    fixed = {**SHORT.fixed, "schedule": "cosine", "decay_steps": 50}

    outcome = extended(replace(SHORT, fixed=fixed))

    lines = {one.path: one.new for one in outcome.answer.lines}
    assert lines["fixed.decay_steps"] == 500
    assert outcome.known.rounds[-1].records[0].setting["decay_steps"] == 500


def test_a_time_limit_grows_with_the_length() -> None:
    outcome = extended(replace(SHORT, max_trial_s=10.0))

    assert outcome.known.rounds[-1].experiment.max_trial_s == 100.0
    assert "experiment.max_trial_s" in [one.path for one in outcome.answer.lines]


def test_a_workload_of_etudes_loop_trains_for_longer_with_its_decay_as_it_was() -> None:
    folder = Path(__file__).parents[1] / "runner"
    base = Experiment(
        name="plain",
        metric="valid/loss",
        max_steps=10,
        trials=2,
        evaluations=2,
        train="works.py:Plain",
        nuisance={"learning_rate": etude.Real(1e-3, 1e-1, log=True)},
        fixed={"optimizer": "sgd", "batch_size": 4, "schedule": "linear"},
    )
    store = open_store("memory")
    etude.run(base, store=store, folder=folder, runner="inline")
    training = Training(store=store, folder=folder, runner="inline")
    known = known_of(base, training)

    outcome = answered(Extend(max_steps=20, seeds=3), known, training, budget=Budget())

    (long,) = [one for one in outcome.known.rounds if one.experiment.max_steps == 20]
    trained = long.records[0]
    assert trained.status == "completed"
    assert (trained.steps, trained.setting["constant_steps"]) == (20, 10)
    lines = {one.path: one.new for one in outcome.answer.lines}
    assert (lines["experiment.max_steps"], lines["fixed.constant_steps"]) == (20, 10)
