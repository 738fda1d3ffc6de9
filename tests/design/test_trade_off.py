import numpy as np
import pytest
from tests.factories import minimal

from etude.design.studies import studies
from etude.design.trade_off import distance, trade_off
from etude.space import Real

from .test_split import RATE


def designs(values=None, **given):
    found = studies(minimal(**given))
    return trade_off(found, values or len(found))


@pytest.mark.parametrize(("trials", "dimensions"), [(1, 1), (6, 1), (20, 2), (50, 3), (20, 6)])
def test_the_distance_is_that_of_the_nearest_of_so_many_random_points(trials, dimensions):
    points_BxTxD = np.random.default_rng(0).random((4000, trials, dimensions)) - 0.5
    # On a torus, so that no best point lies near an edge.
    nearest_B = np.abs(points_BxTxD).max(axis=2).min(axis=1)

    assert distance(trials, dimensions) == pytest.approx(nearest_B.mean(), rel=0.03)


@pytest.mark.parametrize("trials", [1, 6, 20, 100])
def test_on_one_axis_it_is_half_of_the_share_that_is_better(trials):
    assert distance(trials, 1) == pytest.approx(0.5 / (trials + 1))


def test_it_grows_with_the_dimensions_and_falls_with_the_trials():
    by_dimension = [distance(20, d) for d in range(8)]
    by_trials = [distance(n, 3) for n in (0.5, 1, 6, 20, 50, 100)]

    assert by_dimension == sorted(by_dimension)
    assert by_trials == sorted(by_trials, reverse=True)
    assert by_dimension[0] == 0.0


def test_this_design_comes_first_by_its_largest_study():
    first = designs(
        scientific={"optimizer": ["sgd", "adam"]},
        nuisance={"rate": RATE, "when": {"optimizer": {"adam": {"beta1": Real(0.7, 0.99)}}}},
    )[0]

    assert (first.values, first.dimensions, first.trials, first.trials_each) == (2, 2, 16, 8)
    assert first.points_per_dimension == pytest.approx(8**0.5)


@pytest.mark.rule("R15")
def test_fewer_values_and_fewer_dimensions_are_set_against_it():
    found = {
        one.name: (one.values, one.dimensions, one.trials)
        for one in designs(
            scientific={"depth": [1, 2, 3, 4]},
            nuisance={"rate": RATE, "momentum": RATE, "decay": RATE},
        )
    }

    assert found == {
        "as it stands": (4, 3, 32),
        "one scientific value fewer": (3, 3, 32),
        "only two scientific values": (2, 3, 32),
        "one nuisance dimension fewer": (4, 2, 32),
        "only one nuisance dimension": (4, 1, 32),
        "twice the trials": (4, 3, 64),
    }


def test_every_other_design_comes_nearer_to_the_best():
    now, *others = designs(scientific={"d": [1, 2, 3]}, nuisance={"a": RATE, "b": RATE})

    assert all(one.distance < now.distance for one in others)
    assert list(now.distances()) == [6, 20, 50, 100]


def test_an_unordered_list_divides_the_trials():
    (now, *_) = designs(nuisance={"rate": RATE, "act": ["relu", "gelu"]}, trials=20)

    assert (now.dimensions, now.kinds, now.points_per_dimension) == (1, 2, 10)
    assert now.distance == distance(10, 1)


def test_the_values_of_a_merged_study_share_its_trials():
    now = designs(
        values=5,
        studies="merged",
        trials=40,
        scientific={"depth": [1, 2, 3, 4, 5]},
        nuisance={"rate": RATE},
    )[0]

    assert (now.values, now.dimensions, now.trials, now.trials_each) == (5, 1, 40, 8)


def test_nothing_to_tune_is_no_distance():
    now = designs(scientific={"depth": [1, 2]})[0]

    assert (now.dimensions, now.distance) == (0, 0.0)
