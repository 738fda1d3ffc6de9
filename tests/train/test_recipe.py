"""The rate that training really used, read off a loss that falls by the rate at each step.

The loss is the one parameter: its gradient is 1, and plain gradient descent takes the rate off it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.factories import experiment
from tests.train.needs_jax import jnp
from tests.train.stacks import Told, plain, together, trial
from torch import nn

from etude.advise.new_length import new_length
from etude.experiment.change import Change, applied
from etude.train.jax.loop import Loop as JaxLoop
from etude.train.jax.models import Model
from etude.train.recipe import recipe
from etude.train.torch.loop import Loop as TorchLoop
from etude.train.workload import Workload

OLD, NEW, RATE = 40, 100, 0.5


class Only(nn.Module):
    def __init__(self):
        super().__init__()
        self.height = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, inputs):
        return self.height + 0.0 * inputs


def workload(model, data):
    return Workload(
        model=model,
        loss=lambda predict, batch, setting: predict(batch).mean(),
        metrics=lambda predict, batch: {"error": predict(batch).mean()},
        training=data,
        validation=data,
    )


IN_TORCH = workload(lambda setting: Only(), torch.zeros(8, 1, dtype=torch.float64))
IN_JAX = workload(
    lambda setting: Model(
        lambda key: {"height": jnp.zeros(1)}, lambda params, inputs: params["height"] + 0.0 * inputs
    ),
    np.zeros((8, 1), dtype=np.float32),
)
LOOPS = [TorchLoop(IN_TORCH), JaxLoop(IN_JAX)]


def setting(max_steps, given):
    """The setting of an experiment whose length an edit changed, with the edits that follow."""
    question = experiment(max_steps=OLD, nuisance={}, fixed=given)
    edits = new_length(question, max_steps, own_loop=True).edits
    changes = [Change(("experiment", "max_steps"), "", max_steps), *(one.change for one in edits)]
    return dict(applied(question, changes).fixed)


def rates_used(folder, loop, max_steps, stacked, **given):
    values = {"optimizer": "sgd", "learning_rate": RATE, "batch_size": 8, "weight_decay": 0.0}
    trials = [trial(folder, n, Told(), max_steps, **values, **given) for n in range(2)]
    told = together(loop, trials)[0] if stacked else plain(loop, trials[0])
    return -np.diff(told.values("train/loss")) / RATE


@pytest.fixture(params=["alone", "stacked"])
def stacked(request):
    return request.param == "stacked"


@pytest.fixture(params=LOOPS, ids=["torch", "jax"])
def loop(request):
    return request.param


@pytest.mark.parametrize(
    "given",
    [
        {"decay_steps": 40},
        {},
        {"decay_steps": 20, "warmup_steps": 10},
        {"decay_fraction": 0.5, "warmup_fraction": 0.1},
        {"decay_steps": 30, "constant_steps": 10, "final_factor": 0.1},
    ],
    ids=["as long", "default", "warmup", "shares", "held"],
)
def test_a_longer_linear_decay_trains_at_the_full_rate_in_the_added_steps(
    tmp_path, loop, stacked, given
):
    given = {"schedule": "linear", **given}
    warm = int(given.get("warmup_steps", given.get("warmup_fraction", 0) * OLD))
    before = rates_used(tmp_path / "old", loop, OLD, stacked, **given)

    after = rates_used(tmp_path, loop, NEW, stacked, **setting(NEW, given))

    added = NEW - OLD
    np.testing.assert_allclose(after[:warm], before[:warm], atol=1e-4)
    np.testing.assert_allclose(after[warm : warm + added], 1.0, atol=1e-4)
    np.testing.assert_allclose(after[warm + added :], before[warm:], atol=1e-4)


@pytest.mark.parametrize("given", [{}, {"decay_steps": 40}, {"decay_fraction": 1.0}])
def test_a_longer_cosine_is_stretched(tmp_path, loop, stacked, given):
    given = {"schedule": "cosine", **given}

    after = rates_used(tmp_path, loop, NEW, stacked, **setting(NEW, given))

    expected = (1.0 + np.cos(np.pi * np.arange(NEW - 1) / NEW)) / 2.0
    np.testing.assert_allclose(after, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"schedule": "inverse_sqrt", "warmup_steps": 4}, [0.75, 2**-0.5, 8**-0.5]),
        ({"schedule": "inverse_sqrt", "decay_steps": 8}, [0.8**0.5, 0.5**0.5, 0.2**0.5]),
        ({"schedule": "piecewise", "schedule_pieces": "0:1 8:0.5 32:0.25"}, [1.0, 0.5, 0.25]),
        (
            {"schedule": "piecewise", "schedule_pieces": "0:1 8:0.5", "warmup_steps": 8},
            [0.375, 1, 0.5],
        ),
    ],
)
def test_both_libraries_train_at_the_rates_of_a_schedule(tmp_path, loop, stacked, given, expected):
    found = rates_used(tmp_path, loop, OLD, stacked, **given)

    np.testing.assert_allclose(found[[2, 8, 32]], expected, atol=1e-4)


def test_an_exponential_decay_to_nothing_is_refused(tmp_path, loop):
    with pytest.raises(ValueError, match="`final_factor` is 0, and `exponential`"):
        rates_used(tmp_path, loop, NEW, stacked=False, schedule="exponential")


def test_young_moments_are_corrected_for_their_own_age():
    """In a fork that changed the optimizer they begin in the middle of a training."""
    given = {"optimizer": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    plain = recipe({"learning_rate": 0.1, "batch_size": 8, **given}, 100)
    forked = replace(plain, moments_from=40)

    _, *young = plain.moving(0, 5)
    _, *forked_young = forked.moving(40, 45)

    assert np.array_equal(young, forked_young)
    assert np.array_equal(plain.moving(40, 45)[0], forked.moving(40, 45)[0])
