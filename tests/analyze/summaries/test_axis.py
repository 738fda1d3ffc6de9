from __future__ import annotations

import pytest
from tests import factories

from etude.analyze.summaries.axis import axes, axis
from etude.analyze.views.outcomes import outcomes

from ..trials import at_units


def test_every_ended_trial_stands_at_its_value():
    study = factories.study()
    records = at_units(study, [[0.0, 0.25], [1.0, 0.75]], [0.3, None])

    first, second = axis(study, outcomes(study, records), "learning_rate").points

    assert (first.trial, first.objective) == (0, 0.3)
    assert first.value == pytest.approx(1e-4)
    assert (second.unit, second.objective, second.status, second.reason) == (
        1.0,
        None,
        "infeasible",
        "nan",
    )


@pytest.mark.rule("C13")
def test_there_is_an_axis_for_every_hyperparameter_that_varies():
    assert [
        each.hyperparameter for each in axes(factories.study(), outcomes(factories.study(), []))
    ] == [
        "learning_rate",
        "share",
    ]
