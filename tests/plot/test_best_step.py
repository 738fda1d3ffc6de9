from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.analyze.traced import METRIC, at, long_study, traced
from tests.plot.charts import rows

from etude.analyze.checks.best_step import best_step
from etude.plot.best_step import caption, draw


def result(*shares):
    study = long_study()
    return best_step(study, traced(study, *({METRIC: np.abs(at() - share)} for share in shares)))


def test_bars_count_trials_by_where_their_best_step_fell():
    chart = draw(result(0.02, 0.03, 0.98))

    assert [row["trials"] for row in rows(chart, "box")] == [2, 1]
    assert [(row["from"], row["to"]) for row in rows(chart, "outside")] == [(0.0, 0.1), (0.75, 1.0)]


def test_ten_thousand_trials_are_a_few_rows():
    few = result(0.5)
    many = replace(few, trials=few.trials * 10_000)

    assert len(draw(many).to_json()) < 10_000


def test_the_caption_counts_the_shaded():
    assert "Of 3 trials, 2 had the best step in the first 10%" in caption(result(0.02, 0.04, 0.5))


def test_a_study_without_trials_has_a_chart_and_says_so():
    assert draw(result()).to_dict()["layer"]
    assert caption(result()).startswith("No trial trained to its end")
