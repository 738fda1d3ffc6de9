from __future__ import annotations

from dataclasses import replace

import pytest
from tests.report.sample import analysis, records, studies

from etude.finding import Finding
from etude.report.figures import figures
from etude.report.selection import MAX_AXES, drawn_axes, omission_note
from etude.space import Real, Space

WIDE = replace(studies()[0], space=Space({f"h{place:03}": Real(0.0, 1.0) for place in range(200)}))
EVERY_AXIS = [f"axis-1-{name}" for name in studies()[0].space.domains]


def problem(name):
    subject = {"study": WIDE.name, "hyperparameter": name, "side": "low"}
    return Finding(rule="C1", check="boundary", status="problem", subject=subject, message="")


def test_of_too_many_hyperparameters_those_with_a_problem_are_drawn_first():
    names = drawn_axes([WIDE], [problem("h150")])[WIDE.name]

    assert len(names) == MAX_AXES
    assert names[-1] == "h150"
    assert names[0] == "h000"


def test_a_study_says_how_many_hyperparameters_it_leaves_out():
    sentence = omission_note(WIDE, drawn_axes([WIDE], []))

    assert "12 of 200 hyperparameters" in sentence
    assert "`etude report --format svg`" in sentence


def test_a_study_that_is_drawn_whole_says_nothing():
    assert omission_note(studies()[0], drawn_axes(studies(), [])) == ""


def test_many_studies_share_the_axes():
    many = [replace(WIDE, name=str(place)) for place in range(12)]

    assert {len(names) for names in drawn_axes(many, []).values()} == {4}


@pytest.mark.parametrize(
    ("axes", "drawn"), [({studies()[0].name: ["momentum"]}, []), (None, EVERY_AXIS)]
)
def test_without_a_choice_every_axis_has_a_chart_of_its_own(axes, drawn):
    every_figure = figures(analysis(studies=studies()[:1], records=records()[:20]), axes)

    names = [figure.name for figure in every_figure if figure.name.startswith("axis")]
    assert names == drawn
