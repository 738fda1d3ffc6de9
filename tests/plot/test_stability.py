from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.analyze.traced import METRIC, at, long_study, noise, traced
from tests.plot.charts import rows

from etude.analyze.checks.stability import stability
from etude.analyze.checks.stability_limit import StabilityLimit
from etude.plot.stability import caption, draw


def curve(seed, rise=0.0, until=1.0):
    falls = np.exp(-4.0 * at()) + 0.002 * noise(seed) + rise * ((at() > 0.5) & (at() < until))
    return dict.fromkeys((METRIC, "train/loss"), falls)


def result(*curves):
    study = long_study()
    return stability(study, traced(study, *curves))


def test_bars_tell_trials_that_recovered_from_those_that_did_not():
    chart = draw(result(curve(0), curve(1, 0.8, 0.7), curve(2, 0.8), curve(3, 0.8)))

    assert [row["trials"] for row in rows(chart, "box")] == [1]
    assert [row["trials"] for row in rows(chart, "infeasible")] == [2]


def test_the_caption_counts_the_ways():
    text = caption(result(curve(0), curve(1, 0.8, 0.7), curve(2, 0.8)))

    assert text.startswith("Of 3 trials, 2 were unstable: 1 diverged for good, 1 broke and went")


def test_ten_thousand_trials_are_a_few_dozen_rows():
    many = result(*[curve(seed % 7, 0.8, 0.6 + seed % 40 / 100) for seed in range(80)])

    chart = draw(many)

    assert len(rows(chart, "box")) + len(rows(chart, "infeasible")) <= 40


def test_a_study_without_trials_says_so():
    assert caption(result()).startswith("No trial has curves long enough")
    assert draw(result()).to_dict()["layer"]


def test_the_caption_tells_a_best_rate_at_the_edge_of_the_unstable_ones():
    unstable = result(curve(0), curve(1, 0.8))
    edge = StabilityLimit(study="all", status="notice", hyperparameter="learning_rate", rate=0.01)

    assert "the best stable trial lies at their edge" in caption(replace(unstable, limit=edge))
