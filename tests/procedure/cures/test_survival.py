"""A training survives its warmup where it keeps what it learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.factories import curve

from etude.procedure.cures.survival import survives
from etude.record import Record

FALLING = np.linspace(2.0, 0.5, 30)


def training(losses: Any, **given: Any) -> Record:
    points = curve([float(loss) for loss in losses], "train/loss", spacing=1)
    plain = {"id": 0, "study": "one", "index": 0, "setting": {}, "seed": 0, "steps": len(losses)}
    return Record(**{**plain, "status": "completed", "points": points, **given})


BASELINE = [training(np.linspace(2.0, 1.0, 100)) for _ in range(3)]


@pytest.mark.parametrize(
    ("losses", "survived"),
    [
        (FALLING, True),
        # One odd batch is none: the next ones are as low as before.
        ([*FALLING[:9], 9.0, *FALLING[9:]], True),
        # It breaks and does not come back.
        ([*FALLING[:10], *[1.9] * 20], False),
        # It climbs far above where it began, and recovers unseen.
        ([*FALLING[:5], *[6.0] * 6, *FALLING[11:]], False),
    ],
)
def test_it_does_where_it_keeps_what_it_learns(losses: Any, survived: bool) -> None:
    assert survives(training(losses), BASELINE) is survived


def test_who_rests_at_chance_has_survived_nothing() -> None:
    assert survives(training([2.0] * 30), BASELINE) is False


def test_a_training_that_ended_early_has_not_survived() -> None:
    assert survives(training(FALLING, status="infeasible", reason="nan"), BASELINE) is False


def test_without_a_training_loss_it_is_not_known() -> None:
    assert survives(training([]), BASELINE) is None


def test_of_a_few_points_it_is_not_known() -> None:
    """A loss that is logged now and then says little of a ramp of thirty steps."""
    assert survives(training([2.1]), BASELINE) is None
    assert survives(training(FALLING[::10]), BASELINE) is None


def test_a_loss_below_zero_is_judged_by_its_size() -> None:
    assert survives(training(FALLING - 10.0), []) is True
    assert survives(training([*[-10.0] * 10, *[-2.0] * 20]), []) is False
