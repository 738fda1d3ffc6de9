from __future__ import annotations

import numpy as np
from tests.analyze.traced import METRIC, at, long_study, traced
from tests.plot.charts import layers, rows

from etude.analyze.checks.training_loss_rises import training_loss_rises
from etude.plot.training_loss_rises import caption, draw


def result(*climbs):
    study = long_study()
    losses = [
        0.2 + 5.0 * np.exp(-20.0 * at()) + height * np.maximum(0.0, at() - 0.5) for height in climbs
    ]
    curves = [{METRIC: at(), "train/loss": loss} for loss in losses]
    return training_loss_rises(study, traced(study, *curves))


def test_only_those_that_climb_are_drawn_the_worst_first():
    chart = draw(result(0.0, 1.0, 4.0))

    assert [row["label"] for row in rows(chart, "best-line")][:1] == ["trial 2"]
    assert {row["label"] for row in rows(chart, "best-line")} == {"trial 1", "trial 2"}


def test_the_start_does_not_dwarf_the_climb():
    assert max(row["value"] for row in rows(draw(result(1.0, 0.9)), "best-line")) < 1.0


def test_of_many_that_climb_five_are_drawn():
    chart = draw(result(*[1.0] * 12))

    assert len(layers(chart, "best-line")) == 5
    assert chart.to_dict()["title"]["subtitle"] == "5 of 12 trials drawn"


def test_the_caption_counts_them():
    assert "in 1 of 2 trials" in caption(result(0.0, 1.0))
    assert caption(result(0.0)) == "The training loss rises in none of 1 trial."
    assert caption(result()).startswith("No trial logged enough")


def test_where_none_climbs_the_chart_says_so():
    assert draw(result(0.0)).to_dict()["title"]["subtitle"] == "no trial rises"
