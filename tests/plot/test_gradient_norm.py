from __future__ import annotations

import numpy as np
import pytest
from tests.analyze.traced import long_study, noise, traced
from tests.plot.charts import rows

from etude.analyze.checks.gradient_norm import gradient_norm
from etude.plot.gradient_norm import caption, draw

NORMS = np.exp(noise(0, 300))


def result(*norms):
    study = long_study()
    return gradient_norm(study, traced(study, *({"grad_norm": series} for series in norms)))


def test_the_bars_hold_all_steps_and_the_rule_stands_at_the_threshold():
    doubled = result(NORMS, 2.0 * NORMS)

    chart = draw(doubled)

    assert sum(row["share"] for row in rows(chart, "box")) == pytest.approx(1.0, abs=0.01)
    assert rows(chart, "bound")[0]["from"] == doubled.threshold


def test_a_norm_far_from_all_others_leaves_the_axis_and_is_counted():
    far = np.where(np.arange(300) < 3, 1e-18, NORMS)

    chart = draw(result(NORMS, far))

    assert min(row["from"] for row in rows(chart, "box")) > 1e-3
    assert chart.to_dict()["title"]["subtitle"].endswith("of the steps beyond the axis")


@pytest.mark.parametrize("norms", [[], [[1.0] * 50], [[0.0] * 50], [[]]])
def test_norms_that_do_not_vary_or_are_not_there_have_a_chart(norms):
    assert draw(result(*norms)).to_dict()["layer"]


def test_the_caption_says_where_clipping_would_begin():
    text = caption(result(NORMS, NORMS, NORMS, 0.1 * NORMS, 100.0 * NORMS))

    assert "the 90th percentile" in text
    assert text.endswith("where clipping would begin, for 1 trial on more than half of the steps.")
    assert caption(result()) == "No trial logged enough gradient norms."
