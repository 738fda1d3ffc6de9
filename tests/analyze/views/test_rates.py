from __future__ import annotations

import math

import numpy as np
import pytest
from tests.factories import record, study

from etude.analyze.views.outcomes import outcomes
from etude.analyze.views.rates import in_percent, lowest_loss, standard_error
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


@pytest.mark.rule("A1")
def test_percent_errors_are_no_shares_even_where_the_best_is_below_one():
    question = study()

    def error(curves, value):
        records = [record(question, at, curve) for at, curve in enumerate(curves)]
        percent = in_percent(question.metric, outcomes(question, records))
        return standard_error(question.objective, value, 10_000, percent=percent)

    assert error([[0.9, 0.008], [0.9, math.inf]], 0.008) == pytest.approx(0.00091, rel=0.01)
    assert error([[90.0, 0.8], None], 0.8) is None
    assert error([[0.8], [1.7]], 0.8) is None
    # Single precision, and a first value of another kind.
    assert error([[float(np.float32(1.0000001)), 0.3], [1.2, 0.4]], 0.3) is not None
