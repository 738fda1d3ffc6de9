from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.statistics.running_mean import running_mean
from etude.record import Series

STEPS = np.arange(400)
LOSS = 2 * np.exp(-STEPS / 100) + 0.2 * np.random.default_rng(0).normal(size=400)
AT = np.arange(39, 400, 40)
SUMS = np.append(0.0, np.cumsum(LOSS))


def decayed(decay, begin):
    values = [begin]
    for loss in LOSS.tolist():
        values.append(decay * values[-1] + (1 - decay) * loss)
    return np.array(values[1:])


def kind(values, steps=AT):
    return running_mean(
        Series(steps, np.asarray(values)), Series(STEPS, LOSS), min_values=5, tolerance=1e-3
    )


MEANS = {
    "the same step": LOSS[AT],
    "since the last report": np.diff(SUMS[np.append(0, AT + 1)]) / 40,
    "so far": SUMS[AT + 1] / (AT + 1),
}


@pytest.mark.parametrize("name", MEANS)
def test_a_mean_is_recognized(name):
    assert kind(MEANS[name]) == name


@pytest.mark.parametrize("decay", [0.9, 0.98, 0.99])
@pytest.mark.parametrize("begin", [0.0, 5.0])
def test_a_decaying_mean_is_recognized_wherever_it_began(decay, begin):
    assert kind(decayed(decay, begin)[AT]) == "recent steps"


@pytest.mark.parametrize("epoch", [28, 80, 97])
@pytest.mark.rule("E8")
def test_the_mean_of_an_epoch_so_far_is_recognized_whatever_its_length(epoch):
    begins = AT // epoch * epoch

    assert kind((SUMS[AT + 1] - SUMS[begins]) / (AT + 1 - begins)) == "over an epoch"


def test_a_window_is_recognized():
    assert kind((SUMS[AT + 1] - SUMS[np.maximum(AT - 49, 0)]) / np.minimum(AT + 1, 50))


def test_single_precision_hides_no_mean():
    assert kind(MEANS["so far"].astype(np.float32)) == "so far"


@pytest.mark.parametrize("seed", range(40))
def test_an_evaluation_of_the_same_course_is_no_mean(seed):
    noise = np.random.default_rng([7, seed]).normal(size=len(AT))

    assert kind(2 * np.exp(-AT / 100) + 0.02 * noise) == ""


@pytest.mark.parametrize("values", [[0.5] * 10, [np.nan] * 10, LOSS[AT][:4]])
def test_too_few_different_values_are_no_evidence(values):
    assert kind(values, AT[: len(values)]) == ""
