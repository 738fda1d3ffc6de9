from __future__ import annotations

import pytest

from etude.space.progression import next_number


@pytest.mark.parametrize(
    ("values", "new"),
    [
        ([16, 32, 64], 128),
        ([64, 32, 16], 8),
        ([1, 2, 3], 4),
        ([0.1, 0.2, 0.3], 0.4),
        ([1e-4, 1e-3, 1e-2], 0.1),
        ([1e-3, 5e-3, 1e-2], 5e-2),
        ([1e-2, 5e-3, 1e-3, 5e-4], 1e-4),
        ([1e-3, 3e-3, 1e-2, 3e-2], 0.1),
        ([1, 2, 5, 10], 20),
        ([16, 32, 64, 96], 128),
        ([0.3, 0.2, 0.1], 0.05),
    ],
)
def test_a_list_goes_on_by_its_steps(values, new):
    assert next_number(values) == pytest.approx(new)


@pytest.mark.parametrize("values", [[0.2, 0.1, 0.0], [3, 2, 1]])
def test_a_list_does_not_go_on_to_another_sign(values):
    assert next_number(values) is None


def test_whole_numbers_stay_whole():
    assert isinstance(next_number([16, 32, 64]), int)
