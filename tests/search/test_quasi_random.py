from dataclasses import replace

import pytest
from tests import factories
from tests.factories import record

from etude.move import Start
from etude.record import Records
from etude.search.quasi_random import QuasiRandom
from etude.space import Choice, Integer, Real, Space

SPACE = Space(
    {
        "learning_rate": Real(1e-4, 1.0, log=True),
        "momentum": Real(0.7, 0.999, scale="one_minus_log"),
        "dropout": Real(0.0, 0.5),
        "depth": Integer(1, 4),
        "activation": Choice(["relu", "gelu"]),
    }
)


STUDY = factories.study(SPACE.domains)


def history(count, status="pending"):
    return Records.of([record(STUDY, number, status=status) for number in range(count)])


def moves(one, count=0, free=1000, status="pending"):
    return QuasiRandom().moves(one, history(count, status), free)


def test_the_first_trials_of_a_long_study_are_the_short_study():
    assert moves(replace(STUDY, max_trials=40))[:20] == moves(replace(STUDY, max_trials=20))


def test_a_study_extended_goes_on_without_repeating():
    whole = moves(replace(STUDY, max_trials=40))

    assert moves(replace(STUDY, max_trials=40), count=20) == whole[20:]
    assert len({start.searched["learning_rate"] for start in whole}) == 40


@pytest.mark.rule("Q6", "Q2")
@pytest.mark.parametrize("status", ["pending", "completed", "infeasible"])
def test_results_change_nothing(status):
    assert moves(STUDY, count=7, free=3, status=status) == moves(STUDY)[7:10]


@pytest.mark.parametrize(
    ("count", "free", "expected"), [(0, 3, 3), (18, 3, 2), (20, 3, 0), (25, 3, 0), (0, 0, 0)]
)
def test_at_most_what_is_free_and_left(count, free, expected):
    assert len(moves(STUDY, count=count, free=free)) == expected


def test_two_studies_of_another_seed_have_other_points():
    one, other = moves(replace(STUDY, seed=1)), moves(replace(STUDY, seed=2))

    assert not any(left == right for left, right in zip(one, other, strict=True))


def test_without_dimensions_every_trial_is_the_same():
    assert moves(replace(STUDY, max_trials=3, space=Space({}))) == [Start({})] * 3


def test_points_become_values_on_their_own_scales():
    found = [start.searched for start in moves(replace(STUDY, max_trials=64))]

    assert {one["depth"] for one in found} == {1, 2, 3, 4}
    assert {one["activation"] for one in found} == {"relu", "gelu"}
    assert sum(one["learning_rate"] < 1e-2 for one in found) == 32  # half, by the logarithm
    assert sum(1.0 - one["momentum"] < (0.3 * 0.001) ** 0.5 for one in found) == 32
    assert all(
        isinstance(value, bool | int | float | str) for one in found for value in one.values()
    )
