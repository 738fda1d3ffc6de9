"""The best rate against the size of a model: where it moves, and where it does not."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest

import etude
from etude.errors import RunError
from etude.experiment import Experiment
from etude.procedure.extension.model_size import ModelSize
from etude.procedure.opening import Training, answered, known_of
from etude.procedure.player import Budget, Outcome
from etude.store import open_store


def train(trial: etude.Trial) -> None:
    """The best rate falls with the width to the power of `power`; ten times it breaks."""
    best = 0.1 * (16 / trial["width"]) ** trial["power"]
    doublings = math.log2(trial["lr"] / best)
    noise = random.Random(trial.seed).gauss(0, 0.02)
    for step in trial.steps():
        value = math.nan if doublings > 3.5 else 0.5 + 0.05 * doublings**2 + noise
        trial.report(step, {"valid/loss": value})


def noisy(trial: etude.Trial) -> None:
    """The same rate is best at each width, behind more noise."""
    doublings = math.log2(trial["lr"] / 0.1)
    noise = random.Random(trial.seed).gauss(0, 0.06)
    for step in trial.steps():
        trial.report(step, {"valid/loss": 0.5 + 0.05 * doublings**2 + noise})


def flat(trial: etude.Trial) -> None:
    noise = random.Random(trial.seed).gauss(0, 0.02)
    for step in trial.steps():
        trial.report(step, {"valid/loss": 1.0 + noise})


def sized(power: float, *, function: Any = train, axis: str = "width", seed: int = 0) -> Outcome:
    base = Experiment(
        name="small",
        metric="valid/loss",
        max_steps=2,
        trials=2,
        seed=seed,
        evaluations=1,
        nuisance={"lr": etude.Real(1e-2, 1.0, log=True)},
        fixed={"power": power, "width": 16},
    )
    training = Training(
        store=open_store("memory"), folder=Path.cwd(), train=function, runner="inline"
    )
    procedure = ModelSize(axis=axis, sizes=(16, 64))
    return answered(procedure, known_of(base, training), training, budget=Budget())


@pytest.fixture(scope="module")
def moving() -> Outcome:
    return sized(1.0)


@pytest.mark.rule("S17")
def test_a_rate_that_moves_with_the_width_is_said_with_its_lines(moving: Outcome) -> None:
    model = moving.answer.values["model"]
    lines = {(one.path, one.part): one.new for one in moving.answer.lines}

    assert (moving.answer.word, model["moved"]) == ("MOVED", True)
    assert lines["fixed.width", ""] == 64
    assert lines["nuisance.lr", "low"] < 0.025 < lines["nuisance.lr", "high"]


def test_best_rates_lie_within_a_factor_of_a_half_more(moving: Outcome) -> None:
    best = [one["best_learning_rate"] for one in moving.answer.values["model"]["rates"]]
    low, high = moving.answer.values["model"]["rates"][1]["interval"]

    assert best == [pytest.approx(0.1, rel=0.5), pytest.approx(0.025, rel=0.5)]
    assert low <= 0.025 <= high


def test_a_rate_that_stays_does_not_move() -> None:
    outcome = sized(0.0)

    assert (outcome.answer.word, outcome.answer.values["model"]["moved"]) == ("DID NOT MOVE", False)


def test_what_the_seeds_leave_open_gets_more_of_them_within_the_cost_said_first() -> None:
    outcome = sized(0.0, function=noisy, seed=1)

    more = outcome.known.round("width-more")
    assert more is not None
    assert {record.setting["width"] for record in more.records} == {16, 64}
    most = ModelSize(axis="width", sizes=(16, 64)).cost(outcome.known).steps
    assert outcome.known.spent_steps <= most


def test_a_loss_that_does_not_depend_on_the_rate_is_unclear() -> None:
    assert sized(0.0, function=flat).answer.values["model"]["moved"] is None


def test_the_cost_said_first_is_an_upper_bound(moving: Outcome) -> None:
    cost = ModelSize(axis="width", sizes=(16, 64)).cost(moving.known)

    assert moving.known.spent_steps <= cost.steps <= 1.5 * moving.known.spent_steps


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(RunError, match=r"has `widht`\. Did you mean `width`"):
        sized(1.0, axis="widht")


def test_the_contract_keeps_its_keys(moving: Outcome) -> None:
    contract = {"from_steps", "max_steps", "schedule", "carried", "turned", "model"}
    beside = {"not_spoken_of", "conclusions", "longer", "setting", "mean"}

    assert moving.answer.values.keys() == contract | beside
    assert (moving.answer.values["schedule"], moving.answer.values["mean"]) == (None, None)
