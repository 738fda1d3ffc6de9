from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import factories

from etude.errors import SpaceError
from etude.record import Records
from etude.search.quasi_random import QuasiRandom, points
from etude.search.sequence import accepted_points
from etude.space import Choice, Integer, Real, Space

DOMAINS = {
    "width": Integer(8, 256, log=True),
    "heads": Choice([1, 2, 3, 4, 8]),
    "warmup_steps": Integer(0, 400),
    "rate": Real(1e-4, 1.0, log=True),
}
TEXTS = ("width % heads == 0", "warmup_steps <= 0.1 * max_steps", "rate * width < 10")
SPACE = Space(DOMAINS, constraints=TEXTS, known={"max_steps": 1000})
STUDY = replace(factories.study(trials=50, max_steps=1000), space=SPACE, seed=0)


def constrained(*texts):
    return replace(STUDY, space=replace(STUDY.space, constraints=texts))


def searched(study, free=1000):
    return [start.searched for start in QuasiRandom().moves(study, Records.of([]), free)]


@given(seed=st.integers(0, 2**31 - 1))
def test_every_trial_satisfies_every_constraint(seed):
    found = searched(replace(STUDY, seed=seed))

    assert len(found) == 50
    assert all(STUDY.space.admits(setting) for setting in found)


@given(
    seed=st.integers(0, 2**31 - 1),
    lengths=st.tuples(st.integers(1, 150), st.integers(1, 150)).map(sorted),
)
def test_the_first_trials_of_a_longer_study_are_the_shorter_study(seed, lengths):
    short, long = (searched(replace(STUDY, seed=seed, max_trials=length)) for length in lengths)

    assert long[: len(short)] == short


def test_the_trials_are_the_points_of_the_sequence_that_are_accepted():
    every = [STUDY.space.setting(unit_D) for unit_D in points(4, 0, 1000)]

    assert searched(STUDY) == [one for one in every if STUDY.space.admits(one)][:50]


def test_what_is_accepted_is_filled_evenly():
    accepted = accepted_points(constrained("rate < 0.01"), points, 512)[:, 1]

    assert np.bincount((accepted * 16).astype(int)).tolist() == pytest.approx([64] * 8, abs=2)


def test_without_constraints_the_points_are_those_of_the_sequence():
    assert np.array_equal(accepted_points(constrained(), points, 20), points(4, 0, 20))


@pytest.mark.parametrize("text", ["rate == 0.01", "rate > 1", "warmup_steps / 0 > 1"])
def test_where_almost_nothing_is_accepted_the_strictest_constraint_is_named(text):
    with pytest.raises(SpaceError) as refusal:
        searched(constrained("warmup_steps > 10", text))

    assert "almost nothing of the space of study `all`: 0 of 131,072 points" in str(refusal.value)
    assert f"`{text}` refuses most: none of the points satisfy it." in str(refusal.value)


def test_a_small_share_is_enough_for_a_short_study_and_told_to_a_long_one():
    rare = constrained("rate < 1.005e-4")
    found = searched(replace(rare, max_trials=4))

    assert len(found) == 4
    with pytest.raises(SpaceError, match=r"of 2,097,152 points, and 9999 trials are asked for"):
        searched(replace(rare, max_trials=9999), free=9999)
