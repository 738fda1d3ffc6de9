"""Bayesian optimization: it finds valleys, keeps from cliffs, and is a function of the history."""

import math
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.search.history import PLANE, bayesian_study, records, trial, whole_history

from etude.errors import RunError
from etude.record import Records
from etude.search import search_of
from etude.search.bayesian import Bayesian, gain_left
from etude.search.quasi_random import QuasiRandom
from etude.space import Choice, Integer, Real, Space
from etude.study import Prior

STUDY = bayesian_study()
NOTHING = Records.of([])
EVEN = [dict(one.searched) for one in QuasiRandom().moves(STUDY, NOTHING, 12)]


def bowl(setting):
    return (setting["x"] - 0.3) ** 2 + (setting["y"] - 0.6) ** 2


def cliff(setting):
    """Half of the plane diverges, and the best lies near its edge."""
    margin = 1.0 - setting["x"] - setting["y"]
    return (margin - 0.1) ** 2 + 0.3 * (setting["x"] - 0.5) ** 2 if margin > 0 else math.nan


FOUR = Space({name: Real(0.0, 1.0) for name in "abcd"})


def valley(setting):
    """It falls slowly along a + b - c / 5, and rises steeply before it breaks there."""
    margin = 1.0 - setting["a"] - setting["b"] + 0.2 * setting["c"]
    if margin <= 0.0:
        return math.nan
    beyond = margin - 0.1
    across = 1.0 - math.exp(-20.0 * beyond**2) if beyond > 0.0 else 40.0 * beyond**2
    best = {"a": 0.4, "c": 0.6, "d": 0.4}
    return across + 0.1 * sum((setting[name] - at) ** 2 for name, at in best.items())


HISTORY = records(EVEN, [cliff(one) for one in EVEN])


def moves(study=STUDY, history=HISTORY, free=1):
    return Bayesian().moves(study, history, free)


@pytest.fixture(scope="module")
def bowls():
    return whole_history(Bayesian(), STUDY, bowl)


def test_it_finds_the_floor_of_a_bowl(bowls):
    assert len(bowls) == STUDY.max_trials
    assert min(bowl(one.setting) for one in bowls) < 1e-4


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_what_acts_through_one_number_is_found_as_such(seed):
    study = replace(bayesian_study(FOUR, max_trials=60), seed=seed)

    found = whole_history(Bayesian(), study, valley, at_once=10)

    assert np.nanmin([valley(one.setting) for one in found]) < 1e-3


def test_it_maximizes_what_is_to_be_maximized():
    upward = records(EVEN, [-cliff(one) for one in EVEN])

    assert moves(replace(STUDY, maximize=True), upward) == moves()


@pytest.mark.rule("X2")
def test_it_keeps_from_a_cliff_and_finds_what_lies_near_it():
    found = list(whole_history(Bayesian(), STUDY, cliff))
    later = found[6:]

    assert sum(one.status == "infeasible" for one in later) <= len(later) / 3
    assert np.nanmin([cliff(one.setting) for one in found]) < 0.003


@pytest.mark.rule("X5")
@pytest.mark.parametrize(("share", "even"), [(0.0, 0), (0.25, 0), (0.375, 3), (0.5, 6), (1.0, 6)])
def test_the_start_is_quasi_random(share, even):
    history = records(EVEN[:6], [cliff(one) for one in EVEN[:6]])
    found = Bayesian(start=share).moves(STUDY, history, 6)

    assert [one.searched in EVEN for one in found] == [True] * even + [False] * (6 - even)


def test_a_quarter_is_the_start_unless_said(bowls):
    assert [one.setting in EVEN for one in bowls] == [True] * 6 + [False] * 18


@pytest.mark.parametrize("value", [math.nan, None])
def test_with_nothing_to_model_the_even_start_goes_on(value):
    history = records(EVEN, [value] * 12)

    assert moves(history=history, free=5) == QuasiRandom().moves(STUDY, history, 5)


def test_64_free_slots_are_filled_and_no_point_is_taken_twice():
    found = moves(replace(STUDY, max_trials=100), free=64)
    points = [tuple(one.searched.values()) for one in found]

    assert len(points) == 64
    assert len({*points, *(tuple(one.values()) for one in EVEN)}) == 64 + len(EVEN)


