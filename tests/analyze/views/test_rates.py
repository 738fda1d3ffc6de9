from __future__ import annotations

import math

import numpy as np
import pytest
from tests.factories import record, study

from etude.analyze.views.rates import largest_value, lowest_loss, standard_error
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
    shares = [record(question, 0, [0.9, 0.008]), record(question, 1, [0.9, math.inf])]
    percents = [record(question, 0, [90.0, 0.8]), record(question, 1, None)]

    def error(records, value):
        largest = largest_value(question.metric, records)
        return standard_error(question.objective, value, 10_000, largest=largest)

    assert error(shares, 0.008) == pytest.approx(0.00091, rel=0.01)
    assert error(percents, 0.8) is None
    assert error([], 0.8) is not None
    assert error([record(question, 0, [float(np.float32(1.0000001)), 0.3])], 0.3) is not None
