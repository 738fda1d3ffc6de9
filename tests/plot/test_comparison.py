from __future__ import annotations

import math

from tests.plot.charts import rows

from etude.analyze.comparison import comparison
from etude.plot.comparison import caption, draw

A, B = [0.5, 0.52, 0.51, math.nan], [0.4, 0.41, 0.42, 0.43]


def test_each_training_with_a_value_is_a_point_and_each_side_has_a_mean():
    chart = draw(comparison(A, B))

    assert [row["side"] for row in rows(chart, "rest")] == ["A"] * 3 + ["B"] * 4
    assert [row["side"] for row in rows(chart, "interval")] == ["A", "B"]


def test_what_failed_is_counted_above():
    assert draw(comparison(A, B)).to_dict()["title"]["subtitle"] == "failed: 1 of 4, 0 of 4"


def test_the_caption_says_how_the_means_stand():
    assert "`B` is better by 0.095" in caption(comparison(A, B))
    assert "too few" in caption(comparison([0.1], [0.2]))


def test_a_side_without_values_is_drawn():
    assert draw(comparison([math.nan] * 3, B)).to_dict()["layer"]
