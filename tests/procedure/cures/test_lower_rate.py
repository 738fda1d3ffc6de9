"""A lower rate is the last cure: it steps back from what breaks."""

from __future__ import annotations

import pytest

from etude.procedure.base import Known, Step
from etude.procedure.cures.cure import CURES
from etude.procedure.cures.lower_rate import LowerRate
from etude.procedure.rates.diagnosis import Diagnosis

from .trainings import base

DIAGNOSIS = Diagnosis(kind="early", rate="lr", best_rate=1.0, unstable_from=2.0, held_down=True)
KNOWN = Known(base=base(), setting={"lr": 0.3, "warmup": 0, "clip": 0.0})


def test_every_rate_lies_below_the_best_one() -> None:
    step = LowerRate().step(KNOWN, DIAGNOSIS)

    assert isinstance(step, Step)
    rates = [row["lr"] for row in step.experiment.configurations]
    assert sorted(set(rates)) == [0.1, 0.2, 0.3, 0.5]


@pytest.mark.rule("D6")
def test_it_is_the_last_that_is_tried() -> None:
    assert isinstance(CURES[-1], LowerRate)
