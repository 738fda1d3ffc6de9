from __future__ import annotations

import pytest

from etude.space import Choice, Integer, Real, in_order, is_ordered


def test_a_list_of_numbers_is_an_axis_from_the_least_on():
    assert in_order(Choice([64, 16, 32])) == Choice([16, 32, 64], ordered=True)


@pytest.mark.parametrize(
    "domain",
    [
        Choice([0, 1]),
        Choice([True, False]),
        Choice(["a", "b", "c"]),
        Choice([1, 2, "auto"]),
        Choice([3, 2, 1], ordered=True),
        Real(0.1, 0.2),
        Integer(1, 3),
    ],
)
def test_anything_else_stays_as_it_was_written(domain):
    assert in_order(domain) is domain


@pytest.mark.parametrize(
    ("domain", "ordered"),
    [
        (Choice([1, 2, 4]), True),
        (Choice([1, 2]), False),
        (Choice(["a", "b"], ordered=True), True),
        (Choice(["a", "b", "c"]), False),
        (Real(0.1, 0.2), True),
    ],
)
def test_ranges_and_listed_numbers_are_ordered(domain, ordered):
    assert is_ordered(domain) == ordered