def test_a_trial_that_runs_is_not_proposed_again():
    (first,) = moves()
    waiting = Records.of([*HISTORY, trial(12, first.searched, None)])
    (second,) = moves(history=waiting)

    apart = [abs(first.searched[name] - second.searched[name]) for name in PLANE.domains]
    assert max(apart) > 0.01


def test_the_order_of_records_means_nothing():
    assert moves(history=Records.of(list(HISTORY)[::-1])) == moves()


def test_more_slots_begin_with_what_one_slot_gets():
    assert moves(free=3)[:1] == moves()


def test_other_units_of_the_loss_change_nothing():
    scaled = records(EVEN, [1000.0 * cliff(one) + 7.0 for one in EVEN])
    (one,), (other,) = moves(history=scaled), moves()

    assert one.searched == pytest.approx(other.searched, abs=0.02)


def test_it_leaves_no_trace_in_the_program():
    torch.manual_seed(5)
    before = torch.random.get_rng_state(), torch.get_num_threads()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        moves()

    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]
    assert seen == []


def test_constraints_hold_in_every_setting():
    space = replace(PLANE, constraints=("x <= 0.5 * y",))
    constrained = bayesian_study(space=space, max_trials=10)
    found = whole_history(Bayesian(), constrained, bowl)

    assert all(one.setting["x"] <= 0.5 * one.setting["y"] for one in found)


MIXED = Space(
    {
        "activation": Choice(["relu", "tanh", "gelu"]),
        "depth": Integer(1, 6),
        "rate": Real(1e-4, 1.0, log=True),
        "width": Integer(8, 512, log=True),
    }
)


def mixed(setting):
    worse = {"relu": 0.3, "tanh": 0.5, "gelu": 0.0}[setting["activation"]]
    return worse + 0.1 * abs(setting["depth"] - 4) + 0.1 * (math.log10(setting["rate"]) + 2) ** 2


def test_whole_numbers_and_choices_are_found_too():
    found = whole_history(Bayesian(), bayesian_study(space=MIXED, max_trials=24), mixed)
    best = min(found, key=lambda one: mixed(one.setting)).setting

    assert (best["activation"], best["depth"]) == ("gelu", 4)
    assert mixed(best) < 0.01


def test_a_study_ends_where_every_setting_was_tried():
    space = Space({"norm": Choice(["none", "layer"]), "depth": Integer(1, 3)})
    study = bayesian_study(space=space, max_trials=40)
    found = whole_history(Bayesian(start=0.1), study, lambda one: one["depth"])

    assert {(one.setting["norm"], one.setting["depth"]) for one in found} == {
        (norm, depth) for norm in ("none", "layer") for depth in (1, 2, 3)
    }


def test_where_nothing_varies_one_setting_is_trained_again():
    study = bayesian_study(space=Space({}), max_trials=5)
    found = whole_history(Bayesian(), study, lambda one: 0.5)

    assert [one.setting for one in found] == [{}] * 5
    assert gain_left(study, found) == 0.0


def test_earlier_rounds_take_the_place_of_the_start():
    prior = tuple(Prior(one, bowl(one)) for one in EVEN)
    (first,) = moves(replace(STUDY, prior=prior), NOTHING)

    assert bowl(first.searched) < 0.02


def test_earlier_trials_of_other_hyperparameters_say_nothing():
    prior = tuple(Prior({"depth": k}, 0.1 * k) for k in range(12))

    assert moves(replace(STUDY, prior=prior)) == moves()


def test_less_is_to_be_gained_the_longer_it_searches(bowls):
    gains = [gain_left(STUDY, Records.of(bowls[:count])) for count in (8, 24)]

    assert math.inf > gains[0] > 3.0 * gains[1] > 0.0


def test_nothing_is_known_of_the_gain_before_there_are_losses():
    assert gain_left(STUDY, NOTHING) == math.inf


def test_without_botorch_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "botorch.models", None)
    monkeypatch.delitem(sys.modules, "etude.search.bayesian")

    with pytest.raises(RunError, match=r"pip install 'etude\[bayes\]'"):
        search_of(STUDY)
