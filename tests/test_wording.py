"""How numbers, counts and lists are written."""

from __future__ import annotations

import math

import pytest

from etude.wording import chart_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0213456, "0.02135"),
        (12345.6, "12,346"),
        (1e-7, "1e-7"),
        (2.5e12, "2.5e12"),
        (0.0, "0"),
        (math.inf, "inf"),
    ],
)
def test_a_number_is_written_as_people_read_it(value, text):
    assert chart_number(value) == text
