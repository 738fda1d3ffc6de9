"""An ending in a notebook: the same words, and nothing that a person wrote is taken for HTML."""

from __future__ import annotations

from tests.report.sample import ending

from etude.report.ending import ending_html


def test_a_notebook_has_the_same_words():
    text = ending_html(ending())

    assert "<b>UNCLEAR</b>" in text
    assert "<code>optimizer=nesterov</code> leads" in text
    assert ">27 of 1,400</td>" in text
    assert "Reason 2" in text
    assert "2 more: <code>etude check optimizer</code>" in text
    assert "<code>etude next optimizer</code>: Redraw the space (40 trainings)" in text


def test_what_a_person_wrote_is_no_html():
    text = ending_html(ending(line="<b>", best=("<i>",), table=(("<u>",),)))

    assert "&lt;b&gt;" in text
    assert "<i>" not in text
    assert "<u>" not in text


def test_an_ending_without_table_reasons_and_steps_is_a_line():
    text = ending_html(ending(table=(), best=(), reasons=(), more="", steps=()))

    assert text.startswith("<p><b>UNCLEAR</b>")
    assert "<ul>" not in text
