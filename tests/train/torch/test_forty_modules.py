"""Modules and operators through the gate: each trained rightly in a stack, or declined by name."""

import dataclasses
import re

import numpy as np
import pytest
from tests.runner.sample import assignment
from tests.train.modules import DECLINED, RIGHT
from tests.train.stacks import Told, plain, setting, together, trial
from tests.train.workloads import WORKLOADS

from etude.train import gate as rules
from etude.train.torch import gate
from etude.train.torch.loop import Loop


@pytest.fixture(autouse=True)
def untimed(monkeypatch):
    """What is slow or large is another question than what is right."""
    monkeypatch.setattr(rules, "_times", lambda *given: {1: 2.0, 4: 1.0})
    monkeypatch.setattr(gate, "_looping", lambda *given: [])
    monkeypatch.setattr(gate, "_bytes_a_trial", lambda *given: 1.0)


def judged(folder, model):
    trials = [
        assignment(folder, id=n, seed=n, setting=setting(n, t=n / 10), metric="valid/error")
        for n in range(3)
    ]
    loop = Loop(dataclasses.replace(WORKLOADS["mlp"], model=model))
    return rules.judgement(gate.timings(loop), trials)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("name", RIGHT)
def test_a_stack_trains_it_as_each_trial_alone(tmp_path, name):
    assert judged(tmp_path / "gate", RIGHT[name]).reason.startswith("4 trials a stack")

    loop = Loop(dataclasses.replace(WORKLOADS["mlp"], model=RIGHT[name]))
    given = {"steps": 6, "evaluations": 2}
    several = [trial(tmp_path, n, Told(), t=0.1 + n / 10, **given) for n in range(2)]
    alone = plain(loop, trial(tmp_path / "alone", 1, Told(), t=0.2, **given))

    second = together(loop, several)[1]

    assert [row[:2] for row in second.rows] == [row[:2] for row in alone.rows]
    np.testing.assert_allclose(
        [row[2] for row in second.rows], [row[2] for row in alone.rows], rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize("name", DECLINED)
def test_what_a_stack_cannot_train_is_declined_with_its_culprit(tmp_path, name):
    model, said = DECLINED[name]

    found = judged(tmp_path, model)

    assert found.width == 1
    assert re.search(said, found.reason), found.reason
