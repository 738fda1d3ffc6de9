from __future__ import annotations

import pytest
from tests.plot.charts import layers, rows

from etude.analyze.summaries.learning_curves import Curve, Curves
from etude.plot.curves import caption, draw


def curve(trial, *values, status="completed", broke_at=None):
    return Curve(
        trial=trial,
        status=status,
        reason={"infeasible": "nan", "stopped": "time_limit"}.get(status, ""),
        rank=0,
        steps_P=tuple(range(0, 10 * len(values), 10)),
        values_P=values,
        broke_at=broke_at,
    )


def top(chart):
    """The upper end of the axis of values."""
    return layers(chart, "best-line")[0]["encoding"]["y"]["scale"]["domain"][1]


def curves(*given, best=()):
    return Curves(study="all", metric="train/loss", best=best, curves=given)


@pytest.mark.rule("C5", "C13")
def test_the_best_few_are_brought_forward_and_the_others_grey():
    chart = draw(curves(curve(0, 1.0, 0.5), curve(1, 1.0, 0.2), curve(2, 1.0, 0.9), best=(1, 0)))

    labels = {row["label"] for row in rows(chart, "best-line")}
    assert labels == {"trial 1 (best)", "trial 0 (2nd best)"}
    assert {row["trial"] for row in rows(chart, "rest-line")} == {2}


def test_the_best_few_differ_by_dash_and_shape_not_by_colour_alone():
    chart = draw(curves(curve(0, 1.0, 0.5), curve(1, 1.0, 0.2), best=(1, 0))).to_dict()

    marks = [layer["mark"] for layer in chart["layer"]]
    dashes = [str(mark["strokeDash"]) for mark in marks if mark.get("style") == "best-line"]
    shapes = [
        layer["encoding"]["shape"] for layer in chart["layer"] if "shape" in layer["encoding"]
    ]
    assert len(set(dashes)) == 2
    assert shapes[0]["scale"]["range"] == ["circle", "square"]


def test_an_infeasible_trial_is_dashed_red_with_a_cross_where_it_broke():
    broken = curve(1, 1.0, 0.9, status="infeasible", broke_at=20)
    chart = draw(curves(curve(0, 1.0, 0.5), broken, best=(0,)))

    assert {row["trial"] for row in rows(chart, "infeasible-line")} == {1}
    assert [row["step"] for row in rows(chart, "infeasible")] == [20]


def test_a_diverging_curve_leaves_the_plot_where_the_others_reach():
    broken = curve(1, 1.0, 50.0, 1e9, status="infeasible")
    chart = draw(curves(curve(0, 2.0, 0.5), broken, best=(0,)))

    line = rows(chart, "infeasible-line")
    assert [row["value"] for row in line] == [1.0, pytest.approx(top(chart), rel=1e-4)]
    assert 0 < line[-1]["step"] < 10


def test_a_metric_that_rises_has_a_linear_scale():
    chart = draw(curves(curve(0, 0.01, 0.9), best=(0,))).to_dict()

    assert chart["layer"][-1]["encoding"]["y"]["scale"]["type"] == "linear"


def test_of_too_many_curves_some_are_drawn_and_the_chart_says_so():
    chart = draw(curves(*(curve(trial, 1.0, 0.5) for trial in range(100))), max_rows=60)

    assert len(rows(chart, "rest-line")) == 40
    assert chart.to_dict()["title"]["subtitle"] == "20 of 100 trials drawn"


def test_curves_of_nothing_are_drawn():
    assert draw(curves()).to_dict()
    assert draw(curves(curve(0, status="infeasible", broke_at=0))).to_dict()


def test_the_caption_says_what_the_colours_stand_for():
    broken = curve(2, 1.0, status="infeasible", broke_at=10)
    result = curves(curve(0, 1.0, 0.5), curve(1, 1.0, 0.2), broken, best=(1,))

    assert caption(result) == (
        "In colour the best trial by the objective; grey: 1 other trial; dashed red: 1 infeasible."
    )


def test_the_end_of_a_stopped_trial_is_open_where_that_of_an_infeasible_one_is_a_cross():
    stopped = curve(1, 1.0, 0.9, status="stopped")
    chart = draw(curves(curve(0, 1.0, 0.5), stopped, best=(0,)))

    assert [(row["step"], row["end"]) for row in rows(chart, "stopped")] == [(10, "stopped early")]
    assert layers(chart, "stopped")[0]["mark"]["filled"] is False


def test_the_caption_says_that_trials_were_stopped_early():
    stopped = curve(1, 1.0, 0.9, status="stopped")

    assert caption(curves(curve(0, 1.0, 0.5), stopped, best=(0,))).endswith(
        "; open triangles: 1 stopped early."
    )


def test_without_any_value_the_steps_still_reach_to_the_last():
    chart = draw(curves(curve(0, status="infeasible", broke_at=20)), max_steps=100).to_dict()

    scales = [layer["encoding"]["x"].get("scale") for layer in chart["layer"]]
    assert {"domain": [0, 99], "nice": False, "padding": 0} in scales
    assert chart["height"] < 100


def test_without_any_value_the_caption_says_so():
    assert caption(curves(curve(0, status="infeasible", broke_at=0))) == (
        "No finite value of it in 1 trial; red crosses: 1 infeasible."
    )


@pytest.mark.parametrize(("max_steps", "ticks"), [(3, [0, 1, 2]), (1000, None)])
def test_steps_are_whole(max_steps, ticks):
    chart = draw(curves(curve(0, 1.0), best=(0,)), max_steps=max_steps).to_dict()

    axis = chart["layer"][-1]["encoding"]["x"]["axis"]
    assert axis.get("values") == ticks
    assert (axis.get("tickMinStep") == 1) is (ticks is None)
