from __future__ import annotations

import numpy as np
from tests.analyze.traced import METRIC, long_study, noise, traced
from tests.plot.charts import layers, rows

from etude.analyze.checks.periodicity import periodicity
from etude.plot.periodicity import caption, draw


def result(*periods):
    study = long_study()
    curves = [
        {METRIC: np.sin(2.0 * np.pi * np.arange(80) / period) + 0.1 * noise(seed, 80)}
        for seed, period in enumerate(periods)
    ]
    return periodicity(study, traced(study, *curves))


def test_the_correlogram_starts_at_one_and_has_its_limit():
    chart = draw(result(8))

    assert rows(chart, "best-line")[0]["correlation"] == 1.0
    assert rows(chart, "bound")[0]["correlation"] == 0.5


def test_of_many_the_strongest_five_are_drawn():
    assert len(layers(draw(result(*range(4, 16))), "best-line")) == 5


def test_the_caption_names_the_strongest():
    assert "in 1 of 1 trial, most strongly valid/error of trial 0, every" in caption(result(8))


def test_a_study_without_trials_says_so():
    assert caption(result()).startswith("No trial has enough values at regular steps")
    assert draw(result()).to_dict()["layer"]
