"""Batch size with a target: the critical size, its table, and what cannot be told, in words."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.form import offences

import etude
from etude.errors import RunError
from etude.procedure.base import Answer, Known
from etude.procedure.batch.measured import SizeMeasurement
from etude.store import open_store

from .batch.quadratics import base, loop, measured, played, quadratic, simulated

KEYS = {
    "limit",
    "largest_feasible",
    "limited_by",
    "useful",
    "evaluation_batch",
    "bottleneck",
    "bottleneck_share",
    "bottleneck_cure",
    "verdict",
    "critical",
    "critical_interval",
    "best_by",
    "one_off",
    "sizes",
}


def texts(answer: Answer) -> str:
    return " ".join(reason.text for reason in answer.reasons)


def trained(answer: Answer) -> list[dict[str, Any]]:
    """The sizes that were trained to the target."""
    return [one for one in answer.values["sizes"] if one["steps_to_target"] or one["learning_rate"]]


def steps(answer: Answer) -> dict[int, int]:
    return {one["batch_size"]: one["steps_to_target"] for one in trained(answer)}


@pytest.fixture(scope="module")
def plain() -> tuple[Answer, Known]:
    """The answer where the critical size is 128, and what was known then."""
    return simulated(quadratic(128.0))


@pytest.fixture
def answer(plain: tuple[Answer, Known]) -> Answer:
    return plain[0]


# --- planted critical sizes


@pytest.mark.parametrize("critical", [32.0, 128.0, 512.0])
@pytest.mark.parametrize("scaling", [0.0, 0.5, 1.0])
@pytest.mark.rule("S8")
def test_a_planted_critical_size_lies_in_its_interval(critical: float, scaling: float) -> None:
    answer, _ = simulated(quadratic(critical, scaling=scaling), base(seed=7, max_steps=4000))

    values = answer.values
    assert values["critical_interval"][0] <= critical <= values["critical_interval"][1]
    assert values["critical"] == pytest.approx(critical, rel=0.5)


@pytest.mark.rule("S8")
def test_steps_and_rates_are_those_of_the_best_rate_of_each_size() -> None:
    answer, _ = simulated(quadratic(128.0, luck=0.02))

    by_size = {one["batch_size"]: one for one in trained(answer)}
    assert by_size[64]["steps_to_target"] == pytest.approx(120, rel=0.1)
    assert by_size[64]["learning_rate"] == pytest.approx(0.1 / 3, rel=0.5)
    assert by_size[512]["steps_to_target"] == pytest.approx(50, rel=0.1)


@pytest.mark.rule("S9")
def test_time_is_time_per_step_times_steps_and_resources_are_cores_times_time() -> None:
    answer, _ = simulated(quadratic(128.0, luck=0.02))

    of_64 = next(one for one in trained(answer) if one["batch_size"] == 64)
    assert of_64["projected_s"] == pytest.approx(1e-3 * of_64["steps_to_target"], rel=0.02)
    assert of_64["resource"] == pytest.approx(2.0 * of_64["projected_s"])


def test_the_quickest_batch_is_the_last_before_time_per_step_grows(answer: Answer) -> None:
    assert answer.values["best_by"]["time"] == 256
    assert answer.line.endswith("; take 256")


def test_every_key_of_the_answer_is_there(answer: Answer) -> None:
    assert set(answer.values) == KEYS
    assert set(answer.values["best_by"]) == {"throughput", "step_time", "time", "resources"}


def test_an_answer_has_the_form_of_what_is_said(answer: Answer) -> None:
    (finding,) = answer.findings
    assert list(offences(finding)) == []
    assert max(len(reason.text.split()) for reason in answer.reasons) <= 20


# --- laws


def test_another_order_of_the_sizes_changes_nothing(answer: Answer) -> None:
    shuffled = replace(measured(), sizes=tuple(reversed(measured().sizes)))

    other, _ = simulated(quadratic(128.0), sizes=shuffled)

    assert other.values["critical"] == answer.values["critical"]
    assert steps(other) == steps(answer)


def test_the_metric_in_percent_changes_nothing_but_its_target(answer: Answer) -> None:
    def percent(setting, seed, updates):
        values = quadratic(128.0)(setting, seed, updates)
        return None if values is None else 100.0 * values

    other, _ = simulated(percent, target="valid/error=10")

    assert steps(other) == steps(answer)


def test_what_is_maximized_is_met_from_below(answer: Answer) -> None:
    def accuracy(setting, seed, updates):
        values = quadratic(128.0)(setting, seed, updates)
        return None if values is None else 1.0 - values

    other, _ = simulated(accuracy, base(metric="valid/acc", maximize=True), target="valid/acc=0.9")

    assert steps(other) == steps(answer)


def test_a_clock_that_is_twice_as_slow_doubles_times_alone(answer: Answer) -> None:
    slow = measured()
    rows = tuple(replace(one, step_s=2.0 * (one.step_s or 0.0)) for one in slow.sizes)

    other, _ = simulated(quadratic(128.0), sizes=replace(slow, sizes=rows))

    times = [one["projected_s"] for one in trained(answer)]
    assert [one["projected_s"] for one in trained(other)] == [2.0 * one for one in times]
    assert other.values["critical"] == answer.values["critical"]


def test_the_same_knowledge_gives_the_same_rounds(plain: tuple[Answer, Known]) -> None:
    _, again = simulated(quadratic(128.0))

    assert [one.part for one in again.rounds] == [one.part for one in plain[1].rounds]


# --- what is not known is said


def test_sizes_far_below_the_critical_one_give_a_bound_and_no_number() -> None:
    answer, _ = simulated(quadratic(1e5, fewest=0.5), base(max_steps=4000))

    assert answer.values["critical"] is None
    assert answer.values["critical_interval"][0] < 1e5
    assert "lies above" in answer.line
    assert "more devices" in " ".join(step.text for step in answer.steps)


def test_sizes_far_above_the_critical_one_give_a_bound_and_no_number() -> None:
    answer, _ = simulated(quadratic(0.5))

    assert answer.values["critical"] is None
    assert "lies below" in answer.line
    # Of those as quick the smallest: no larger one cuts the time.
    assert answer.values["best_by"]["time"] > answer.lines[0].new


@pytest.mark.rule("S13")
def test_a_target_that_is_never_met_has_no_steps() -> None:
    answer, _ = simulated(quadratic(128.0), base(max_steps=20))

    assert answer.line.startswith("No batch size met `valid/error` of 0.1 in")
    assert {one["steps_to_target"] for one in answer.values["sizes"]} == {None}
    assert answer.values["critical"] is None
    assert "The nearest that any of them came is" in texts(answer)
    assert "256, is a sound choice" in texts(answer)


def test_sizes_that_would_take_too_long_are_named() -> None:
    answer, _ = simulated(quadratic(100.0, fewest=120.0), base(max_steps=400))

    of_32 = next(one for one in answer.values["sizes"] if one["batch_size"] == 32)
    assert of_32["steps_to_target"] is None
    assert "no rate met the target in 400 steps" in texts(answer)


def test_seeds_that_scatter_beyond_a_third_give_no_critical_size() -> None:
    answer, _ = simulated(quadratic(128.0, luck=0.8), base(seed=3))

    assert answer.values["critical"] is None


def test_a_target_that_every_first_evaluation_meets_gives_no_curve() -> None:
    answer, _ = simulated(quadratic(128.0), target="valid/error=1000")

    assert answer.values["critical"] is None
    assert "the first evaluation met it: at most so many steps" in texts(answer)
    assert "a target that takes longer" in " ".join(step.text for step in answer.steps)


def test_trainings_that_all_break_are_no_metric_that_is_missing() -> None:
    answer, _ = simulated(lambda *_: None, base(max_steps=20), measured((32, 64)))

    assert "Every training broke before its first value" in texts(answer)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"verdict": "ignored"}, "The training ignores `batch_size`"),
        ({"sizes": (SizeMeasurement(batch_size=1, outcome="out_of_memory"),)}, "No batch size can"),
    ],
)
def test_where_no_size_could_tell_nothing_is_trained(given, line) -> None:
    procedure_sizes = replace(measured(), **given)

    answer, known = simulated(quadratic(128.0), sizes=procedure_sizes)

    assert known.rounds == ()
    assert answer.line.startswith(line)
    assert set(answer.values) == KEYS


def test_one_size_alone_has_steps_and_no_curve() -> None:
    answer, _ = simulated(quadratic(128.0), sizes=measured((64,)))

    assert [one["batch_size"] for one in trained(answer)] == [64]
    assert answer.values["critical"] is None


def test_a_file_without_a_learning_rate_is_refused() -> None:
    with pytest.raises(RunError, match=r"no learning rate, so no batch size can be tuned"):
        simulated(quadratic(128.0), base(nuisance={"width": etude.Integer(1, 9)}))


# --- a rate that lies elsewhere


@pytest.mark.parametrize("best_rate", [3e-5, 30.0])
def test_a_best_rate_beyond_the_range_of_the_file_extends_it(best_rate: float) -> None:
    answer, known = simulated(quadratic(128.0, best_rate=best_rate))

    assert "64-sweep-2" in [one.part for one in known.rounds]
    assert answer.values["critical_interval"][0] <= 128.0 <= answer.values["critical_interval"][1]
    assert [one.path for one in answer.lines if one.part] == ["nuisance.lr"]


# --- what it costs, and what it changes


def test_what_it_costs_is_never_passed() -> None:
    from etude.procedure.batch.target_metric import declared_target
    from etude.procedure.batch_size import steps_to_target

    _, known = simulated(quadratic(512.0), base(max_steps=1000))

    cost = steps_to_target(measured(), declared_target("valid/error=0.1")).cost(known)
    assert known.spent_steps <= cost.steps
    assert sum(len(one.records) for one in known.rounds) <= cost.trials


@pytest.mark.rule("S15")
def test_a_cost_paid_once_is_weighed_against_what_a_training_saves() -> None:
    answer, _ = simulated(quadratic(128.0, luck=0.02), one_off_h=0.001)

    once = answer.values["one_off"]
    assert once["saved_s"] == pytest.approx(0.060, rel=0.2)
    assert once["break_even_trainings"] == math.ceil(3.6 / once["saved_s"])
    assert "pay back after" in texts(answer)


@pytest.mark.rule("S14")
def test_a_larger_batch_extends_regularization_and_sets_itself() -> None:
    nuisance = {"lr": etude.Real(1e-3, 1.0, log=True), "dropout": etude.Real(0.05, 0.4)}

    answer, _ = simulated(quadratic(128.0), base(nuisance=nuisance))

    assert [(one.path, one.part, one.rule) for one in answer.lines] == [
        ("fixed.batch_size", "", "S8"),
        ("nuisance.dropout", "high", "S14"),
    ]
    assert "means retuning" in texts(answer)


def test_a_batch_that_is_the_quickest_already_changes_nothing() -> None:
    answer, _ = simulated(quadratic(128.0), base(fixed={"batch_size": 256}))

    assert answer.lines == ()


def test_what_stays_fixed_at_every_size_is_a_caveat() -> None:
    answer, _ = simulated(quadratic(128.0), base(fixed={"batch_size": 64, "momentum": 0.9}))

    assert "Only `lr` was retuned for each size; `momentum` stayed" in texts(answer)


def test_what_the_measurement_says_stands_behind() -> None:
    from etude.advise.ending import Reason

    reason = Reason(text="Half of a step waits for data", rules=("I1",))
    measuring = Answer(word="BOTTLENECK", line="", values={}, reasons=(reason,))

    answer, _ = simulated(quadratic(128.0), measuring=measuring)

    assert answer.reasons[-1] == reason


# --- in a loop


def test_it_plays_rounds_of_the_store_and_answers_from_it_again(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "etude.db"))
    small = base(max_steps=150)
    sizes = measured((32, 64))

    first = played(loop(quadratic(64.0, fewest=20.0)), small, store=store, sizes=sizes)
    again = played(_refuses, small, store=store, sizes=sizes)

    assert again.answer == first.answer
    names = [entry.experiment.name for entry in store.entries()]
    assert names[:3] == [
        "base-batch-size-64-sweep",
        "base-batch-size-64-rates",
        "base-batch-size-64-near",
    ]


def _refuses(trial: etude.Trial) -> None:
    raise AssertionError("What was trained is trained again.")


def test_a_budget_ends_it_with_what_there_is() -> None:
    outcome = played(
        loop(quadratic(64.0)), base(max_steps=300), sizes=measured((32, 64, 128)), budget=4000
    )

    assert outcome.known.spent_steps <= 4000
    assert "training steps are left" in texts(outcome.answer)


def test_a_budget_for_the_sweep_alone_answers_by_the_sweep() -> None:
    outcome = played(
        loop(quadratic(64.0)), base(max_steps=100), sizes=measured((32, 64)), budget=700
    )

    assert [one.part for one in outcome.known.rounds] == ["64-sweep"]
    assert steps(outcome.answer)[64] == pytest.approx(80, rel=0.3)


def test_a_metric_that_no_training_reports_is_said_after_the_first_round() -> None:
    outcome = played(
        loop(quadratic(64.0)), base(max_steps=60), sizes=measured((32, 64)), target="valid/eror=0.1"
    )

    assert outcome.answer.line.startswith("No training reports `valid/eror`")
    assert "Did you mean `valid/error`?" in texts(outcome.answer)
    assert len(outcome.known.rounds) == 1


def descent(trial: etude.Trial) -> None:
    """A linear model by gradient descent on batches: eight weights, labels with noise."""
    rng = np.random.default_rng(trial.seed)
    weights, truth = np.zeros(8), np.ones(8)
    for step in trial.steps():
        inputs = rng.standard_normal((int(trial["batch_size"]), 8))
        errors = inputs @ (weights - truth) + 2.0 * rng.standard_normal(len(inputs))
        weights = weights - float(trial["lr"]) * inputs.T @ errors / len(inputs)
        if trial.evaluates(step):
            trial.report(step, {"valid/error": float(np.square(weights - truth).sum())})


def test_on_a_real_network_larger_batches_take_fewer_steps_at_higher_rates() -> None:
    outcome = played(
        descent, base(max_steps=400), sizes=measured((8, 32, 128)), target="valid/error=0.3"
    )

    by_size = {one["batch_size"]: one for one in trained(outcome.answer)}
    assert by_size[32]["steps_to_target"] > 1.5 * by_size[128]["steps_to_target"]
    assert by_size[32]["learning_rate"] < by_size[128]["learning_rate"]
