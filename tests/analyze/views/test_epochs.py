from __future__ import annotations

import numpy as np
import pytest

from etude.analyze.views.epochs import steps_per_epoch
from etude.record import Series


def logged(steps, epochs):
    return Series(np.array(steps, np.int64), np.array(epochs, np.float64))


@pytest.mark.parametrize(
    ("steps", "epochs", "expected"),
    [
        pytest.param([19, 39, 59], [0.5, 1.0, 1.5], 40.0, id="shares of epochs"),
        pytest.param([9], [0.25], 40.0, id="one share"),
        pytest.param([99, 199, 299], [0, 1, 2], 100.0, id="whole ones, at their ends"),
        pytest.param(range(0, 400, 10), [s // 100 for s in range(0, 400, 10)], 100.0, id="often"),
        pytest.param([19, 39, 59], [0.5, np.nan, 1.5], 40.0, id="one not finite"),
    ],
)
def test_the_steps_of_an_epoch_are_told_by_its_clock(steps, epochs, expected):
    assert steps_per_epoch(logged(list(steps), list(epochs))) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("steps", "epochs"),
    [([], []), ([99], [1.0]), ([5], [0.0]), ([1, 2, 3], [3.0, 2.0, 4.0]), ([9, 19], [0, 0])],
)
def test_without_a_clock_that_goes_on_it_is_not_known(steps, epochs):
    assert steps_per_epoch(logged(steps, epochs)) is None
