from __future__ import annotations

from functools import cache

import pytest
from tests.report.sample import analysis, records, studies, verdict

from etude.plot.theme import drawn
from etude.report.figures import figures
from etude.report.selection import drawn_axes


@cache
def every_figure():
    return figures(analysis(), intervals=verdict().rows)


@cache
def specification(name):
    (figure,) = [one for one in every_figure() if one.name == name]
    return drawn(lambda: figure.draw(2000))


def rows(specification):
    return [row for rows in specification["datasets"].values() for row in rows]


def test_the_first_figures_compare_the_studies():
    names = [figure.name for figure in every_figure()[:4]]

    assert names == ["strip", "curves", "axes", "isolation"]


@pytest.mark.rule("C13")
def test_a_page_draws_all_axes_in_one_figure():
    page = figures(analysis(), drawn_axes(studies(), []), [])

    assert [figure.name for figure in page if figure.name.startswith("ax")] == ["axes"]
    assert next(figure for figure in page if figure.name == "axes").min_width > 300


def test_a_caption_is_one_sentence_of_at_most_25_words():
    captions = {figure.name: figure.caption for figure in every_figure()}

    assert {name: text for name, text in captions.items() if len(text.split()) > 25} == {}
    assert [text for text in captions.values() if ". " in text or not text.endswith(".")] == []


@pytest.mark.parametrize("name", [figure.name for figure in every_figure()])
def test_every_chart_can_mark_a_trial_and_names_trials_by_their_ids(name):
    chart = specification(name)

    assert {"name": "marked", "value": None} in chart["params"]
    ids = [row["trial"] for row in rows(chart) if "trial" in row]
    flat = [id for one in ids for id in (one if isinstance(one, list) else [one])]
    assert {type(id) for id in flat} <= {int}


def test_a_study_that_failed_whole_has_no_comparison_and_no_empty_chart():
    failed = [record for record in records() if record.status == "infeasible"]

    names = {figure.name for figure in figures(analysis(records=failed))}

    assert {"strip", "axes"} <= names
    assert not {"isolation", "curves", "step_variance-1", "best_step-1"} & names
