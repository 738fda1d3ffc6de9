import math

import numpy as np
import pytest
from tests import factories
from tests.factories import record

from etude.record import POINT, Points, Records


def trial(number=0, rows=(), **given):
    """A completed trial that reported these rows."""
    names = ("valid/loss", "grad_norm")
    points = np.array([(step, names.index(name), value) for step, name, value in rows], POINT)
    return record(
        factories.study(),
        number,
        **{"status": "completed", "points": Points(points, names), **given},
    )


def losses(*values):
    return [(step, "valid/loss", value) for step, value in enumerate(values)]


def test_a_series_is_one_metric_by_step():
    one = trial(rows=[(0, "valid/loss", 2.0), (0, "grad_norm", 9.0), (4, "valid/loss", 1.0)])

    series = one.series("valid/loss")

    assert len(series) == 2
    assert series.steps_P.tolist() == [0, 4]
    assert series.values_P.tolist() == [2.0, 1.0]


def test_a_series_of_what_was_never_logged_is_empty():
    assert len(trial().series("valid/loss")) == 0
    assert len(trial().series("unknown")) == 0


def test_a_series_rises_in_steps_however_it_was_written():
    one = trial(rows=[(4, "valid/loss", 1.0), (0, "valid/loss", 2.0), (2, "valid/loss", 3.0)])

    assert one.series("valid/loss").steps_P.tolist() == [0, 2, 4]
    assert one.series("valid/loss").values_P.tolist() == [2.0, 3.0, 1.0]


def test_of_two_values_at_a_step_the_later_written_one_counts():
    one = trial(rows=[(0, "valid/loss", 1.0), (1, "valid/loss", 2.0), (0, "valid/loss", 3.0)])

    assert one.series("valid/loss").values_P.tolist() == [3.0, 2.0]


def test_only_metrics_that_occur_are_listed():
    assert trial(rows=[(0, "grad_norm", 1.0)]).points.metrics == ["grad_norm"]
    assert trial().points.metrics == []


@pytest.mark.parametrize(
    ("values", "maximize", "expected"),
    [
        ([3.0, 1.0, 2.0], False, (1.0, 1)),
        ([3.0, 1.0, 2.0], True, (3.0, 0)),
        ([1.0, 1.0], False, (1.0, 0)),
        ([math.nan, 2.0, -math.inf], False, (2.0, 1)),
        ([math.inf, -2.0, math.nan], True, (-2.0, 1)),
    ],
)
def test_the_best_is_the_first_best_finite_value(values, maximize, expected):
    best = trial(rows=losses(*values)).best("valid/loss", maximize=maximize)

    assert best is not None
    assert (best.value, best.step) == expected


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, math.nan]])
def test_without_a_finite_value_there_is_no_best(values):
    assert trial(rows=losses(*values)).best("valid/loss", maximize=False) is None


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("pending", False),
        ("running", False),
        ("paused", False),
        ("completed", True),
        ("stopped", True),
        ("infeasible", True),
    ],
)
def test_a_trial_has_ended_or_not(status, ended):
    assert trial(status=status).ended == ended


def test_counting_loads_nothing():
    records = Records(lambda: pytest.fail("loaded"), {"pending": 2, "completed": 1})

    assert len(records) == records.count() == 3
    assert records.count("pending") == 2
    assert records.count("running") == 0


def test_a_view_is_loaded_once():
    loads = []

    def load():
        loads.append("once")
        return [trial(0), trial(1)]

    records = Records(load, {"completed": 2})

    assert [one.id for one in records] == [one.id for one in records[:]] == [0, 1]
    assert records[-1].id == 1
    assert loads == ["once"]


def test_a_view_may_be_narrowed():
    records = Records.of(
        [trial(0, study="a"), trial(1, study="b"), trial(2, status="pending", study="a")]
    )

    assert [one.id for one in records.of_study("a")] == [0, 2]
    assert records.of_study("a").count("pending") == 1
    assert [one.id for one in records.ended()] == [0, 1]
    assert records.of_study("c").count() == 0
