from __future__ import annotations

import pytest

from etude.analyze.isolation import isolation
from etude.design.split import split

from .trials import at_units, record, two_optimizers, valley


def test_each_study_has_its_best_trial_in_the_metric_as_reported():
    adam, nesterov = split(two_optimizers(maximize=True))
    setting = {"learning_rate": 0.01, "share": 0.5}
    records = [
        record(adam, 0, [0.1, 0.9, 0.4], setting),
        record(adam, 1, 0.8, setting),
        record(nesterov, 2, None, setting),
    ]

    first, second = isolation([adam, nesterov], records).studies

    assert (first.trial, first.value, first.step, first.feasible) == (0, 0.9, 10, 2)
    assert (second.trial, second.value, second.low, second.infeasible) == (None, None, None, 1)


def test_the_best_lies_in_its_interval():
    adam, _ = split(two_optimizers())

    best = isolation([adam], valley(adam, [0.5, 0.5])).studies[0]

    assert best.low == pytest.approx(best.value)
    assert best.high > best.value


def test_below_six_trials_the_luck_is_not_known():
    adam, _ = split(two_optimizers())

    best = isolation([adam], at_units(adam, [[0.5, 0.5]] * 5, [0.3] * 5)).studies[0]

    assert (best.value, best.low, best.high) == (0.3, None, None)


def test_an_infeasible_trial_never_wins_by_what_it_had_before():
    adam, _ = split(two_optimizers())
    setting = {"learning_rate": 0.01, "share": 0.5}
    lucky = record(adam, 1, [0.01, 9.0], setting, status="infeasible", reason="diverged")
    records = [*at_units(adam, [[0.5, 0.5]], [0.5]), lucky]

    assert isolation([adam], records).studies[0].trial == 0


def test_no_studies_have_no_best():
    assert isolation([], []).studies == ()
