from __future__ import annotations

import pytest

from etude.plot.curve_lines import edge_rows, line_rows
from etude.plot.scales import MetricAxis

# From 0 to 1, with a little room.
AXIS = MetricAxis("m", [0.0, *[place / 50 for place in range(50)], 1.0], maximize=True)


def points(*values):
    return [(10 * place, value) for place, value in enumerate(values)]


def test_a_curve_within_the_axis_is_drawn_whole():
    assert [row["value"] for row in line_rows(3, points(0.9, 0.2, 0.4), AXIS)] == [0.9, 0.2, 0.4]
    assert edge_rows(3, points(0.9, 0.2, 0.4), AXIS) == []


def test_a_curve_that_leaves_and_comes_back_has_a_gap_between_its_crossings():
    high = AXIS.domain[1]

    rows = line_rows(3, points(0.5, 100.0, 0.5), AXIS)

    assert [row["value"] for row in rows] == [
        0.5,
        pytest.approx(high, rel=1e-4),
        None,
        pytest.approx(high, rel=1e-4),
        0.5,
    ]
    assert 0 < rows[1]["step"] < 10 < rows[3]["step"] < 20


@pytest.mark.parametrize(
    ("values", "sides"),
    [
        ((0.5, 9.0, 0.5), {"high"}),
        ((9.0, 0.5), {"high"}),
        ((9.0, 9.0), {"high"}),
        ((0.5, -9.0, 9.0), {"low", "high"}),
        ((0.5, 1e308, -1e308), {"low", "high"}),
    ],
)
def test_every_end_that_a_curve_leaves_has_one_triangle_with_the_farthest_value(values, sides):
    rows = edge_rows(3, points(*values), AXIS)

    assert {row["side"] for row in rows} == sides
    assert {row["value"] for row in rows} <= {min(values), max(values)}


def test_zero_on_a_logarithm_is_far_below():
    axis = MetricAxis("m", [0.01, *[place / 50 for place in range(1, 50)], 1.0], maximize=False)

    rows = line_rows(0, points(0.0, 0.5, 0.0), axis)

    assert [row["value"] for row in rows][1] == 0.5
    assert edge_rows(0, points(0.0, 0.5, 0.0), axis)[0]["side"] == "low"
