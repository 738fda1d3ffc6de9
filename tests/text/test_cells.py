"""Cells of CSV: no text is a formula, no number is a text."""

import pytest

from etude.text.cells import cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+1-1", "-x", "@SUM(1)", "\tq", "\r=1", "\n=1", "\uff1d1", "-1-1"]
)
def test_a_formula_stands_after_an_apostrophe(text):
    assert cell(text).startswith("'")


@pytest.mark.parametrize(
    "value", [-1.5, 3, None, True, "-1.5", "+3", "-1e-05", "-inf", "adam", "a=b", ""]
)
def test_numbers_and_plain_text_stay(value):
    assert cell(value) == value
