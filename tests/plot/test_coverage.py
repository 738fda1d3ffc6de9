from __future__ import annotations

from tests import factories
from tests.analyze.trials import valley
from tests.plot.charts import rows
from vl_convert import vegalite_to_svg

from etude.analyze.checks.coverage import coverage
from etude.analyze.views.outcomes import outcomes
from etude.plot.coverage import caption, draw
from etude.plot.theme import themed


def test_every_feasible_trial_is_a_tick_and_the_good_ones_stand_out():
    study = factories.study()

    chart = draw(coverage(study, outcomes(study, valley(study, [0.5, 0.4], 40))))

    assert len(rows(chart, "rest-tick")) == 2 * 36
    assert len(rows(chart, "median")) == 2 * 4


def test_of_too_many_trials_some_are_drawn_and_the_chart_says_so():
    study = factories.study()

    chart = draw(coverage(study, outcomes(study, valley(study, [0.5, 0.4], 100))), max_rows=40)

    assert chart.to_dict()["title"]["subtitle"] == "30 of 100 trials drawn"


def test_the_caption_says_what_is_usual():
    study = factories.study()

    text = caption(coverage(study, outcomes(study, valley(study, [0.5, 0.4], 40))))

    assert text.startswith("Marked: 4 trials of 40 feasible, the best tenth")
    assert text.endswith("20 trials are usual for so many hyperparameters.")


def test_a_study_without_trials_is_drawn_with_its_reason():
    result = coverage(factories.study(), outcomes(factories.study(), []))

    assert "svg" in vegalite_to_svg(themed(draw(result), width=300))
    assert "is unclear: 0 feasible trials" in caption(result)
