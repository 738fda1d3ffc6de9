"""Losses whose numbers may differ between trials: equal to PyTorch's, and trained in stacks."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.runner.sample import assignment
from tests.train.stacks import Told, plain, setting, together, trial
from tests.train.workloads import WORKLOADS
from torch.nn import functional as F

from etude.train import gate
from etude.train.losses import cross_entropy
from etude.train.torch.gate import timings
from etude.train.torch.loop import Loop


@pytest.fixture
def smoothed():
    """A workload whose label smoothing is a hyperparameter."""

    def loss(predict, batch, setting):
        inputs, labels = batch
        return cross_entropy(predict(inputs), labels, label_smoothing=setting["smoothing"])

    return dataclasses.replace(WORKLOADS["mlp"], loss=loss)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_it_is_pytorchs(shape, smoothing):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((*shape, 7), generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 7, shape, generator=generator)

    found = cross_entropy(logits, labels, label_smoothing=smoothing)

    expected = F.cross_entropy(logits.flatten(0, -2), labels.flatten(), label_smoothing=smoothing)
    torch.testing.assert_close(found, expected, rtol=1e-14, atol=0)


def test_each_trial_of_a_stack_has_its_own_label_smoothing(tmp_path, smoothed):
    loop, steps = Loop(smoothed), {"steps": 6, "evaluations": 1}
    alone = plain(loop, trial(tmp_path / "a", 1, Told(), smoothing=0.2, **steps))

    second = together(
        loop, [trial(tmp_path, n, Told(), smoothing=0.1 + n / 10, **steps) for n in range(2)]
    )[1]

    found, expected = (each.values("train/loss") for each in (second, alone))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_pytorchs_own_is_declined_with_the_mend(tmp_path):
    def loss(predict, batch, setting):
        inputs, labels = batch
        return F.cross_entropy(predict(inputs), labels, label_smoothing=setting["smoothing"])

    trials = [
        assignment(tmp_path, id=n, seed=n, setting=setting(n, smoothing=0.1 * n)) for n in range(3)
    ]

    loop = Loop(dataclasses.replace(WORKLOADS["mlp"], loss=loss))

    found = gate.judgement(timings(loop), trials)

    assert found.width == 1
    assert "`etude.train.losses.cross_entropy` takes one a trial (test_losses.py" in found.reason
