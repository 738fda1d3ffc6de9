"""The chart of the throughput against the batch size."""

from __future__ import annotations

from etude.plot.throughput import SizeRow, caption, draw

ROWS = [
    SizeRow(size=1, mean=100.0, low=95.0, high=105.0),
    SizeRow(size=2, mean=190.0, low=None, high=None),
]


def test_each_size_is_a_point_and_each_known_interval_a_bar():
    chart = draw("bs", ROWS, 2).to_dict()

    assert len(chart["layer"]) >= 3
    assert "examples/s" in str(chart)


def test_the_caption_has_the_useful_size_or_says_that_it_is_not_told():
    assert "bs = 2" in caption("bs", ROWS, 2)
    assert "not told" in caption("bs", ROWS, None)
