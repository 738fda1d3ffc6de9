"""S8: batch sizes that are compared at equal steps, or at equal epochs."""

from __future__ import annotations

import pytest

from ..designs import RATE, design, findings_of, listed

SIZES = {"scientific": {"batch_size": [32, 64]}}


@pytest.mark.parametrize(
    ("given", "equal", "length"),
    [
        ({**SIZES, "fixed": {}}, "steps", 100),
        ({**SIZES, "fixed": {"epochs": 3}}, "epochs", 3),
        ({"nuisance": {"bs": [32, 64], "learning_rate": RATE}, "fixed": {}}, "steps", 100),
    ],
)
def test_it_is_said_which_of_both_a_comparison_used(given, equal, length):
    (finding,) = findings_of(design(**given), "S8")

    assert (finding.evidence["equal"], finding.evidence["length"]) == (equal, length)
    assert f"equal {equal}, {length} each" in finding.headline
    assert "etude batch-size FILE --target" in finding.advice


def test_configurations_that_differ_in_their_batch_are_compared_too():
    rows = ({"batch_size": 32, "learning_rate": 0.1}, {"batch_size": 64, "learning_rate": 0.1})

    assert [one.status for one in findings_of(listed(*rows, scientific={}), "S8")] == ["notice"]


def test_one_batch_size_is_compared_with_nothing():
    assert findings_of(design(), "S8") == []


def test_where_the_length_is_searched_too_trainings_are_equal_in_neither():
    searched = {"learning_rate": RATE, "batch_size": [32, 64], "epochs": [2, 3]}

    assert findings_of(design(nuisance=searched, fixed={}), "S8") == []
