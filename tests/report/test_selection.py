from __future__ import annotations

from dataclasses import replace

from tests.report.sample import analysis, records, studies

from etude.finding import Finding
from etude.report.figures import figures
from etude.report.selection import MAX_AXES, drawn, left_out
from etude.space import Real, Space

WIDE = replace(studies()[0], space=Space({f"h{place:03}": Real(0.0, 1.0) for place in range(200)}))


def problem(name):
    subject = {"study": WIDE.name, "hyperparameter": name, "side": "low"}
    return Finding(rule="C1", check="boundary", status="problem", subject=subject, message="")


def test_of_too_many_hyperparameters_those_with_a_problem_are_drawn_first():
    names = drawn([WIDE], [problem("h150")])[WIDE.name]

    assert len(names) == MAX_AXES
    assert names[-1] == "h150"
    assert names[0] == "h000"


def test_a_study_says_how_many_hyperparameters_it_leaves_out():
    sentence = left_out(WIDE, drawn([WIDE], []))

    assert "24 of 200 hyperparameters" in sentence
    assert "`etude report --format svg`" in sentence


def test_a_study_that_is_drawn_whole_says_nothing():
    assert left_out(studies()[0], drawn(studies(), [])) == ""


def test_many_studies_share_the_axes():
    many = [replace(WIDE, name=str(place)) for place in range(12)]

    assert {len(names) for names in drawn(many, []).values()} == {4}


def test_only_the_chosen_axes_are_drawn_and_without_a_choice_all():
    study, trials = studies()[0], records()[:20]
    chosen = figures(analysis(studies=[study], records=trials), {study.name: ["momentum"]})

    assert [one.name for one in chosen if one.name.startswith("axis")] == ["axis-1-momentum"]
    assert (
        sum(
            one.name.startswith("axis")
            for one in figures(analysis(studies=[study], records=trials))
        )
        == 3
    )
