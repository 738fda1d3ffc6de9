from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests import factories
from tests.factories import record

from etude.analyze.checks.evaluation_kind import evaluation_kind, findings
from etude.record import POINT, Points

STEPS = 200
AT = range(19, STEPS, 20)


def study(metric="valid/error", **given):
    return factories.study(metric=metric, max_steps=STEPS, evaluations=10, **given)


def trial(series, *, metric="valid/error", number=0, **setting):
    """A completed trial with these values by step and metric."""
    names = tuple(series)
    rows = [
        (step, names.index(name), value)
        for name, values in series.items()
        for step, value in values.items()
    ]
    points = Points(np.array(sorted(rows), dtype=POINT), names)
    one = record(study(metric), number, points=points, status="completed", steps=STEPS)
    return replace(one, setting={**one.setting, **setting})


def losses(seed):
    return 1 + np.exp(-np.arange(STEPS) / 50) + 0.2 * np.random.default_rng(seed).normal(size=STEPS)


def training(seed):
    return dict(enumerate(losses(seed).tolist()))


def evaluations(seed):
    noise = 0.01 * np.random.default_rng([seed, 1]).normal(size=STEPS)
    return {step: float(1 + np.exp(-step / 50) + noise[step]) for step in AT}


def said(trials, metric="valid/error", **given):
    (finding,) = findings(evaluation_kind([study(metric, **given)], trials))
    return finding


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.rule("E8")
def test_values_at_evaluations_are_periodic(seed):
    found = said([trial({"train/loss": training(seed), "valid/error": evaluations(seed)})])

    assert (found.status, found.evidence["kind"]) == ("ok", "periodic")


@pytest.mark.rule("E8")
def test_where_nothing_of_training_is_logged_it_says_what_the_kind_rests_on():
    found = said([trial({"valid/error": evaluations(0)})])
    held_against = said([trial({"train/loss": training(0), "valid/error": evaluations(0)})])

    assert found.message.endswith(
        "nothing of training is logged that would show whether it is a mean of that."
    )
    assert "nothing of training" not in held_against.message


def test_one_value_at_the_end_is_that():
    assert said([trial({"valid/error": {STEPS - 1: 0.1}})]).evidence["kind"] == "end"


@pytest.mark.parametrize("mean", ["the last batch", "since the last report", "so far"])
@pytest.mark.rule("E8")
def test_a_mean_of_the_training_loss_by_another_name_is_found(mean):
    values = losses(0)
    online = {
        "the last batch": {step: values[step] for step in AT},
        "since the last report": {step: values[step - 19 : step + 1].mean() for step in AT},
        "so far": {step: values[: step + 1].mean() for step in AT},
    }[mean]

    found = said([trial({"train/loss": training(0), "valid/error": online})])

    assert found.status == "problem"
    assert "`train/loss`" in found.headline


@pytest.mark.parametrize("metric", ["train/error", "online/error", "running_accuracy", "train_acc"])
def test_a_name_that_says_training_is_found(metric):
    found = said([trial({metric: evaluations(0)}, metric=metric)], metric)

    assert (found.status, found.evidence["kind"]) == ("notice", "online")


@pytest.mark.parametrize("metric", ["valid/error", "val_acc", "eval/running_loss", "accuracy"])
def test_a_name_that_says_validation_or_nothing_is_none(metric):
    assert said([trial({metric: evaluations(0)}, metric=metric)], metric).status == "ok"


def test_a_person_may_say_what_a_name_is():
    found = said(
        [trial({"train_x": evaluations(0)}, metric="train_x")],
        "train_x",
        names={"train_x": "valid/loss"},
    )

    assert found.status == "ok"


def test_a_metric_of_test_data_is_named_as_one():
    found = said([trial({"test/error": evaluations(0)}, metric="test/error")], "test/error")

    assert found.evidence["kind"] == "test"


def test_a_value_at_every_step_is_open():
    found = said([trial({"valid/error": training(0)})])

    assert (found.status, found.evidence["by"]) == ("unclear", "frequency")


def rates(batch, seed, examples=None):
    """Errors of single batches, or of all of so many examples."""
    rng = np.random.default_rng([batch, seed])
    share = 0.1 + 0.8 * np.exp(-np.arange(0, STEPS, 5) / 60)
    of = examples or batch
    return dict(zip(range(0, STEPS, 5), (rng.binomial(of, share) / of).tolist(), strict=True))


def of_batches(*batches, examples=None):
    return [
        trial({"valid/error": rates(size, 0, examples)}, number=at, batch_size=size)
        for at, size in enumerate(batches)
    ]


def test_errors_of_single_batches_are_found_by_their_denominators():
    assert said(of_batches(32, 64, 128), fixed={"batch_size": 1}).status == "problem"


def test_where_the_validation_set_is_known_to_be_larger_one_batch_size_is_enough():
    found = said(of_batches(64, 64), fixed={"batch_size": 1}, validation_examples=5000)

    assert found.status == "problem"


@pytest.mark.parametrize("examples", [100, 128, 1000, 1397])
def test_errors_of_all_validation_examples_are_none(examples):
    found = said(of_batches(32, 64, examples=examples), fixed={"batch_size": 1})

    assert found.status == "ok"


@pytest.mark.parametrize("digits", [None, 2])
@pytest.mark.parametrize("times", [1.0, 100.0])
def test_percent_and_rounding_make_no_evaluation_one_of_a_batch(times, digits):
    """Of 10,000 examples every rate in percent is a whole number of hundredths."""

    def told(share):
        return times * share if digits is None else round(times * share, digits)

    records = [
        trial(
            {"valid/error": {step: told(share) for step, share in rates(100, k, 10_000).items()}},
            number=k,
            batch_size=100,
        )
        for k in range(4)
    ]

    assert said(records, fixed={"batch_size": 100}, validation_examples=10_000).status == "ok"


def test_without_a_trial_it_is_open():
    assert said([]).status == "unclear"
