from __future__ import annotations

import pytest
from tests.plot.charts import layers, rows
from vl_convert import vegalite_to_svg

from etude.analyze.summaries.axis import Axis, AxisPoint
from etude.plot.axis import caption, draw
from etude.plot.theme import themed
from etude.space import Choice, Integer, Real

HOSTILE = "</script>\"'\\` ${1} \u2028"
RATE = Real(1e-4, 1.0, log=True)


def point(trial, value=0.01, objective=0.1, domain=RATE):
    status = "completed" if objective is not None else "infeasible"
    reason = "" if objective is not None else "nan"
    return AxisPoint(
        trial=trial,
        value=value,
        unit=domain.unit(value),
        objective=objective,
        status=status,
        reason=reason,
    )


def axis(*points, domain=RATE, maximize=False):
    return Axis(
        study="all",
        hyperparameter="learning_rate",
        domain=domain,
        metric="valid/error",
        maximize=maximize,
        points=points,
    )


def test_infeasible_trials_are_crosses():
    chart = draw(axis(point(0), point(1, value=0.5, objective=None)))

    assert [(row["trial"], row["x"]) for row in rows(chart, "infeasible")] == [(1, 0.5)]
    assert layers(chart, "infeasible")[0]["mark"]["shape"].startswith("M-1,-1")


def test_the_best_few_are_numbered_best_first():
    chart = draw(axis(*(point(trial, objective=0.1 + trial) for trial in range(8))), best=3)

    numbered = {row["rank"]: row["trial"] for row in rows(chart, "best-rank")}
    assert numbered == {"1": 0, "2": 1, "3": 2}
    assert len(rows(chart, "rest")) == 5


def test_the_highest_is_best_where_higher_is_better():
    chart = draw(axis(point(0, objective=0.1), point(1, objective=0.9), maximize=True), best=1)

    assert rows(chart, "best-rank")[0]["trial"] == 1


def test_one_minus_is_drawn_as_a_reversed_logarithm_of_the_rest():
    momentum = Real(0.7, 0.999, scale="one_minus_log")
    chart = draw(axis(point(0, value=0.99, domain=momentum), domain=momentum))

    x = layers(chart, "best")[0]["encoding"]["x"]
    assert rows(chart, "best")[0]["x"] == pytest.approx(0.01)
    assert (x["scale"]["type"], x["scale"]["reverse"]) == ("log", True)
    assert x["axis"]["labelExpr"].startswith("format(1 - datum.value")


def test_the_bounds_of_the_space_are_drawn():
    chart = draw(axis(point(0)))

    assert [row["x"] for row in rows(chart, "bound")] == [1e-4, 1.0]


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (RATE, 0.1),
        (Real(0.0, 1.0), 0.5),
        (Real(0.7, 0.999, scale="one_minus_log"), 0.9),
        (Integer(1, 8), 3),
        (Choice(["relu", "gelu"]), "gelu"),
        (Choice([True, False]), True),
    ],
)
@pytest.mark.parametrize("objective", [0.1, None])
def test_every_domain_is_drawn_and_described(domain, value, objective):
    result = axis(point(0, value, objective, domain), domain=domain)

    assert draw(result).to_dict()["layer"]
    assert caption(result).endswith(".")


def test_choices_may_hold_any_text():
    values = ["relu", HOSTILE]
    domain = Choice(values)
    result = axis(*(point(0, value, 0.1, domain) for value in values), domain=domain)

    assert "relu" in vegalite_to_svg(themed(draw(result), width=300))


def test_an_axis_without_trials_is_drawn():
    assert draw(axis()).to_dict()["layer"]


def test_of_too_many_trials_some_are_drawn_and_the_chart_says_so():
    chart = draw(axis(*(point(trial, objective=1.0 + trial) for trial in range(100))), max_rows=30)

    assert len(rows(chart, "rest")) == 20
    assert chart.to_dict()["title"]["subtitle"] == "25 of 100 trials drawn"


def test_the_caption_says_where_the_best_and_the_infeasible_lie():
    result = axis(
        point(0, 0.01, 0.2), point(1, 0.02, 0.1), point(2, 0.5, None), point(3, 0.9, None)
    )

    assert caption(result) == (
        "The best 2 lie between 0.01 and 0.02 of 0.0001 to 1 searched; 2 of 4 ended trials are "
        "infeasible, between 0.5 and 0.9."
    )


@pytest.mark.parametrize(("high", "ticks"), [(3, [1, 2, 3]), (64, None)])
def test_integers_have_whole_ticks(high, ticks):
    domain = Integer(1, high)
    chart = draw(axis(point(0, 2, domain=domain), domain=domain))

    x_axis = layers(chart, "best")[0]["encoding"]["x"]["axis"]
    assert (x_axis.get("values"), x_axis.get("tickMinStep")) == (ticks, None if ticks else 1)


def test_without_a_feasible_trial_the_plot_is_no_higher_than_its_crosses():
    assert draw(axis(point(0, objective=None))).to_dict()["height"] < 100
