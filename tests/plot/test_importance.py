from __future__ import annotations

from dataclasses import replace

import pytest
from tests.plot.charts import rows
from vl_convert import vegalite_to_svg

from etude.analyze.checks.importance import Importance
from etude.analyze.checks.influence import Influence, Interaction
from etude.plot.importance import caption, draw
from etude.plot.theme import themed

RATE = Influence(
    hyperparameter="rate", status="ok", counts=True, share=0.6, low=0.5, high=0.7, chance=0.003
)
DECAY = Influence(
    hyperparameter="decay", status="notice", share=0.0, low=0.0, high=0.05, chance=0.7
)
WIDTH = Influence(hyperparameter="width", status="unclear", share=0.1, low=0.0, high=0.4, chance=1)


def importance(*influences, **given):
    plain = {
        "study": "all",
        "metric": "valid/error",
        "status": "ok",
        "ended": 50,
        "settings": 50,
        "judged": 50,
        "infeasible": 0,
        "detectable": 0.2,
        "influences": influences,
    }
    return Importance(**{**plain, **given})


def test_each_hyperparameter_has_a_row_the_largest_share_that_matters_first():
    chart = draw(importance(DECAY, WIDTH, RATE))

    assert [(row["hyperparameter"], row["verdict"]) for row in rows(chart, "name")] == [
        ("rate", "matters"),
        ("width", "unclear"),
        ("decay", "of little effect"),
    ]
    assert [row["low"] for row in rows(chart, "interval")] == [0.5]


def test_what_only_breaks_training_says_so():
    breaks = replace(DECAY, status="ok", breaks=True, infeasible_share=0.5)

    chart = draw(importance(breaks))

    assert rows(chart, "name")[0]["verdict"] == "matters for what breaks training"


def test_what_only_repeats_tell_has_no_interval():
    by_repeats = replace(RATE, share=None, low=None, high=None)

    chart = draw(importance(by_repeats, DECAY))

    assert rows(chart, "interval") == []
    assert rows(chart, "name")[0]["interval"] == "not known"


def test_interactions_reach_beyond_the_share_alone():
    chart = draw(importance(replace(RATE, total=0.8), WIDTH))

    assert [(row["share"], row["total"]) for row in rows(chart, "box")] == [(0.6, 0.8)]


def test_no_more_rows_are_drawn_than_asked_for():
    many = [replace(DECAY, hyperparameter=f"x{k}") for k in range(100)]

    chart = draw(importance(*many), max_rows=20)

    assert len(rows(chart, "name")) == 20
    assert chart.to_dict()["title"]["text"] == "the first 20 of 100 are drawn"


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (importance(reason="nothing varies in it"), "not known: nothing varies in it."),
        (importance(RATE, DECAY), "`rate` matters beyond noise over 50 settings; lines are"),
        (importance(DECAY), "Nothing stands out of the noise over 50 settings"),
        (
            importance(
                RATE,
                interactions=(
                    Interaction(
                        hyperparameters=("decay", "rate"), share=0.1, error=0.01, chance=0.01
                    ),
                ),
            ),
            ", `decay` and `rate` together; lines are",
        ),
    ],
)
def test_the_caption_says_what_matters_and_what_is_not_known(result, sentence):
    assert sentence in caption(result)


@pytest.mark.parametrize(
    "influences", [(), (Influence(hyperparameter="`</script>${1}", status="unclear"),)]
)
def test_little_is_drawn_too(influences):
    assert vegalite_to_svg(themed(draw(importance(*influences, reason="too few")), width=300))
