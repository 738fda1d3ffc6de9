from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests import factories
from tests.factories import record

from etude.analyze.comparison.retrainings import of_best, retrainings
from etude.record import UNKNOWN_SEED

HERE = {"learning_rate": 0.01, "share": 0.5}
THERE = {"learning_rate": 0.02, "share": 0.5}


def trained(study, values, setting, begin=0):
    return [record(study, begin + k, value, setting) for k, value in enumerate(values)]


def test_all_trainings_of_a_setting_count_infeasible_ones_as_failed():
    study = factories.study()
    records = [*trained(study, [0.3, None, 0.4], HERE), *trained(study, [0.1], THERE, begin=3)]

    found = retrainings([study], records, 2, name="x:2")

    assert found.values == pytest.approx((0.3, math.nan, 0.4), nan_ok=True)
    assert (found.seeds, found.trials) == ((0, 1, 2), (0, 1, 2))


@pytest.mark.rule("A1")
def test_the_value_that_singled_a_setting_out_is_left_out():
    study = factories.study()
    records = [*trained(study, [0.3, 0.1, 0.2], HERE), *trained(study, [0.5], THERE, begin=3)]

    found = of_best([study], records, name="x")

    assert (found.values, found.selected) == ((0.3, 0.2), 1)


def test_where_nothing_was_chosen_nothing_is_left_out():
    study = factories.study()
    found = of_best([study], trained(study, [0.3, 0.1, 0.2], HERE), name="x")

    assert (found.values, found.selected) == ((0.3, 0.1, 0.2), None)


def test_a_best_setting_that_was_trained_once_has_no_retrainings():
    study = factories.study()
    records = [*trained(study, [0.1], HERE), *trained(study, [0.5, 0.6], THERE, begin=3)]

    assert of_best([study], records, name="x") is None
    assert of_best([study], [], name="x") is None


def test_trainings_whose_seeds_nobody_wrote_down_are_no_copies():
    study = factories.study()
    records = [
        replace(one, seed=UNKNOWN_SEED) for one in trained(study, [0.2, 0.2, None, None], HERE)
    ]

    found = retrainings([study], records, 0, name="x:0")

    assert (len(found.values), found.seeds) == (4, ())


def test_by_seed_both_sides_stand_in_one_order():
    study = factories.study()
    first, second = trained(study, [0.3, 0.1], HERE)
    records = [replace(first, seed=9), replace(second, seed=4)]

    found = retrainings([study], records, 0, name="x:0").by_seed()

    assert (found.seeds, found.values) == ((4, 9), (0.1, 0.3))


@pytest.mark.rule("A1", "A2")
def test_of_settings_that_were_trained_as_often_the_best_mean_is_the_best():
    study = factories.study()
    records = [
        *trained(study, [0.15] * 6, HERE),
        *trained(study, [0.149, *[0.3] * 5], THERE, begin=6),
    ]

    found = of_best([study], records, name="x")

    assert (found.values, found.selected) == ((0.15,) * 6, None)


def test_a_setting_that_failed_stands_behind_those_that_did_not():
    study = factories.study()
    records = [
        *trained(study, [0.15] * 6, HERE),
        *trained(study, [*[0.1] * 5, None], THERE, begin=6),
    ]

    assert of_best([study], records, name="x").values == (0.15,) * 6


def test_what_a_search_met_often_is_no_rival_of_a_best_that_was_trained_once():
    study = factories.study()
    records = [*trained(study, [0.2] * 6, HERE), *trained(study, [0.1], THERE, begin=6)]

    assert of_best([study], records, name="x") is None
