from __future__ import annotations

from etude.cli.data_lines import data_lines
from etude.event import Rehearsed

KNOWN = {
    "data/examples": 300.0,
    "data/training_examples": 900.0,
    "data/copies": 60.0,
    "data/training_copies": 0.0,
    "data/distance_of_labels": 0.2,
    "data/chance_of_labels": 1e-9,
    "data/examples_of_3": 2.0,
}


def said(**changed):
    known = {**KNOWN, **{f"data/{name}": value for name, value in changed.items()}}
    return data_lines(Rehearsed(0, data=tuple(known.items())))


def test_what_is_wrong_with_the_data_is_a_line_each():
    copies, skew, rare = said()

    assert "60 of 300 validation examples are training examples" in copies
    assert "differ in their labels" in skew
    assert rare == "Too few validation examples to tell anything of `3` (2) (E5)."


def test_counts_to_predict_are_no_classes_with_too_few_examples():
    known = {"data/classes": 20.0, "data/examples_of_18": 1.0}

    assert data_lines(Rehearsed(0, data=tuple(known.items()), metrics=("valid/loss",))) == []


def test_where_all_is_well_nothing_is_said():
    assert said(copies=0.0, distance_of_labels=0.01, examples_of_3=90.0) == []


def test_too_few_examples_to_see_a_difference_are_no_agreement():
    few = {"copies": 0.0, "distance_of_labels": 0.1, "chance_of_labels": 0.9}

    (line,) = said(**few, examples=20.0, examples_of_3=90.0)

    assert "with 20 examples of validation data one of less than 44 % of the examples" in line


def test_where_nothing_was_tried_nothing_is_said():
    assert data_lines(None) == data_lines(Rehearsed(0)) == []
