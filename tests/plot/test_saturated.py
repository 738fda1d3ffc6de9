from __future__ import annotations

import numpy as np
from tests.analyze.traced import METRIC, at, long_study, noise, traced
from tests.plot.charts import rows

from etude.analyze.checks.saturated import saturated
from etude.plot.saturated import caption, draw


def result(*rates):
    study = long_study()
    curves = [{METRIC: np.exp(-rate * at()) + 0.001 * noise(2)} for rate in rates]
    return saturated(study, traced(study, *curves))


def test_bars_count_trials_by_since_when_they_were_flat():
    chart = draw(result(25.0, 25.0, 2.0))

    assert [row["trials"] for row in rows(chart, "box")] == [2, 1]
    assert [row["to"] for row in rows(chart, "outside")] == [0.5]


def test_the_caption_counts_the_early():
    assert caption(result(25.0, 2.0)).startswith("Of 2 trials, 1 stood at their final level")


def test_a_study_without_trials_says_so():
    assert caption(result()).startswith("No trial trained to its end")
    assert draw(result()).to_dict()["layer"]
