from __future__ import annotations

import math

import pytest

from etude.analyze.views.rates import lowest_loss
from etude.experiment.objective import Objective


@pytest.mark.parametrize(
    ("metric", "maximize", "losses", "lowest"),
    [
        ("valid/error", False, [0.1, 0.3], 0.0),
        ("valid/error", True, [0.1, 0.3], 0.0),
        ("valid/accuracy", True, [-0.97, -0.5], -1.0),
        ("valid/accuracy", True, [-97.0, -50.0], -100.0),
        ("valid/accuracy", True, [-970.0], -math.inf),
        ("valid/loss", False, [0.1], -math.inf),
        ("valid/error", False, [], -math.inf),
    ],
)
def test_a_rate_has_a_best_that_can_be(metric, maximize, losses, lowest):
    assert lowest_loss(Objective(metric, maximize), losses) == lowest
