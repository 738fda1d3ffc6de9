from __future__ import annotations

from dataclasses import replace

import pytest
from tests.plot.charts import layers, rows
from vl_convert import vegalite_to_svg

from etude.analyze.summaries.isolation import Isolation, StudyBest
from etude.finding import StudyRow
from etude.plot.study_strip import caption, draw
from etude.plot.theme import themed


def study(name, *values, infeasible=0):
    best = min(range(len(values)), key=values.__getitem__) if values else None
    first = 100 * len(name)
    return StudyBest(
        study=name,
        scientific={},
        trial=None if best is None else first + best,
        value=None if best is None else values[best],
        step=9,
        low=None,
        high=None,
        ended=len(values) + infeasible,
        feasible=len(values),
        infeasible=infeasible,
        values={first + place: value for place, value in enumerate(values)},
        without_value=tuple(first + len(values) + place for place in range(infeasible)),
    )


def isolation(*studies, maximize=False):
    return Isolation(metric="valid/error", maximize=maximize, studies=studies)


TWO = isolation(study("b=long", 0.3, 0.4), study("b", 0.2, 0.5, infeasible=2))


def test_every_trial_is_a_point_or_a_cross_and_the_best_study_stands_first():
    chart = draw(TWO)

    assert len(rows(chart, "point")) == 4
    assert [row["trial"] for row in rows(chart, "infeasible")] == [102, 103]
    assert [row["row"] for row in rows(chart, "name")] == ["b", "b=long"]


def test_the_best_of_each_study_is_a_diamond_with_its_trial_in_words():
    chart = draw(TWO)

    assert {row["trial"] for row in rows(chart, "best")} == {100, 600}
    assert [row["shown"] for row in rows(chart, "number")] == ["0.2, trial 100", "0.3, trial 600"]


def test_the_interval_is_that_of_the_verdict():
    verdict = [StudyRow(study="b", value=0.22, low=0.1, high=0.3, trial=100)]

    chart = draw(TWO, verdict)

    assert [(row["value"], row["low"], row["high"]) for row in rows(chart, "interval")] == [
        (0.22, 0.1, 0.3)
    ]
    assert "a line its 95 % interval" in caption(TWO, verdict)


def test_a_far_value_is_a_triangle_at_the_edge_and_is_counted():
    values = [0.2 + place / 100 for place in range(30)]
    chart = draw(isolation(study("b", *values, 1e18)))

    assert [row["value"] for row in rows(chart, "beyond")] == [1e18]
    assert len(rows(chart, "point")) == 30
    assert chart.to_dict()["title"]["text"] == "1 value beyond the axis"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (
            TWO,
            "a diamond the best of its study; trial 100 of `b` is the best of all.",
        ),
        (isolation(study("all", 0.2)), "; trial 300 is the best of all."),
        # Slices of a range stand in its order, the best wherever it is.
        (
            isolation(study("w in [1, 2]", 0.4), study("w in [3, 99]", 0.2)),
            "trial 1200 of `w in [3, 99]` is the best of all.",
        ),
        (isolation(study("a", infeasible=3)), "No trial of 1 study is feasible."),
    ],
)
def test_the_caption_says_what_is_drawn(result, text):
    assert text in caption(result)


@pytest.mark.parametrize(
    "result",
    [
        isolation(study("all", infeasible=4)),
        isolation(study("all", 0.2)),
        isolation(study("a", 0.2, infeasible=1), maximize=True),
        isolation(study("</script>\"'\\` ${1} \u2028", 0.2), study("plain", 0.3)),
    ],
)
def test_few_studies_and_any_name_are_drawn(result):
    assert "svg" in vegalite_to_svg(themed(draw(result), width=340))


def test_of_many_studies_the_best_are_drawn_and_the_chart_says_so():
    many = [study(f"s{'x' * place}", 0.9 - place / 100) for place in range(12)]

    chart = draw(isolation(*many))

    assert len(rows(chart, "name")) == 5
    assert chart.to_dict()["title"]["text"] == "the best 5 of 12 studies"
    assert chart.to_dict()["height"] <= 150


def test_studies_in_another_order_make_the_same_chart():
    turned = replace(TWO, studies=TWO.studies[::-1])

    assert draw(turned).to_dict() == draw(TWO).to_dict()


def test_a_marked_trial_stands_out_in_every_layer_of_trials():
    chart = draw(TWO).to_dict()

    marked = [layers(draw(TWO), style) for style in ("point", "best", "infeasible")]
    tests = [one["encoding"]["opacity"]["condition"][0]["test"] for (one,) in marked]
    assert chart["params"] == [{"name": "marked", "value": None}]
    assert set(tests) == {"datum.trial === marked"}


def test_the_mean_of_retrainings_is_called_one():
    verdict = [StudyRow(study="b", value=0.22, low=0.1, high=0.3, trial=100, retrained=5)]

    chart = draw(TWO, verdict)

    assert rows(chart, "number")[0]["shown"] == "0.22, mean of 5"
    assert "a diamond the mean of a setting's, a line its 95 % interval" in caption(TWO, verdict)
