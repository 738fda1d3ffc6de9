from __future__ import annotations

import pytest
from tests.analyze.traced import METRIC, long_study, noise, traced
from tests.plot.charts import rows

from etude.analyze.checks.step_variance import step_variance
from etude.plot.step_variance import caption, draw


def result(*levels):
    study = long_study()
    return step_variance(
        study, traced(study, *({METRIC: level + 0.01 * noise(1)} for level in levels))
    )


def test_the_best_come_first_with_their_jumps_to_either_side():
    variance = result(0.9, 0.2, 0.5)

    bars = rows(draw(variance), "interval")
    others = rows(draw(variance), "rest-interval")

    assert [row["trial"] for row in others] == [2, 0]
    assert [row["trial"] for row in bars] == [1]
    assert bars[0]["high"] - bars[0]["low"] == pytest.approx(2 * variance.sd)


def test_of_many_trials_the_best_are_drawn():
    chart = draw(result(*range(30)))

    assert len(rows(chart, "name")) == 8
    assert chart.to_dict()["title"]["text"].endswith("8 of 30 trials drawn")


def test_the_caption_compares_jumps_with_the_gap():
    assert caption(result(0.2, 0.9)).endswith("from value to value, and trial 1 is 0.7 away.")
    assert caption(result(0.2, 0.2)).endswith("; 1 other trial cannot be told from it.")


def test_a_lone_trial_cannot_be_compared():
    assert caption(result(0.2)).startswith("Late jumps cannot be compared")
    assert draw(result()).to_dict()["layer"]
