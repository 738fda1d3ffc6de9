"""Keys that leave an experiment file, and what stays."""

from __future__ import annotations

import pytest

from etude.experiment.change import Change
from etude.experiment.toml.edit import Edit, edited


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[nuisance]\na = 1  # mine\nb = 2\n", "[nuisance]\nb = 2\n"),
        ("[nuisance]\nb = 2\n\n[nuisance.a]\nlow = 1\n", "[nuisance]\nb = 2\n\n"),
        ("nuisance.a = { low = 1 }\nnuisance.b = 2\n", "nuisance.b = 2\n"),
        ("nuisance = {a = 1, b = 2}\n", "nuisance = {b = 2}\n"),
        ("[fixed]\na = 1\n", "[fixed]\na = 1\n"),
    ],
)
def test_a_key_goes_and_all_else_stays(text, left):
    assert edited(text, [Edit(Change(("nuisance", "a"), "", None))]).replace("{ ", "{") == left


def test_a_comment_of_a_persons_own_stays_though_it_begins_as_one_of_ours():
    text = "[fixed]\nbatch_size = 256  # A100: fits 80 GB\nwidth = 8  # C1: too narrow.\n"
    edits = [
        Edit(Change(("fixed", "batch_size"), "", 128), "S3: it is no question."),
        Edit(Change(("fixed", "width"), "", 16), "C1: wider."),
    ]

    written = edited(text, edits)

    assert "batch_size = 128  # A100: fits 80 GB  # S3: it is no question." in written
    assert "width = 16  # C1: wider.\n" in written
