"""What counts the form of what is said, on sentences whose counts are known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import form

from etude.finding import Finding

GOOD = Finding(
    rule="C9",
    check="still_improving",
    status="notice",
    subject={"trial": 3},
    headline="Trial 3 still improves by 0.012 over its last fifth",
    message="Trial 3 still improves: its `valid/error` gained 0.012 over its last 120 steps.",
    advice="Try more steps, or a schedule that decays later.",
)


def test_a_finding_in_the_form_has_no_offence():
    assert list(form.offences(GOOD)) == []


@pytest.mark.parametrize(
    ("change", "offence"),
    [
        ({"headline": ""}, "no headline"),
        ({"headline": " ".join(["word"] * 15)}, "headline above 14 words"),
        ({"headline": "It breaks."}, "headline with a full stop"),
        ({"headline": "It breaks (D1)"}, "rule id in a headline"),
        ({"message": "One. Two. Three."}, "message of more than two sentences"),
        ({"advice": "Try more. Then look."}, "advice that is not one imperative sentence"),
        ({"advice": "It broke early: clip."}, "advice that is not one imperative sentence"),
        ({"message": f"{'word ' * 31}."}, "sentence above 30 words"),
        ({"message": "C9: it improves."}, "rule id at the head of a sentence"),
        ({"message": "It gained 0.01234."}, "number above three digits"),
        ({"message": "It had 27.0 of them."}, "number with empty digits"),
    ],
)
def test_an_offence_is_seen(change, offence):
    assert offence in list(form.offences(replace(GOOD, **change)))


@pytest.mark.parametrize(
    "text",
    ["on 1397 examples at step 123456", "seed 1234567", "`learning_rate = 0.01234`", "0.0123"],
)
def test_counts_steps_seeds_and_names_are_no_long_numbers(text):
    assert form.long_numbers(text) == []


def test_commands_and_rows_are_no_prose():
    lines = ["  adam      0.0193  27 of 1,397", "etude next optimizer", "A sentence."]

    assert form.prose(lines) == ["A sentence."]
