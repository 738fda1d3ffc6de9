from __future__ import annotations

from etude.plot.histogram import bin_rows


def test_bins_hold_every_value_once_and_empty_ones_are_left_out():
    rows = bin_rows([0.0, 0.01, 0.5, 1.0, 1.2], "steps", bins=10)

    assert [(row["from"], row["trials"]) for row in rows] == [(0.0, 2), (0.5, 1), (0.9, 2)]


def test_a_bin_says_where_it_is():
    assert bin_rows([0.25], "steps")[0]["where"] == "25% to 30% of the steps"
