from __future__ import annotations

import numpy as np
from tests.analyze.traced import METRIC, at, long_study, noise, traced
from tests.plot.charts import rows

from etude.analyze.checks.overfitting import overfitting
from etude.plot.overfitting import caption, draw


def curve(seed, *, loss=0.0, metric=0.0):
    falls = np.exp(-8.0 * at()) + 0.002 * noise(seed)
    return {
        METRIC: falls + metric * at(),
        "valid/loss": falls + loss * at(),
        "train/loss": np.exp(-4.0 * at()) + 0.002 * noise(seed + 50),
    }


def result(*curves):
    study = long_study()
    return overfitting(study, traced(study, *curves))


def test_bars_count_turns_by_loss_and_by_metric():
    chart = draw(result(curve(0), curve(1, loss=0.5), curve(2, loss=0.5, metric=0.5)))

    assert sum(row["trials"] for row in rows(chart, "box")) == 2
    assert sum(row["trials"] for row in rows(chart, "median")) == 1


def test_the_caption_says_how_many_overfit_and_whether_the_best_does():
    text = caption(result(curve(0, loss=0.5), curve(1, metric=0.5)))

    assert text == (
        "Of 2 trials, 1 overfits by the validation loss and 1 by valid/error, the best among them."
    )


def test_a_study_without_trials_says_so():
    assert caption(result()).startswith("No trial can be judged")
    assert draw(result()).to_dict()["layer"]
