from __future__ import annotations

import pytest
from tests import factories
from tests.analyze.trials import at_units
from tests.factories import RATE
from tests.plot.charts import rows
from vl_convert import vegalite_to_svg

from etude.analyze.checks.infeasible import infeasible
from etude.analyze.views.outcomes import outcomes
from etude.plot.infeasible import caption, draw
from etude.plot.theme import themed
from etude.space import Choice


def study_and_trials(broken_from: int, count: int = 20):
    study = factories.study({"learning_rate": RATE})
    values = [0.1 if k < broken_from else None for k in range(count)]
    records = at_units(study, [[(k + 0.5) / count] for k in range(count)], values)
    return study, outcomes(study, records)


def test_the_redder_the_more_of_a_tenth_break():
    result = infeasible(*study_and_trials(broken_from=13))

    cells = rows(draw(result), "infeasible")
    assert [(row["x"], row["share"], row["count"]) for row in cells] == [
        (0.6, 0.5, "1"),
        (0.7, 1.0, "2"),
        (0.8, 1.0, "2"),
        (0.9, 1.0, "2"),
    ]


def test_the_cliff_is_drawn_where_trials_begin_to_break():
    result = infeasible(*study_and_trials(broken_from=13))

    assert [row["x"] for row in rows(draw(result), "interval-cap")] == [pytest.approx(0.675)]


@pytest.mark.parametrize(
    ("broken_from", "text"),
    [
        (20, "None of 20 ended trials is infeasible."),
        (13, "7 of 20 ended trials are infeasible: from learning_rate = 0.0106 upward 7 of 7."),
        (0, "20 of 20 ended trials are infeasible, all of them, wherever they lie."),
    ],
)
def test_the_caption_says_how_many_break_and_where(broken_from, text):
    assert caption(infeasible(*study_and_trials(broken_from))) == text


@pytest.mark.parametrize("trials", [0, 20])
def test_choices_and_studies_without_trials_are_drawn(trials):
    study = factories.study({"activation": Choice(["relu", "gelu"]), "learning_rate": RATE})
    units = [[(k % 2 + 0.5) / 2, (k + 0.5) / 20] for k in range(trials)]
    records = at_units(study, units, [None if k % 2 else 0.1 for k in range(trials)])

    svg = vegalite_to_svg(themed(draw(infeasible(study, outcomes(study, records))), width=300))

    assert "gelu" in svg
