from __future__ import annotations

import pytest
from tests.plot.charts import rows

from etude.analyze.summaries.round_bests import RoundBest, rounds
from etude.plot.round_bests import caption, draw


def line(*values, maximize=False):
    bests = [
        RoundBest(name=f"depth-{place}", value=value, trials=20, sd=sd)
        for place, (value, sd) in enumerate(values, start=1)
    ]
    return rounds(bests, metric="valid/error", maximize=maximize)


def test_the_best_round_is_marked_and_the_others_are_not():
    chart = draw(line((0.3, None), (0.1, 0.01), (0.2, None)))

    assert [row["row"] for row in rows(chart, "best")] == ["depth-2"]
    assert [row["row"] for row in rows(chart, "rest")] == ["depth-1", "depth-3"]
    assert [row["row"] for row in rows(chart, "interval")] == ["depth-2"]


def test_a_round_without_a_value_keeps_its_row():
    chart = draw(line((0.3, None), (None, None)))

    assert [row["shown"] for row in rows(chart, "name")] == [
        "0.3 of 20 trials",
        "none feasible of 20 trials",
    ]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (((None, None),), "No round has a feasible trial."),
        (((0.3, None),), "The only round, `depth-1`, reaches 0.3."),
        (
            ((0.3, None), (0.2, None), (0.25, None)),
            "The best of all is 0.2 in `depth-2`; 1 of 2 later rounds went further.",
        ),
    ],
)
def test_the_caption_names_the_best_round(given, text):
    assert caption(line(*given)) == text


def test_the_highest_is_best_where_higher_is_better():
    assert line((0.3, None), (0.2, None), maximize=True).best == 0


def test_the_best_round_turned_over_is_the_best_of_the_turned_values():
    values = (0.3, 0.1, None, 0.2)
    turned = tuple(None if value is None else -value for value in values)

    result, mirrored = (
        line(*((value, None) for value in given), maximize=up)
        for given, up in ((values, False), (turned, True))
    )

    assert (result.best, result.improved) == (mirrored.best, mirrored.improved)
