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
