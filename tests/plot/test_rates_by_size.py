from __future__ import annotations

import numpy as np
from tests.plot.charts import rows

from etude.analyze.summaries.rates_by_size import RatesBySize, size_rate
from etude.plot.rates_by_size import caption, draw


def result(*best: float) -> RatesBySize:
    rng = np.random.default_rng(0)
    sizes = [
        size_rate(
            2**place,
            {
                2.0**k: [float((k - centre) ** 2 + rng.normal(0, 0.1)) for _ in range(5)]
                for k in range(-4, 5)
            },
            seed=place,
        )
        for place, centre in enumerate(best)
    ]
    return RatesBySize(
        name="width", rate="lr", metric="valid/loss", maximize=False, sizes=tuple(sizes)
    )


def test_each_size_has_a_line_and_an_interval():
    chart = draw(result(0.0, 2.0))

    assert {row["label"] for row in rows(chart, "best-line")} == {"width = 1", "width = 2"}
    assert len(rows(chart, "interval")) == 2


def test_the_caption_says_whether_it_moved():
    assert caption(result(0.0, 2.0)).endswith(": it moved.")
    assert caption(result(0.0, 0.0)).endswith(": it did not move.")
