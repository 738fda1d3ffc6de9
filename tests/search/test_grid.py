from dataclasses import replace

import pytest
from tests import factories

from etude.errors import SpaceError
from etude.record import Records
from etude.search.grid import Grid
from etude.space import Choice, Integer, Real, Space
from etude.space.grid import coarse_to_fine, counts

RATE, MOMENTUM = Real(1e-4, 1.0, log=True), Real(0.0, 1.0)


def grid_study(trials=100, constraints=(), **domains):
    domains = domains or {"rate": RATE, "momentum": MOMENTUM}
    return replace(factories.study(trials=trials), space=Space(domains, constraints=constraints))


def settings(study, points=None):
    return [one.searched for one in Grid(points).moves(study, Records.of([]), 10**9)]


def test_a_range_has_evenly_spaced_values_on_its_scale_and_both_ends():
    found = settings(grid_study(rate=RATE), 5)

    assert [one["rate"] for one in found] == [1e-4, 1.0, 0.01, 0.001, 0.1]


def test_all_combinations_come_once():
    found = settings(grid_study(rate=RATE, kind=Choice(["a", "b"])), 3)

    assert len({tuple(one.items()) for one in found}) == len(found) == 6


def test_the_first_trials_are_a_coarser_grid():
    found = settings(grid_study(), 5)

    assert len(found) == 25
    assert {one["rate"] for one in found[:4]} == {1e-4, 1.0}
    assert {one["rate"] for one in found[:9]} == {1e-4, 0.01, 1.0}
    assert {one["momentum"] for one in found[:9]} == {0.0, 0.5, 1.0}


def test_axes_may_have_numbers_of_their_own():
    found = settings(grid_study(), {"rate": 3, "momentum": 2})

    assert len(found) == 6


def test_without_a_number_the_trials_pay_for_as_many_as_possible():
    assert counts(grid_study().space, None, 20) == {"momentum": 4, "rate": 4}
    assert counts(grid_study(rate=RATE, kind=Choice(["a", "b", "c"])).space, None, 20) == {
        "kind": 3,
        "rate": 6,
    }


def test_whole_numbers_are_not_tried_twice():
    assert [one["depth"] for one in settings(grid_study(depth=Integer(1, 3)), 8)] == [1, 3, 2]


@pytest.mark.parametrize(("high", "points"), [(8, 5), (8, None), (100, 10), (3, 7)])
def test_whole_numbers_by_their_logarithm_are_a_grid_too(high, points):
    found = settings(grid_study(5, width=Integer(1, high, log=True)), points)

    widths = [one["width"] for one in found]
    assert {1, high} <= set(widths)
    assert len(set(widths)) == len(widths)


def test_one_point_is_the_middle():
    assert settings(grid_study(), 1) == [{"momentum": 0.5, "rate": 0.01}]


def test_constraints_leave_points_out():
    found = settings(grid_study(constraints=("momentum < 0.9",)), 3)

    assert len(found) == 6


def test_no_more_than_the_trials_of_the_study():
    assert len(settings(grid_study(trials=7), 5)) == 7


def test_a_huge_grid_is_refused_before_it_is_made():
    with pytest.raises(SpaceError, match=r"1,000,000,000 points.*quasi_random"):
        settings(grid_study(), {"rate": 10**6, "momentum": 1000})


def test_an_axis_without_points_is_named():
    with pytest.raises(SpaceError, match=r"no points on `momentum`.*momentum = 5"):
        settings(grid_study(), {"rate": 3})


@pytest.mark.parametrize("count", [1, 2, 3, 8, 31])
def test_places_come_coarse_first_and_each_once(count):
    assert sorted(coarse_to_fine(count)) == list(range(count))


def test_a_range_of_few_whole_numbers_leaves_its_share_to_the_others():
    assert counts(grid_study(depth=Integer(1, 3), rate=RATE).space, None, 50) == {
        "depth": 3,
        "rate": 16,
    }
    assert counts(grid_study(depth=Integer(1, 3)).space, None, 50) == {"depth": 3}
