from __future__ import annotations

import pytest

from etude.assignment import Assignment
from etude.runner.probe.messages import Probe
from etude.runner.probe.stopwatch import Stopwatch


@pytest.fixture
def probe(tmp_path):
    assignment = Assignment(
        id=0,
        study="",
        setting={"bs": 8},
        seed=0,
        max_steps=500,
        evaluations=1,
        metric="valid/loss",
        maximize=False,
        diverged_above=False,
        folder=tmp_path / "trial",
        checkpoints=tmp_path / "checkpoints",
    )
    return Probe(
        reference="train.py:train",
        folder=tmp_path,
        path=(),
        assignment=assignment,
        batch_name="bs",
    )


@pytest.mark.rule("S4")
def test_every_value_is_told_as_a_worker_tells_it(probe):
    told: list[tuple[int, dict[str, float]]] = []
    watch = Stopwatch(probe, lambda: None, lambda step, values: told.append((step, dict(values))))

    for step in range(3):
        watch.logged(step, {"train/loss": 1.0 / (step + 1)})
    watch.marked("stepped", 3)  # of a loop that walks, steps are heard of otherwise
    watch.logged(3, {"valid/loss": 0.1})

    assert [step for step, _ in told] == [0, 1, 2, 3]
    assert told[3] == (3, {"valid/loss": 0.1})
    assert watch.steps == 4
