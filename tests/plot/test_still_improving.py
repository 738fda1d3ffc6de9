from __future__ import annotations

import numpy as np
from tests.analyze.traced import METRIC, at, long_study, noise, traced
from tests.plot.charts import rows

from etude.analyze.checks.still_improving import still_improving
from etude.plot.still_improving import caption, draw


def result(*rates):
    study = long_study()
    curves = [{METRIC: np.exp(-rate * at()) + 0.001 * noise(2)} for rate in rates]
    return still_improving(study, traced(study, *curves))


def test_bars_tell_those_still_improving_from_the_others():
    chart = draw(result(1.0, 1.0, 40.0))

    assert sum(row["trials"] for row in rows(chart, "median")) == 2
    assert sum(row["trials"] for row in rows(chart, "box")) == 1


def test_the_caption_speaks_of_the_best():
    assert caption(result(1.0, 40.0)).endswith("the best was not.")
    assert caption(result(1.0)).endswith("the best was: more steps may help.")


def test_a_study_without_trials_says_so():
    assert caption(result()).startswith("No trial has evaluations enough")
    assert draw(result()).to_dict()["layer"]
