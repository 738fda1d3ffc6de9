"""What the gate of JAX lets through is right; what it declines it declines with its culprit."""

import pytest
from tests.runner.sample import assignment
from tests.train import jaxes
from tests.train.needs_jax import jnp
from tests.train.stacks import setting

from etude.train import gate
from etude.train.jax.gate import timings
from etude.train.jax.loop import Loop
from etude.train.jax.models import Model


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No time is spent on timing: what is slow is another question than what is right."""
    monkeypatch.setattr(gate, "_times", lambda *given: {1: 2.0, 4: 1.0})


def judged(folder, model, settings):
    several = [
        assignment(folder, id=n, seed=n, setting=setting(n, **given), metric="valid/error")
        for n, given in enumerate(settings)
    ]
    return gate.judgement(timings(Loop(jaxes.workload(model))), several)


def linear(scale, outputs=2):
    """One layer without anything random, quick to compile."""
    return Model(lambda key: jnp.ones((6, outputs)), lambda params, x: scale * (x @ params))


def decides(given):
    return linear(1.0 if given["t"] > 1 else 2.0)


def asks_its_kind(given):
    return linear(given["t"] if isinstance(given["t"], float) else 2.0)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (decides, "the setting in which the trials differ (test_gate.py:"),
        (asks_its_kind, "other numbers than a trial alone: after 3 steps `"),
        (lambda given: linear(1.0, int(given["t"]) + 1), "they differ in `parameter params` ((6, "),
        (lambda given: 1 / 0, "ZeroDivisionError: division by zero (test_gate.py:"),
    ],
)
def test_what_a_stack_cannot_do_is_declined_with_its_culprit(tmp_path, model, said):
    found = judged(tmp_path, model, [{"t": float(n + 1)} for n in range(3)])

    assert found.width == 1
    assert said in found.reason


def test_numbers_that_model_reads_may_differ(tmp_path):
    found = judged(tmp_path, lambda given: linear(given["t"]), [{"t": 1.0}, {"t": 0.5}])

    assert (found.width, found.ratio) == (4, 2.0)
    assert found.reason == "4 trials a stack are 2.0 times as fast, measured."


def test_what_is_no_faster_is_declined(tmp_path, monkeypatch):
    monkeypatch.setattr(gate, "_times", lambda *given: {1: 1.0, 4: 1.0, 8: 0.95})

    found = judged(tmp_path, lambda given: linear(1.0), [{}] * 3)

    assert (found.width, found.fastest) == (1, 8)
    assert found.reason == "stacks are only 1.05 times as fast, measured."


def test_one_trial_alone_needs_no_stack(tmp_path):
    found = judged(tmp_path, lambda given: linear(1.0), [{}])

    assert found.reason == "no two trials may share a stack: there is only one trial."
