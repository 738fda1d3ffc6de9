from __future__ import annotations

import numpy as np
import pytest
from tests.plot.charts import layers, rows

from etude.analyze.summaries.learning_curves import (
    BestCurves,
    Curve,
    StudyCurve,
    running_median,
)
from etude.plot.best_curves import caption, draw


def study_curve(place, *values, smooth=()):
    curve = Curve(
        trial=place,
        status="completed",
        reason="",
        rank=1,
        steps_P=tuple(range(len(values))),
        values_P=values,
        broke_at=None,
        smooth_M=smooth,
    )
    return StudyCurve(study=f"optimizer=o{place}", curve=curve)


def curves(*given):
    return BestCurves(metric="valid/error", maximize=False, curves=given)


def test_each_study_has_a_colour_a_dash_and_a_shape():
    chart = draw(curves(study_curve(0, 0.9, 0.3), study_curve(1, 0.8, 0.5)))

    dashes = [str(layer["mark"]["strokeDash"]) for layer in layers(chart, "best-line")]
    assert len(set(dashes)) == 2
    assert {row["label"] for row in rows(chart, "best-line")} == {"o0, trial 0", "o1, trial 1"}
    assert "shape" in layers(chart, "best-mark")[0]["encoding"]


def test_a_noisy_curve_is_faint_under_its_running_median():
    chart = draw(curves(study_curve(0, 0.9, 0.3, 0.6, smooth=((0, 0.9), (2, 0.4)))))

    assert [row["value"] for row in rows(chart, "faint-line")] == [0.9, 0.3, 0.6]
    assert [row["value"] for row in rows(chart, "best-line")] == [0.9, 0.4]


def test_studies_beyond_the_fifth_are_grey():
    chart = draw(curves(*(study_curve(place, 0.9, 0.3) for place in range(7))))

    assert {row["trial"] for row in rows(chart, "rest-line")} == {5, 6}
    assert chart.to_dict()["title"]["subtitle"] == "grey: 2 more studies"


def test_the_caption_says_what_a_line_is():
    assert caption(curves(study_curve(0, 0.9, 0.3))) == (
        "The best trial of each study while it trained."
    )


@pytest.mark.parametrize("values", [np.linspace(1, 0, 60), np.exp(-np.linspace(0, 9, 60))])
def test_a_smooth_curve_has_no_median_and_a_noisy_one_has_one_of_its_units(values):
    noisy = values + 0.2 * np.sin(17.0 * np.arange(60) ** 2)

    assert len(running_median(values)) == 0
    assert running_median(1e6 * noisy) == pytest.approx(1e6 * running_median(noisy))
    assert len(running_median(noisy)) == 60
